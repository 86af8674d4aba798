-- Facts that rest on the word of a single origin, however many sources repeat it.
-- The most repeated come first: those look confirmed and are not. `sources` counts where we read the report
-- that stands, not earlier ones of the same origin.
-- $as_of (default: NULL): the date; NULL is everything recorded
-- $fact (default: *): which facts, where * stands for anything
-- $sources (default: 1): only facts that we read in at least so many sources
SELECT
    c.fact,
    min(c.origin) AS origin,
    count(DISTINCT e.source) AS sources,
    string_agg(DISTINCT c.claim, '; ' ORDER BY c.claim) AS claim
FROM claims FOR REPORTED_TIME AS OF $as_of AS c
JOIN events AS e ON c.fact = e.fact AND c.origin = e.origin AND c.reported_at = e.reported_at
WHERE c.fact GLOB $fact AND e.event_type IN ('reported', 'corrected')
GROUP BY c.fact
HAVING count(DISTINCT c.origin) = 1 AND count(DISTINCT e.source) >= $sources::INTEGER
ORDER BY sources DESC, c.fact
