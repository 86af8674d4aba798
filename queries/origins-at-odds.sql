-- Where two origins contradict each other, and how far apart they are.
-- `spread_percent` is how much the larger figure exceeds the smaller, empty where there is no figure.
-- $as_of (default: NULL): the date; NULL is everything recorded
-- $within (default: 90): the greatest number of days between the two reports, or any; what lies further
--   apart is rather a change than a contradiction
-- $fact (default: *): which facts, where * stands for anything
SELECT
    fact, origin_1, claim_1, status_1, origin_2, claim_2, status_2,
    round(100 * (greatest(amount_1, amount_2) / nullif(least(amount_1, amount_2), 0) - 1), 1)
        AS spread_percent
FROM disagreements_as_of($as_of, within := nullif($within, 'any')::INTEGER)
WHERE fact GLOB $fact
ORDER BY spread_percent DESC NULLS LAST, fact, reported_at_1, reported_at_2, origin_1, origin_2
