-- What was believed of a fact, one belief after the other, and for how long.
-- `believed_until` is the date from which something else was believed, empty while nothing else is.
-- $fact (default: nvidia/investment/openai): which facts, where * stands for anything
-- $from_date (default: 2025-01-01): the first day
-- $to_date (default: 2027-01-01): the day after the last
SELECT
    fact, claim, status, origin, believed_from::DATE AS believed_from, believed_until::DATE AS believed_until,
    date_diff('day', beliefs.believed_from, beliefs.believed_until) AS days
FROM beliefs FOR REPORTED_TIME FROM $from_date TO $to_date
WHERE fact GLOB $fact
ORDER BY fact, valid_from NULLS FIRST, beliefs.believed_from
