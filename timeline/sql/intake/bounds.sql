-- The bounds of every period in the table.
CREATE TEMP VIEW bounds AS
SELECT lower, upper FROM periods WHERE NOT wrong
UNION ALL
SELECT lower, upper FROM facts WHERE NOT wrong AND period IS NOT NULL;
