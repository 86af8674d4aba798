-- How many beliefs of each subject and status began or ended at each instant, in microseconds since 1970, out of
-- the spans of `narrowed`.
SELECT subject, status, epoch_us(instant) AS instant, sum(step)::BIGINT AS step
FROM (
    SELECT subject, status, believed_from AS instant, 1 AS step FROM narrowed
    UNION ALL
    SELECT subject, status, believed_until, -1 FROM narrowed WHERE believed_until < TIMESTAMP 'infinity'
)
GROUP BY ALL
HAVING sum(step) <> 0
