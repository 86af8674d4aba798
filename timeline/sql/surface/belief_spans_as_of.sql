-- Every belief ever held, and until when exactly this row was: believed_until is NULL while it still is.
CREATE OR REPLACE MACRO belief_spans_as_of(
    recorded_as_of := NULL, basis := 'certain', policy := 'latest'
) AS TABLE
SELECT
    -- Not that of the events: what is asked of one fact is resolved for that one alone.
    r.fact, e.subject, e.attribute, e.object, e.period, e.period_from, e.period_to,
    nullif(r.valid_from, TIMESTAMP '-infinity') AS valid_from,
    nullif(r.valid_to, TIMESTAMP 'infinity') AS valid_to, e.value_type, e.amount, e.amount_low,
    e.amount_high, e.unit, e.approximate, e.text, e.date_from, e.date_to, e.status, e.claim,
    nullif(r.believed_from, TIMESTAMP '-infinity') AS believed_from, e.reported_at, e.event_id,
    e.source, e.origin, e.speaker, e.statement,
    nullif(r.believed_until, TIMESTAMP 'infinity') AS believed_until
FROM (
    FROM rules.resolved(recorded_as_of, basis, policy)
    -- An unknown policy is an error below, where there are rows.
    WHERE NOT coalesce(starts_with(policy, 'confirmed:'), false)
    UNION ALL
    FROM rules.confirmed(recorded_as_of, basis, try_cast(split_part(policy, ':', 2) AS INTEGER))
    WHERE starts_with(policy, 'confirmed:')
) AS r
JOIN store.events AS e ON r.position = e.position
WHERE rules.policy_check(policy, basis);
