-- No beliefs at all, in the columns of belief_spans_as_of: what a question that the segments answer asks of
-- the slow way.
CREATE OR REPLACE MACRO rules.nothing() AS TABLE
SELECT
    fact, subject, attribute, object, period, period_from, period_to, valid_from, valid_to, value_type,
    amount, amount_low, amount_high, unit, approximate, text, date_from, date_to, status, claim,
    believed_from, reported_at, event_id, source, origin, speaker, statement, believed_until
FROM store.segments
WHERE false;
