-- The rows of a point-in-time join that ask of a fact there is, with its hash. Found by its text, it need not
-- be compared again where one hash is one fact. In the order of the events, so that what they meet in a join
-- is close together.
CREATE OR REPLACE TEMP TABLE asked AS
SELECT a.nth, a.moment, f.fact_hash
FROM asked_rows AS a
JOIN store.facts AS f ON a.fact = f.fact
WHERE a.moment IS NOT NULL
ORDER BY f.fact_hash;
