-- Every event of some facts, by their hashes, that was recorded by then (microseconds since 1970): its value,
-- its origin, when it was reported, and whether it counts as a report.
SELECT
    fact, event_id, origin, epoch_us(reported_at) AS reported_at,
    event_type IN ('reported', 'corrected') AND NOT void AS is_report,
    value_type, amount_low, amount_high, unit, text
FROM store.events
WHERE
    fact_hash IN (SELECT unnest($hashes::UBIGINT[]))
    AND recorded_at <= make_timestamp($recorded_as_of::BIGINT)
