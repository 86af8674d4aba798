-- The bounds of every period in the table.
CREATE OR REPLACE TEMP VIEW bounds AS
SELECT lower, upper FROM periods WHERE NOT wrong
UNION ALL
SELECT e.lower, e.upper
FROM (SELECT DISTINCT fact_period FROM normalized) AS f
JOIN edtf AS e ON f.fact_period = e.given
WHERE e.lower IS NOT NULL OR e.upper IS NOT NULL;
