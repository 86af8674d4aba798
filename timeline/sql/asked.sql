-- The rows of a point-in-time join, with the hash of their fact.
CREATE OR REPLACE TEMP TABLE asked AS
SELECT nth, fact, moment, md5_number_lower(fact) AS fact_hash
FROM asked_rows
WHERE fact IS NOT NULL AND moment IS NOT NULL;
