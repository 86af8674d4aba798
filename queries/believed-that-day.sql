-- What was believed on one day.
-- Nothing in it comes from after that day, whatever has become known since. `valid_from` and `valid_to` are
-- empty where a claim is about no particular time.
-- $as_of (default: 2025-02-22): the day; its end counts
-- $fact (default: *): which facts, where * stands for anything
SELECT
    fact, claim, status, origin, reported_at::DATE AS reported_on,
    valid_from::DATE AS valid_from, valid_to::DATE AS valid_to
FROM beliefs FOR REPORTED_TIME AS OF $as_of
WHERE fact GLOB $fact
ORDER BY fact, beliefs.valid_from NULLS FIRST, origin
