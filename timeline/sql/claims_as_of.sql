-- Each origin's own belief as of a date on the reported axis: beliefs_as_of with policy := 'by-origin', without
-- the cost of binding what the other policies need.
CREATE OR REPLACE MACRO claims_as_of(
    as_of, recorded_as_of := NULL, valid_at := NULL, basis := 'certain'
) AS TABLE
SELECT
    e.fact, e.subject, e.attribute, e.object, e.period, e.period_from, e.period_to,
    nullif(r.valid_from, TIMESTAMP '-infinity') AS valid_from,
    nullif(r.valid_to, TIMESTAMP 'infinity') AS valid_to, e.value_type, e.amount, e.amount_low,
    e.amount_high, e.unit, e.approximate, e.text, e.date_from, e.date_to, e.status, e.claim,
    nullif(r.believed_from, TIMESTAMP '-infinity') AS believed_from, e.reported_at, e.event_id,
    e.source, e.origin, e.speaker, e.statement
FROM store.resolved(recorded_as_of, basis, 'by-origin') AS r
JOIN store.events AS e ON r.position = e.position
WHERE
    store.policy_check('by-origin', basis)
    AND r.believed_from <= reported_instant(as_of) AND reported_instant(as_of) < r.believed_until
    AND (valid_at IS NULL OR r.valid_from <= reported_instant(valid_at))
    AND (valid_at IS NULL OR reported_instant(valid_at) < r.valid_to);
