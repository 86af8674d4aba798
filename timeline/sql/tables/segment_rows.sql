-- The beliefs, with all their columns. The reported axis is cut into the segments of `bounds`, and a
-- belief is in every segment that it reaches into, so that what was believed on one date is in one
-- segment. Its rows are in order of the slots in which they begin and end, so that zone maps pass over nearly
-- all that is not believed on a date. After the Timeline Index of Kaufmann et al., SIGMOD 2013.
-- Here too, bounds of an amount are only there where it is `ranging`, and when it was reported only where the
-- belief began at another moment.
CREATE TABLE segment_rows AS
WITH
    beliefs AS (
        SELECT
            fact_hash, fact, subject, attribute, object, period, period_from, period_to,
            value_type, amount, amount_low, amount_high, unit, approximate, text, date_from,
            date_to, status, claim, event_id, source, origin, speaker, statement, ranging,
            NULL::TIMESTAMP AS reported_at, valid_from, valid_to, reported_at AS believed_from, believed_until
        FROM event_rows
        WHERE believed_until IS NOT NULL
        UNION ALL BY NAME
        SELECT
            e.fact_hash, e.fact, e.subject, e.attribute, e.object, e.period, e.period_from,
            e.period_to, e.value_type, e.amount, e.amount_low, e.amount_high, e.unit,
            e.approximate, e.text, e.date_from, e.date_to, e.status, e.claim, e.event_id, e.source,
            e.origin, e.speaker, e.statement, e.ranging,
            nullif(e.reported_at, s.believed_from) AS reported_at,
            nullif(s.valid_from, TIMESTAMP '-infinity') AS valid_from,
            nullif(s.valid_to, TIMESTAMP 'infinity') AS valid_to,
            s.believed_from, s.believed_until
        FROM swept AS s
        JOIN event_rows AS e ON s.fact_hash = e.fact_hash AND s.position = e.position
    )
SELECT
    s.segment, s.segment_from, s.segment_until, b.fact_hash, b.fact, b.subject, b.attribute,
    b.object, b.period, b.period_from, b.period_to, b.value_type, b.amount, b.amount_low,
    b.amount_high, b.unit, b.approximate, b.text, b.date_from, b.date_to, b.status, b.claim,
    b.reported_at, b.event_id, b.source, b.origin, b.speaker, b.statement, b.valid_from,
    b.valid_to, b.believed_from, b.believed_until, b.ranging
FROM beliefs AS b
JOIN bounds AS s ON b.believed_from < s.segment_until AND b.believed_until > s.segment_from
ORDER BY
    s.segment,
    len(list_filter(s.slots, lambda slot: slot <= b.believed_from)),
    len(list_filter(s.slots, lambda slot: slot < b.believed_until));
