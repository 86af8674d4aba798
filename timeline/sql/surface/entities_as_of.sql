-- The latest description of each entity, of those recorded by then. What cannot be read
-- in one is NULL there.
CREATE OR REPLACE MACRO entities_as_of(recorded_as_of) AS TABLE
SELECT
    subject AS id,
    text ->> '$.name' AS name,
    text ->> '$.kind' AS kind,
    text ->> '$.aliases[*]' AS aliases,
    recorded_at,
    event_id
FROM (
    SELECT position, subject, recorded_at, event_id, CASE WHEN json_valid(text) THEN text END AS text
    FROM store.events
    WHERE
        fact_hash IS NULL AND event_type = 'entity-described'
        AND recorded_at <= recorded_instant(recorded_as_of)
)
QUALIFY row_number() OVER (PARTITION BY subject ORDER BY position DESC) = 1
ORDER BY id;
