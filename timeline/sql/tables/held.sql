-- The beliefs of the facts that are not plain, as rows of segments that are still to be placed.
CREATE OR REPLACE TEMP TABLE held AS
SELECT
    e.fact_hash, e.fact, e.subject, e.attribute, e.object, e.period, e.period_from, e.period_to,
    e.value_type, e.amount, e.amount_low, e.amount_high, e.ranging, e.unit, e.approximate, e.text,
    e.date_from, e.date_to, e.status, e.claim, e.event_id, e.source, e.origin, e.speaker, e.statement,
    nullif(e.reported_at, s.believed_from) AS reported_at,
    nullif(s.valid_from, TIMESTAMP '-infinity') AS valid_from,
    nullif(s.valid_to, TIMESTAMP 'infinity') AS valid_to,
    s.believed_from, s.believed_until
FROM store.swept AS s
JOIN store.event_rows AS e ON s.fact_hash = e.fact_hash AND s.position = e.position;
