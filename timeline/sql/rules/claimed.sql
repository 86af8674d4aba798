-- Each origin's own belief as of a date on the reported axis, with its place in the log.
CREATE OR REPLACE MACRO rules.claimed(as_of, recorded_as_of, valid_at, basis) AS TABLE
SELECT
    -- Not that of the events: what is asked of one fact is resolved for that one alone.
    r.fact, e.subject, e.attribute, e.object, e.period, e.period_from, e.period_to,
    nullif(r.valid_from, TIMESTAMP '-infinity') AS valid_from,
    nullif(r.valid_to, TIMESTAMP 'infinity') AS valid_to, e.value_type, e.amount, e.amount_low,
    e.amount_high, e.unit, e.approximate, e.text, e.date_from, e.date_to, e.status, e.claim,
    nullif(r.believed_from, TIMESTAMP '-infinity') AS believed_from, e.reported_at, e.event_id,
    e.source, e.origin, e.speaker, e.statement, r.place
FROM rules.resolved(recorded_as_of, basis, 'by-origin') AS r
JOIN store.events AS e ON r.position = e.position
WHERE
    rules.policy_check('by-origin', basis)
    AND r.believed_from <= reported_instant(as_of) AND reported_instant(as_of) < r.believed_until
    AND (valid_at IS NULL OR r.valid_from <= reported_instant(valid_at))
    AND (valid_at IS NULL OR reported_instant(valid_at) < r.valid_to);
