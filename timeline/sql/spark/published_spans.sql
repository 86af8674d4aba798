-- Every belief ever held, once: where it ends within a segment, or in the last one.
SELECT
    fact, subject, attribute, object, period, period_from, period_to, valid_from, valid_to, value_type, amount,
    amount_low, amount_high, unit, approximate, text, date_from, date_to, status, claim, believed_from, reported_at,
    event_id, source, origin, speaker, statement, believed_until
FROM {earlier}
WHERE believed_until IS NOT NULL
UNION ALL
SELECT
    fact, subject, attribute, object, period, period_from, period_to, valid_from, valid_to, value_type, amount,
    amount_low, amount_high, unit, approximate, text, date_from, date_to, status, claim, believed_from, reported_at,
    event_id, source, origin, speaker, statement, believed_until
FROM {last}
