-- What is believed with everything recorded.
CREATE OR REPLACE VIEW beliefs AS
SELECT
    fact, subject, attribute, object, period, period_from, period_to, valid_from, valid_to, value_type,
    amount, amount_low, amount_high, unit, approximate, text, date_from, date_to, status, claim,
    believed_from, reported_at, event_id, source, origin, speaker, statement
FROM store.segments
WHERE believed_until = TIMESTAMP 'infinity' AND segment_until = TIMESTAMP 'infinity';
