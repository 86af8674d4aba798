-- What was believed as of a date on the reported axis. All but the date itself has to be known before the
-- query runs: a literal or a parameter. Every name and date here is bound again for each question, and that
-- takes about as long as most answers, so that it reads the rows of segments themselves.
CREATE OR REPLACE MACRO beliefs_as_of(
    as_of, recorded_as_of := NULL, valid_at := NULL, basis := 'certain', policy := 'latest'
) AS TABLE
SELECT
    fact, subject, attribute, object, period, period_from, period_to, valid_from, valid_to, value_type,
    amount,
    CASE WHEN ranging THEN amount_low ELSE amount END AS amount_low,
    CASE WHEN ranging THEN amount_high ELSE amount END AS amount_high,
    unit, approximate, text, date_from, date_to, status, claim,
    nullif(believed_from, TIMESTAMP '-infinity') AS believed_from,
    coalesce(reported_at, nullif(believed_from, TIMESTAMP '-infinity')) AS reported_at,
    event_id, source, origin, speaker, statement
FROM query(rules.believed(recorded_as_of, basis, policy))
WHERE
    segment_from <= reported_instant(as_of) AND reported_instant(as_of) < segment_until
    AND believed_from <= reported_instant(as_of) AND reported_instant(as_of) < believed_until
    AND (valid_at IS NULL OR rules.covers(valid_from, valid_to, reported_instant(valid_at)));
