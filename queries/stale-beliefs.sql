-- Beliefs that nobody has reported again for a long time.
-- Left out is what does not age: the completed, the cancelled, the denied and the actual.
-- $as_of (default: NULL): the date; NULL is today
-- $days (default: 180): only what was last reported at least so many days before
-- $fact (default: *): which facts, where * stands for anything
SELECT
    fact, claim, status, origin, reported_at::DATE AS reported_on,
    date_diff('day', reported_at::DATE, coalesce($as_of::TIMESTAMP::DATE, current_date)) AS days
FROM beliefs FOR REPORTED_TIME AS OF $as_of
WHERE
    fact GLOB $fact
    AND days >= $days::INTEGER
    AND status NOT IN ('completed', 'cancelled', 'denied', 'actual', 'erased')
ORDER BY days DESC, fact, valid_from NULLS FIRST
