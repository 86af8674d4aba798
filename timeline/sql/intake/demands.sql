-- What known attributes demand of their facts.
CREATE OR REPLACE TEMP TABLE demands AS
SELECT id, value, object
FROM attributes
WHERE value IS NOT NULL OR object IN ('yes', 'no');
