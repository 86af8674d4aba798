-- What was believed as of a date on the reported axis. All but the date itself has to be known before the
-- query runs: a literal or a parameter.
CREATE OR REPLACE MACRO beliefs_as_of(
    as_of, recorded_as_of := NULL, valid_at := NULL, basis := 'certain', policy := 'latest'
) AS TABLE
SELECT
    fact, subject, attribute, object, period, period_from, period_to, valid_from, valid_to, value_type,
    amount, amount_low, amount_high, unit, approximate, text, date_from, date_to, status, claim,
    nullif(believed_from, TIMESTAMP '-infinity') AS believed_from, reported_at, event_id, source, origin,
    speaker, statement
FROM (
    FROM store.segments
    WHERE policy = 'latest' AND basis = 'certain' AND recorded_as_of IS NULL
    UNION ALL BY NAME
    SELECT
        * REPLACE (
            coalesce(believed_from, TIMESTAMP '-infinity') AS believed_from,
            coalesce(believed_until, TIMESTAMP 'infinity') AS believed_until
        ),
        TIMESTAMP '-infinity' AS segment_from,
        TIMESTAMP 'infinity' AS segment_until
    FROM query(rules.otherwise(recorded_as_of, basis, policy))
)
WHERE
    segment_from <= reported_instant(as_of) AND reported_instant(as_of) < segment_until
    AND believed_from <= reported_instant(as_of) AND reported_instant(as_of) < believed_until
    AND (
        valid_at IS NULL
        OR (
            coalesce(valid_from <= reported_instant(valid_at), true)
            AND coalesce(reported_instant(valid_at) < valid_to, true)
        )
    );
