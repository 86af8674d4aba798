-- What known attributes demand of their facts; and a row that none meets, since DuckDB does join with an empty
-- table, and gives up the order of the rows for it.
CREATE OR REPLACE TEMP TABLE demands AS
SELECT id, value, object
FROM attributes
WHERE value IS NOT NULL OR object IN ('yes', 'no')
UNION ALL
SELECT NULL, NULL, NULL;
