-- What was believed as of a date, of the rows of its segment, which is open where no date is given.
SELECT
    fact, subject, attribute, object, period, period_from, period_to, valid_from, valid_to, value_type, amount,
    amount_low, amount_high, unit, approximate, text, date_from, date_to, status, claim, believed_from, reported_at,
    event_id, source, origin, speaker, statement
FROM {segment}
WHERE
    (:as_of IS NULL OR believed_from IS NULL OR believed_from <= CAST(:as_of AS TIMESTAMP_NTZ))
    AND (believed_until IS NULL OR CAST(:as_of AS TIMESTAMP_NTZ) < believed_until)
    AND (:valid_at IS NULL OR valid_from IS NULL OR valid_from <= CAST(:valid_at AS TIMESTAMP_NTZ))
    AND (:valid_at IS NULL OR valid_to IS NULL OR CAST(:valid_at AS TIMESTAMP_NTZ) < valid_to)
