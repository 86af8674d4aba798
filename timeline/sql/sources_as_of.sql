-- The latest description of each source, of those recorded by then.
CREATE OR REPLACE MACRO sources_as_of(recorded_as_of) AS TABLE
SELECT
    subject AS id,
    text ->> '$.title' AS title,
    text ->> '$.publisher' AS publisher,
    text ->> '$.origin' AS origin,
    text ->> '$.published' AS published,
    text ->> '$.url' AS url,
    text ->> '$.language' AS language,
    (text ->> '$.tier')::INTEGER AS tier,
    text ->> '$.sha256' AS sha256,
    (text ->> '$.length')::BIGINT AS length,
    recorded_at,
    event_id
FROM store.events
WHERE fact_hash IS NULL AND event_type = 'source-described' AND recorded_at <= recorded_instant(recorded_as_of)
QUALIFY row_number() OVER (PARTITION BY subject ORDER BY position DESC) = 1
ORDER BY id;
