-- one as-of for each row of a table to the left
SELECT day, b.claim
FROM (VALUES (DATE '2025-10-15'), (DATE '2026-02-28')) AS asked(day),
     beliefs FOR REPORTED_TIME AS OF asked.day AS b
WHERE b.fact = 'acme/price'
ORDER BY day
