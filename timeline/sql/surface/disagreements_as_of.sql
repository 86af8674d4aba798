-- Pairs of origins' own beliefs that disagree, a row a pair, the one reported first as side 1. `within`
-- is an INTERVAL or a number of days; NULL means any distance.
CREATE OR REPLACE MACRO disagreements_as_of(
    as_of, recorded_as_of := NULL, valid_at := NULL, basis := 'certain', within := INTERVAL 90 DAY
) AS TABLE
WITH
    claims AS MATERIALIZED (
        SELECT *, row_number() OVER (PARTITION BY fact ORDER BY reported_at, place, valid_from) AS nth
        FROM rules.claimed(as_of, recorded_as_of, valid_at, basis)
    )
SELECT
    one.fact,
    one.period,
    -- greatest and least pass over NULL, which is unbounded here.
    greatest(one.valid_from, other.valid_from) AS valid_from,
    least(one.valid_to, other.valid_to) AS valid_to,
    one.origin AS origin_1, one.claim AS claim_1, one.amount AS amount_1,
    one.amount_low AS amount_low_1, one.amount_high AS amount_high_1, one.status AS status_1,
    one.reported_at AS reported_at_1, one.event_id AS event_id_1,
    other.origin AS origin_2, other.claim AS claim_2, other.amount AS amount_2,
    other.amount_low AS amount_low_2, other.amount_high AS amount_high_2, other.status AS status_2,
    other.reported_at AS reported_at_2, other.event_id AS event_id_2
FROM claims AS one
JOIN claims AS other ON one.fact = other.fact AND one.nth < other.nth
WHERE
    one.origin <> other.origin
    AND coalesce(one.valid_from < other.valid_to, true)
    AND coalesce(other.valid_from < one.valid_to, true)
    AND (
        within IS NULL
        OR epoch_us(other.reported_at) - epoch_us(one.reported_at) <= epoch_us(
            coalesce(
                to_days(try_cast(within::VARCHAR AS INTEGER)),
                within::VARCHAR::INTERVAL
            )
        )
    )
    AND rules.disagrees(one, other);
