-- How many reports became public at each instant, in microseconds since 1970, and how many origins of which none
-- had been public before.
WITH reports AS (
    SELECT origin, reported_at FROM store.events WHERE event_type = 'reported' AND reported_at IS NOT NULL
)
SELECT epoch_us(reported_at) AS instant, sum(reports)::BIGINT AS reports, sum(origins)::BIGINT AS origins
FROM (
    SELECT reported_at, count(*) AS reports, 0 AS origins FROM reports GROUP BY reported_at
    UNION ALL
    SELECT reported_at, 0, count(*)
    FROM (SELECT min(reported_at) AS reported_at FROM reports WHERE origin IS NOT NULL GROUP BY origin)
    GROUP BY reported_at
)
GROUP BY reported_at
