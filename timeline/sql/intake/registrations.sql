-- Descriptions of the names that the store has never heard of, which are nothing but their id. An origin is
-- an entity, unless a source of that name was met by then.
WITH
    met AS (
        SELECT kind, name FROM names WHERE NOT known AND kind <> 'origin'
        UNION
        SELECT 'entity', o.name
        FROM names AS o
        LEFT JOIN names AS s ON s.kind = 'source' AND o.name = s.name
        WHERE o.kind = 'origin' AND NOT o.known AND coalesce(s.row > o.row, true)
    )
SELECT
    kind || '-described' AS event_type,
    name AS subject,
    '{"id":"' || replace(replace(name, '\', '\\'), '"', '\"') || '"}' AS text,
    0::INTEGER AS inherited
FROM met
