-- Every two origins' own beliefs that ever disagreed, as `disagreements_as_of` has them, with the instants in
-- microseconds since 1970 from which and until which both were held.
WITH
    claims AS MATERIALIZED (
        SELECT
            r.fact, nullif(r.valid_from, TIMESTAMP '-infinity') AS valid_from,
            nullif(r.valid_to, TIMESTAMP 'infinity') AS valid_to, r.believed_from, r.believed_until,
            e.value_type, e.amount, e.amount_low, e.amount_high, e.unit, e.approximate, e.text, e.date_from,
            e.date_to, e.status, e.claim, e.reported_at, e.event_id, e.origin,
            row_number() OVER (PARTITION BY r.fact ORDER BY e.reported_at, r.place, r.valid_from) AS nth
        FROM rules.resolved(NULL, 'certain', 'by-origin') AS r
        JOIN store.events AS e ON r.position = e.position
    )
SELECT
    one.fact, one.origin AS origin_1, one.claim AS claim_1, one.amount AS amount_1,
    one.reported_at AS reported_at_1, one.event_id AS event_id_1, other.origin AS origin_2,
    other.claim AS claim_2, other.amount AS amount_2, other.reported_at AS reported_at_2,
    other.event_id AS event_id_2,
    epoch_us(greatest(one.believed_from, other.believed_from)) AS held_from,
    CASE
        WHEN least(one.believed_until, other.believed_until) < TIMESTAMP 'infinity'
        THEN epoch_us(least(one.believed_until, other.believed_until))
    END AS held_until
FROM claims AS one
JOIN claims AS other ON one.fact = other.fact AND one.nth < other.nth
WHERE
    one.origin <> other.origin
    AND one.believed_from < other.believed_until
    AND other.believed_from < one.believed_until
    AND coalesce(one.valid_from < other.valid_to, true)
    AND coalesce(other.valid_from < one.valid_to, true)
    AND (
        $within::BIGINT IS NULL
        OR epoch_us(other.reported_at) - epoch_us(one.reported_at) <= $within::BIGINT * 86_400_000_000
    )
    AND rules.disagrees(one, other)
ORDER BY one.fact, one.reported_at, other.reported_at, one.origin, other.origin
