-- The events, those of one fact together. Facts are in order of a hash, because zone maps see only
-- the first eight bytes of a text. `believed_until` is there where a report of a plain fact was believed.
-- What nearly always repeats another column is only there where it does not: the bounds of an
-- amount where the event is `ranging`, its other dates where it is `vague`, and the place of a correction.
CREATE TABLE event_rows AS
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
        i.*,
        s.believed_until,
        i.amount_low IS DISTINCT FROM i.amount OR i.amount_high IS DISTINCT FROM i.amount AS ranging,
        i.reported_from IS DISTINCT FROM i.reported_at OR i.evidence_at IS DISTINCT FROM i.reported_at AS vague
    FROM incoming AS i
    LEFT JOIN settled AS s ON i.position = s.position
)
ORDER BY fact_hash NULLS FIRST, reported_at, position;
