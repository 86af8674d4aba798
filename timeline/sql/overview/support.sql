-- By event how many origins and how many reports, public by then, give its fact the value that the event does.
-- `as_of` and `recorded_as_of` are as in `public`.
WITH asked AS (FROM store.events WHERE event_id IN (SELECT unnest($events::VARCHAR[])))
SELECT asked.event_id, count(DISTINCT same.origin) AS origins, count(*) AS reports
FROM asked
JOIN store.events AS same ON asked.fact_hash = same.fact_hash AND asked.fact = same.fact
WHERE
    same.event_type IN ('reported', 'corrected')
    AND NOT same.void
    AND same.reported_at <= coalesce(make_timestamp($as_of::BIGINT), TIMESTAMP 'infinity')
    AND same.recorded_at <= make_timestamp($recorded_as_of::BIGINT)
    AND same.value_type IS NOT DISTINCT FROM asked.value_type
    AND same.amount_low IS NOT DISTINCT FROM asked.amount_low
    AND same.amount_high IS NOT DISTINCT FROM asked.amount_high
    AND same.unit IS NOT DISTINCT FROM asked.unit
    AND same.text IS NOT DISTINCT FROM asked.text
GROUP BY asked.event_id
