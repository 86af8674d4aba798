-- The distinct names in `accepted`, and what each is a name of.
CREATE OR REPLACE TEMP TABLE names AS
WITH
    facts_in AS (
        FROM facts WHERE NOT wrong AND fact IN (SELECT fact FROM accepted)
    ),
    named AS (
        SELECT DISTINCT 'subject' AS role, 'entity' AS kind, subject AS name FROM accepted
        UNION ALL
        SELECT DISTINCT 'subject', 'entity', subject FROM facts_in
        UNION ALL
        SELECT DISTINCT 'object', 'entity', object FROM accepted
        UNION ALL
        SELECT DISTINCT 'object', 'entity', object FROM facts_in
        UNION ALL
        SELECT DISTINCT 'attribute', 'attribute', attribute FROM accepted
        UNION ALL
        SELECT DISTINCT 'attribute', 'attribute', attribute FROM facts_in
        UNION ALL
        SELECT DISTINCT 'source', 'source', source FROM accepted
        UNION ALL
        SELECT DISTINCT 'speaker', 'entity', speaker FROM accepted
        UNION ALL
        SELECT DISTINCT 'entity', 'entity', entity FROM accepted
        UNION ALL
        SELECT DISTINCT 'origin', 'origin', origin FROM accepted
    )
SELECT
    role,
    kind,
    name,
    CASE kind
        WHEN 'entity' THEN name IN (SELECT id FROM entities)
        WHEN 'attribute' THEN name IN (SELECT id FROM attributes)
        WHEN 'source' THEN name IN (SELECT id FROM sources)
        ELSE name IN (SELECT id FROM entities) OR name IN (SELECT id FROM sources)
    END AS known
FROM named
WHERE name IS NOT NULL;
