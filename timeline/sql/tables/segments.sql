-- The beliefs, with all their columns. The reported axis is cut into segments of about as many changes
-- as there are live beliefs, and a belief stands in every segment that it reaches into, so that what
-- was believed on one date is one segment, two or three times the answer's rows at most. After the
-- Timeline Index of Kaufmann et al., SIGMOD 2013.
CREATE TABLE store.segments AS
WITH
    entangled AS (SELECT fact FROM store.facts WHERE NOT plain),
    -- Of a plain fact each report stands until the next one: here reports count in the order of their rank.
    settled AS (
        SELECT
            position, event_type, valid_from, valid_to, reported_at AS believed_from,
            lead(reported_at, 1, TIMESTAMP 'infinity') OVER (
                PARTITION BY fact_hash, fact ORDER BY reported_at, position
            ) AS believed_until
        FROM store.events
        WHERE event_type IN ('reported', 'withdrawn') AND fact NOT IN (FROM entangled)
    ),
    spans AS MATERIALIZED (
        SELECT position, valid_from, valid_to, believed_from, believed_until
        FROM settled
        WHERE event_type = 'reported' AND believed_from < believed_until
        UNION ALL
        SELECT position, valid_from, valid_to, believed_from, believed_until
        FROM store.resolved(NULL, 'certain', 'latest')
        WHERE fact IN (FROM entangled)
    ),
    turns AS (
        SELECT turn, sum(started) AS started, sum(step) AS step
        FROM (
            SELECT believed_from AS turn, 1 AS started, 1 AS step FROM spans
            UNION ALL
            SELECT believed_until, 0, -1 FROM spans WHERE believed_until < TIMESTAMP 'infinity'
        )
        GROUP BY turn
    ),
    live AS (SELECT *, sum(step) OVER (ORDER BY turn) AS live FROM turns),
    numbered AS (
        SELECT turn, floor(sum(started / greatest(live, 1)) OVER (ORDER BY turn))::INTEGER AS segment
        FROM live
    ),
    starts AS (SELECT segment, min(turn) AS segment_from FROM numbered GROUP BY segment),
    bounds AS (
        SELECT
            row_number() OVER (ORDER BY segment)::INTEGER AS segment,
            segment_from,
            lead(segment_from, 1, TIMESTAMP 'infinity') OVER (ORDER BY segment) AS segment_until
        FROM starts
    ),
    -- Without the columns of their events, which are too wide to be sorted twice.
    placed AS MATERIALIZED (
        SELECT b.*, s.*
        FROM spans AS s
        JOIN bounds AS b ON s.believed_from < b.segment_until AND b.segment_from < s.believed_until
    )
SELECT
    p.segment, p.segment_from, p.segment_until, e.fact_hash,
    e.fact, e.subject, e.attribute, e.object, e.period, e.period_from, e.period_to, e.value_type,
    e.amount, e.amount_low, e.amount_high, e.unit, e.approximate, e.text, e.date_from, e.date_to,
    e.status, e.claim, e.reported_at, e.event_id, e.source, e.origin, e.speaker, e.statement,
    nullif(p.valid_from, TIMESTAMP '-infinity') AS valid_from,
    nullif(p.valid_to, TIMESTAMP 'infinity') AS valid_to,
    p.believed_from, p.believed_until
FROM placed AS p
JOIN store.events AS e ON p.position = e.position
ORDER BY p.segment, e.fact_hash, p.believed_from;
