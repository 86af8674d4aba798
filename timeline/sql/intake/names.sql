-- The distinct names in the table, what each is a name of, and whether the store knows it.
CREATE OR REPLACE TEMP TABLE names AS
SELECT
    role,
    kind,
    name,
    row,
    CASE kind
        WHEN 'entity' THEN name IN (SELECT id FROM entities)
        WHEN 'attribute' THEN name IN (SELECT id FROM attributes)
        WHEN 'source' THEN name IN (SELECT id FROM sources)
        ELSE name IN (SELECT id FROM entities) OR name IN (SELECT id FROM sources)
    END AS known
FROM (SELECT role, kind, name, min(row) AS row FROM met GROUP BY role, kind, name);
