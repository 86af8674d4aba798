-- The latest description of each source, of those recorded by then. What cannot be read
-- in one is NULL there.
CREATE OR REPLACE MACRO sources_as_of(recorded_as_of) AS TABLE
SELECT
    subject AS id,
    text ->> '$.title' AS title,
    text ->> '$.publisher' AS publisher,
    text ->> '$.origin' AS origin,
    text ->> '$.published' AS published,
    text ->> '$.timezone' AS timezone,
    text ->> '$.numbers' AS numbers,
    text ->> '$.url' AS url,
    text ->> '$.language' AS language,
    try_cast(text ->> '$.tier' AS INTEGER) AS tier,
    text ->> '$.sha256' AS sha256,
    try_cast(text ->> '$.length' AS BIGINT) AS length,
    recorded_at,
    event_id
FROM (
    SELECT position, subject, recorded_at, event_id, CASE WHEN json_valid(text) THEN text END AS text
    FROM store.events
    WHERE
        fact_hash IS NULL AND event_type = 'source-described'
        AND recorded_at <= recorded_instant(recorded_as_of)
)
QUALIFY row_number() OVER (PARTITION BY subject ORDER BY position DESC) = 1
ORDER BY id;
