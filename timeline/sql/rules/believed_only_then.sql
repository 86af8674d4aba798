-- Single beliefs as of a date that were not held, just so, as of another: where that is later they ended by
-- then, where it is earlier they began after it. Found by bounds, so that the rest is not even read.
CREATE OR REPLACE MACRO rules.believed_only_then(as_of, other, recorded_as_of, valid_at, basis, policy) AS TABLE
SELECT
    fact_hash, fact, event_id, claim, amount, unit, status,
    coalesce(valid_from, TIMESTAMP '-infinity') AS valid_from,
    coalesce(valid_to, TIMESTAMP 'infinity') AS valid_to
FROM query(rules.believed(recorded_as_of, basis, policy))
WHERE
    (policy <> 'by-origin' OR error('changes are between single beliefs; by-origin has several'))
    AND segment_from <= reported_instant(as_of) AND reported_instant(as_of) < segment_until
    AND believed_from <= reported_instant(as_of) AND reported_instant(as_of) < believed_until
    AND believed_until <= CASE
        WHEN reported_instant(other) > reported_instant(as_of) THEN reported_instant(other)
        WHEN reported_instant(other) = reported_instant(as_of) THEN TIMESTAMP '-infinity'
        ELSE TIMESTAMP 'infinity'
    END
    AND believed_from >= CASE
        WHEN reported_instant(other) < reported_instant(as_of)
        THEN reported_instant(other) + INTERVAL 1 MICROSECOND
        ELSE TIMESTAMP '-infinity'
    END
    AND (valid_at IS NULL OR rules.covers(valid_from, valid_to, reported_instant(valid_at)));
