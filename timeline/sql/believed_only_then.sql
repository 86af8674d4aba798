-- Single beliefs as of a date that were not held, just so, as of another.
CREATE OR REPLACE MACRO rules.believed_only_then(as_of, other, recorded_as_of, valid_at, basis, policy) AS TABLE
SELECT fact, event_id, claim, amount, unit, status, valid_from, valid_to
FROM store.segments
WHERE
    policy = 'latest' AND basis = 'certain' AND recorded_as_of IS NULL
    AND segment_from <= reported_instant(as_of) AND reported_instant(as_of) < segment_until
    AND believed_from <= reported_instant(as_of) AND reported_instant(as_of) < believed_until
    AND NOT (believed_from <= reported_instant(other) AND reported_instant(other) < believed_until)
    AND (valid_at IS NULL OR coalesce(valid_from <= reported_instant(valid_at), true))
    AND (valid_at IS NULL OR coalesce(reported_instant(valid_at) < valid_to, true))
UNION ALL
SELECT fact, event_id, claim, amount, unit, status, valid_from, valid_to
FROM query(rules.otherwise(recorded_as_of, basis, policy))
WHERE
    coalesce(believed_from <= reported_instant(as_of), true)
    AND coalesce(reported_instant(as_of) < believed_until, true)
    AND NOT (
        coalesce(believed_from <= reported_instant(other), true)
        AND coalesce(reported_instant(other) < believed_until, true)
    )
    AND (valid_at IS NULL OR coalesce(valid_from <= reported_instant(valid_at), true))
    AND (valid_at IS NULL OR coalesce(reported_instant(valid_at) < valid_to, true))
    AND (policy <> 'by-origin' OR error('changes are between single beliefs; by-origin has several'));
