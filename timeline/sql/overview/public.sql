-- How many reports were public by `as_of` and recorded by `recorded_as_of`, and of how many origins; both in
-- microseconds since 1970, `as_of` null for any.
SELECT count(*) AS reports, count(DISTINCT origin) AS origins
FROM store.events
WHERE
    event_type = 'reported'
    AND reported_at <= coalesce(make_timestamp($as_of::BIGINT), TIMESTAMP 'infinity')
    AND recorded_at <= make_timestamp($recorded_as_of::BIGINT)
