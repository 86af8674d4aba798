-- Where the segments begin and end: each has half as many changes again as there are live beliefs, and not
-- so few that segments cost more than what is in them. One belief in `sampled` speaks for as many.
CREATE TABLE store.bounds AS
WITH
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
        SELECT
            turn,
            floor(sum(started / greatest(1.5 * live, 100_000 / sampled)) OVER (ORDER BY turn))::INTEGER
                AS segment
        FROM live
    ),
    starts AS (
        SELECT segment, min(turn) AS start FROM numbered GROUP BY segment
        UNION ALL
        -- Where nothing was ever believed there is still a place for what will be.
        SELECT 0, TIMESTAMP '-infinity' WHERE NOT EXISTS (FROM numbered)
    )
SELECT
    row_number() OVER (ORDER BY segment)::INTEGER AS segment,
    -- What is not in the sample may come before all that is.
    if(start = min(start) OVER (), TIMESTAMP '-infinity', start) AS segment_from,
    lead(start, 1, TIMESTAMP 'infinity') OVER (ORDER BY segment) AS segment_until
FROM starts
ORDER BY segment;
