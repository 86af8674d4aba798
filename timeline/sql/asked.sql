-- The rows of a point-in-time join, with the hash of their fact: md5_number_lower of it, in a fifth of the
-- time. In order of that, as the events are, so that what they meet in a join is close together.
CREATE OR REPLACE TEMP TABLE asked AS
SELECT nth, moment, (md5_number(fact) >> 64)::UBIGINT AS fact_hash
FROM asked_rows
WHERE fact IS NOT NULL AND moment IS NOT NULL
ORDER BY fact_hash;
