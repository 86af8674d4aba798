-- Where the segments begin and end: in each begin four times as many beliefs as are live, and not so few that
-- segments cost more than what is in them. A segment is divided into slots, in each of which a sixteenth of its
-- beliefs begin. Of more than two million events a sample is enough: one in `every`.
CREATE TABLE bounds AS
WITH
    sample AS (SELECT greatest(1, count(*) // 2_000_000) AS every FROM event_rows),
    spans AS (
        SELECT position, reported_at AS believed_from, believed_until
        FROM event_rows
        WHERE believed_until IS NOT NULL
        UNION ALL
        SELECT position, believed_from, believed_until FROM swept
    ),
    sampled AS (FROM spans WHERE position % (SELECT every FROM sample) = 0),
    turns AS (
        SELECT turn, sum(started) AS started, sum(step) AS step
        FROM (
            SELECT believed_from AS turn, 1 AS started, 1 AS step FROM sampled
            UNION ALL
            SELECT believed_until, 0, -1 FROM sampled WHERE believed_until < TIMESTAMP 'infinity'
        )
        GROUP BY turn
    ),
    live AS (SELECT *, sum(step) OVER (ORDER BY turn) AS live FROM turns),
    numbered AS (
        SELECT
            turn,
            floor(
                16 * sum(started / greatest(4 * live, 250_000 / (SELECT every FROM sample))) OVER (ORDER BY turn)
            )::BIGINT AS slot
        FROM live
    ),
    starts AS (
        SELECT slot // 16 AS segment, min(turn) AS start FROM numbered GROUP BY slot
        UNION ALL
        -- Where nothing was ever believed there is still a place for what will be.
        SELECT 0, TIMESTAMP '-infinity' WHERE NOT EXISTS (FROM numbered)
    ),
    segments AS (SELECT min(start) AS start, list(start ORDER BY start) AS slots FROM starts GROUP BY segment)
SELECT
    row_number() OVER (ORDER BY start)::INTEGER AS segment,
    -- What is not in the sample may come before all that is.
    if(start = min(start) OVER (), TIMESTAMP '-infinity', start) AS segment_from,
    lead(start, 1, TIMESTAMP 'infinity') OVER (ORDER BY start) AS segment_until,
    slots
FROM segments
ORDER BY segment;
