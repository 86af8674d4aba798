-- The events that speak of facts, as recorded by then, with their instants as every reader can show them: one
-- before the year 1 or behind 9999 is none, or the first or last there is, and an end of 9999-12-31 is no end. It
-- is the rule by which an index reads the log. `log` is the log; `reported_by` leaves out what was reported later.
SELECT
    position,
    event_id,
    event_type,
    CASE
        WHEN NOT coalesce(period_to >= TIMESTAMP_NTZ '9999-12-31 00:00:00', false) THEN fact
        ELSE concat(split_part(fact, '@', 1), '@', shown_period)
    END AS fact,
    subject,
    attribute,
    object,
    shown_period AS period,
    CASE
        WHEN period_from < TIMESTAMP_NTZ '0001-01-01 00:00:00' THEN NULL
        WHEN period_from > TIMESTAMP_NTZ '9999-12-31 23:59:59.999999' THEN TIMESTAMP_NTZ '9999-12-31 23:59:59.999999'
        ELSE period_from
    END AS period_from,
    CASE
        WHEN period_to < TIMESTAMP_NTZ '0001-01-01 00:00:00' THEN TIMESTAMP_NTZ '0001-01-01 00:00:00'
        WHEN period_to >= TIMESTAMP_NTZ '9999-12-31 00:00:00' THEN NULL
        ELSE period_to
    END AS period_to,
    value_type,
    amount,
    amount_low,
    amount_high,
    unit,
    approximate,
    text,
    CASE
        WHEN date_from < TIMESTAMP_NTZ '0001-01-01 00:00:00' THEN TIMESTAMP_NTZ '0001-01-01 00:00:00'
        WHEN date_from > TIMESTAMP_NTZ '9999-12-31 23:59:59.999999' THEN TIMESTAMP_NTZ '9999-12-31 23:59:59.999999'
        ELSE date_from
    END AS date_from,
    CASE
        WHEN date_to < TIMESTAMP_NTZ '0001-01-01 00:00:00' THEN TIMESTAMP_NTZ '0001-01-01 00:00:00'
        WHEN date_to > TIMESTAMP_NTZ '9999-12-31 23:59:59.999999' THEN TIMESTAMP_NTZ '9999-12-31 23:59:59.999999'
        ELSE date_to
    END AS date_to,
    status,
    claim,
    CASE
        WHEN valid_from < TIMESTAMP_NTZ '0001-01-01 00:00:00' THEN NULL
        WHEN valid_from > TIMESTAMP_NTZ '9999-12-31 23:59:59.999999' THEN TIMESTAMP_NTZ '9999-12-31 23:59:59.999999'
        ELSE valid_from
    END AS valid_from,
    CASE
        WHEN valid_to < TIMESTAMP_NTZ '0001-01-01 00:00:00' THEN TIMESTAMP_NTZ '0001-01-01 00:00:00'
        WHEN valid_to >= TIMESTAMP_NTZ '9999-12-31 00:00:00' THEN NULL
        ELSE valid_to
    END AS valid_to,
    CASE
        WHEN reported_from < TIMESTAMP_NTZ '0001-01-01 00:00:00' THEN NULL
        WHEN reported_from > TIMESTAMP_NTZ '9999-12-31 23:59:59.999999' THEN TIMESTAMP_NTZ '9999-12-31 23:59:59.999999'
        ELSE reported_from
    END AS reported_from,
    CASE
        WHEN reported_at < TIMESTAMP_NTZ '0001-01-01 00:00:00' THEN TIMESTAMP_NTZ '0001-01-01 00:00:00'
        WHEN reported_at > TIMESTAMP_NTZ '9999-12-31 23:59:59.999999' THEN TIMESTAMP_NTZ '9999-12-31 23:59:59.999999'
        ELSE reported_at
    END AS reported_at,
    CASE
        WHEN evidence_at < TIMESTAMP_NTZ '0001-01-01 00:00:00' THEN TIMESTAMP_NTZ '0001-01-01 00:00:00'
        WHEN evidence_at > TIMESTAMP_NTZ '9999-12-31 23:59:59.999999' THEN TIMESTAMP_NTZ '9999-12-31 23:59:59.999999'
        ELSE evidence_at
    END AS evidence_at,
    recorded_at,
    source,
    origin,
    speaker,
    statement,
    target,
    void
FROM (
    SELECT
        *,
        CASE
            WHEN NOT coalesce(period_to >= TIMESTAMP_NTZ '9999-12-31 00:00:00', false) THEN period
            -- Its period has a start and no end, and the start is written in the coarsest unit that it can be.
            WHEN split_part(period, '/', 1) RLIKE '^[0-9][0-9][0-9][0-9]-01(-01(T00:00:00Z)?)?$'
            THEN concat(substr(period, 1, 4), '/..')
            WHEN split_part(period, '/', 1) RLIKE '^[0-9][0-9][0-9][0-9]-[0-9][0-9]-01(T00:00:00Z)?$'
            THEN concat(substr(period, 1, 7), '/..')
            WHEN split_part(period, '/', 1) RLIKE '^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T00:00:00Z$'
            THEN concat(substr(period, 1, 10), '/..')
            ELSE concat(split_part(period, '/', 1), '/..')
        END AS shown_period
    FROM {log}
) AS logged
WHERE
    fact IS NOT NULL
    AND (:recorded_as_of IS NULL OR recorded_at <= CAST(:recorded_as_of AS TIMESTAMP_NTZ))
    AND (:last_commit IS NULL OR commit <= :last_commit)
    AND (:reported_by IS NULL OR reported_at <= CAST(:reported_by AS TIMESTAMP_NTZ))
