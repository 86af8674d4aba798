-- Every belief ever held under the default policy, with believed_until, which is NULL while it is held.
CREATE OR REPLACE VIEW belief_spans AS
SELECT
    fact, subject, attribute, object, period, period_from, period_to, valid_from, valid_to, value_type,
    amount, amount_low, amount_high, unit, approximate, text, date_from, date_to, status, claim,
    believed_from, reported_at, event_id, source, origin, speaker, statement,
    nullif(believed_until, TIMESTAMP 'infinity') AS believed_until
FROM store.segments
-- A belief is in every segment that it reaches into; the row of the first is returned.
WHERE segment_from <= believed_from AND believed_from < segment_until;
