-- Every belief ever held, of what competes: from when it counts until the first later one counts. One that never
-- was, because a later one counted as early, is left out. `believed_until` is NULL while it is held.
SELECT
    fact, subject, attribute, object, period, period_from, period_to, valid_from, valid_to, value_type, amount,
    amount_low, amount_high, unit, approximate, text, date_from, date_to, status, claim,
    CASE WHEN counts_from >= TIMESTAMP_NTZ '0001-01-01 00:00:00' THEN counts_from END AS believed_from,
    reported_at, event_id, source, origin, speaker, statement, believed_until
FROM (
    SELECT
        *,
        -- From the last report on: a frame up to the row before is one pass, a frame from the next row on is not.
        min(counts_from) OVER (
            PARTITION BY fact, part, valid_from, valid_to
            ORDER BY reported_at DESC, position DESC
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS believed_until
    FROM {competing}
) AS followed
WHERE event_type = 'reported' AND (believed_until IS NULL OR counts_from < believed_until)
