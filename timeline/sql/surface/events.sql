-- One row per event, in log order.
CREATE OR REPLACE VIEW events AS
SELECT
    position, commit, event_id, key, event_type, fact, subject, attribute, object, period, period_from,
    period_to, value_type, amount, amount_low, amount_high, unit, approximate, text, date_from, date_to,
    status, claim, valid_from, valid_to, valid, reported_from, reported_at, reported, evidence_at,
    recorded_at, source, origin, speaker, statement, locator, inferred, target, void, reason, actor
FROM store.events
ORDER BY position;
