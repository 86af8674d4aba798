-- Where the published segments begin: those of `published_bounds`, cut where more than twice as much begins as
-- should. In a segment begin $ratio times as many beliefs as are live, and not fewer than $least. Of more than two
-- million beliefs a sample is enough: one in `every`.
WITH
    sample AS (SELECT greatest(1, count(*) // 2_000_000) AS every FROM belief_spans),
    sampled AS (
        SELECT believed_from, believed_until
        FROM belief_spans
        WHERE (SELECT every FROM sample) = 1 OR hash(event_id) % (SELECT every FROM sample) = 0
    ),
    turns AS (
        SELECT turn, sum(started) AS started, sum(step) AS step
        FROM (
            SELECT believed_from AS turn, 1 AS started, 1 AS step FROM sampled
            UNION ALL
            SELECT believed_until, 0, -1 FROM sampled WHERE believed_until IS NOT NULL
        )
        GROUP BY turn
    ),
    live AS (SELECT *, sum(step) OVER (ORDER BY turn) AS live FROM turns),
    weighed AS (
        SELECT
            b.segment, b.segment_from, t.turn,
            t.started / greatest($ratio * t.live, $least / (SELECT every FROM sample)) AS weight
        FROM live AS t
        JOIN published_bounds AS b ON b.segment_from <= t.turn AND t.turn < b.segment_until
    ),
    summed AS (
        SELECT
            segment, segment_from, turn,
            sum(weight) OVER (PARTITION BY segment ORDER BY turn) AS before,
            sum(weight) OVER (PARTITION BY segment) AS whole
        FROM weighed
    ),
    pieces AS (
        SELECT segment, segment_from, min(turn) AS start
        FROM summed
        GROUP BY segment, segment_from, if(whole > 2, floor(before), 0)
    )
SELECT segment, greatest(epoch_us(start), -9223372036854775807) AS start
FROM pieces
-- The first piece begins where the segment did.
WHERE start <> (SELECT min(p.start) FROM pieces AS p WHERE p.segment = pieces.segment)
ORDER BY start
