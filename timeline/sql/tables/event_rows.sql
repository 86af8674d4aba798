-- The events, those of one fact together. Facts are in order of a hash, because zone maps see only
-- the first eight bytes of a text. `believed_until` is there where a report of a plain fact was believed.
-- What nearly always says the same as another column is only there where it does not: the bounds of an
-- amount where the event is `ranging`, its other dates where it is `vague`, and the place of a correction.
CREATE TABLE store.event_rows AS
SELECT
    * REPLACE (
        CASE WHEN ranging THEN amount_low END AS amount_low,
        CASE WHEN ranging THEN amount_high END AS amount_high,
        CASE WHEN vague THEN reported_from END AS reported_from,
        CASE WHEN vague THEN evidence_at END AS evidence_at,
        nullif(place, position) AS place
    )
FROM (
    SELECT
        *,
        amount_low IS DISTINCT FROM amount OR amount_high IS DISTINCT FROM amount AS ranging,
        reported_from IS DISTINCT FROM reported_at OR evidence_at IS DISTINCT FROM reported_at AS vague
    FROM (
        SELECT sorted.fact_hash, sorted.*, sorted.believed_until
        FROM (
            SELECT (md5_number(i.fact) >> 64)::UBIGINT AS fact_hash, i.*, s.believed_until
            FROM incoming AS i
            LEFT JOIN settled AS s ON i.position = s.position
            ORDER BY fact_hash NULLS FIRST, i.reported_at, i.position
        ) AS sorted
    )
);
