-- Descriptions of the names that the store has never heard of, which are nothing but their id. An origin is
-- an entity, unless a source of that name was met by then.
WITH
    strange AS (SELECT name FROM names WHERE NOT known AND kind = 'origin'),
    origins AS (
        SELECT origin, min(row) AS row FROM accepted WHERE origin IN (FROM strange) GROUP BY origin
    ),
    met AS (
        SELECT kind, name FROM names WHERE NOT known AND kind <> 'origin'
        UNION
        SELECT 'entity', origin
        FROM origins AS o
        WHERE NOT EXISTS (FROM accepted AS a WHERE a.source = o.origin AND a.row <= o.row)
    )
SELECT
    kind || '-described' AS event_type,
    name AS subject,
    '{"id":"' || replace(replace(name, '\', '\\'), '"', '\"') || '"}' AS text,
    0::INTEGER AS inherited
FROM met
