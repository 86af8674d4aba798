-- What was believed as of a date, of what competes: the last by report of those that count then. Nothing later
-- counts yet, so that it has been believed since it counts.
SELECT
    fact, subject, attribute, object, period, period_from, period_to, valid_from, valid_to, value_type, amount,
    amount_low, amount_high, unit, approximate, text, date_from, date_to, status, claim,
    CASE WHEN counts_from >= TIMESTAMP_NTZ '0001-01-01 00:00:00' THEN counts_from END AS believed_from,
    reported_at, event_id, source, origin, speaker, statement
FROM (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY fact, part, valid_from, valid_to ORDER BY reported_at DESC, position DESC
        ) AS nth
    FROM {competing}
    WHERE
        (:as_of IS NULL OR counts_from <= CAST(:as_of AS TIMESTAMP_NTZ))
        AND (:valid_at IS NULL OR valid_from IS NULL OR valid_from <= CAST(:valid_at AS TIMESTAMP_NTZ))
        AND (:valid_at IS NULL OR valid_to IS NULL OR CAST(:valid_at AS TIMESTAMP_NTZ) < valid_to)
) AS numbered
WHERE nth = 1 AND event_type = 'reported'
