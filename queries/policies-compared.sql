-- Where it matters whose word counts.
-- What is believed if the latest report counts (the rule everywhere else), the first, that of the best tier
-- of source, or the latest that two origins agree on. Only facts on which latest, first and ranked
-- differ; empty is no belief.
-- $as_of (default: NULL): the date; NULL is everything recorded
-- $fact (default: *): which facts, where * stands for anything
WITH asked AS (
    SELECT 'latest' AS policy, * FROM beliefs_as_of($as_of)
    UNION ALL
    SELECT 'first', * FROM beliefs_as_of($as_of, policy := 'first')
    UNION ALL
    SELECT 'ranked', * FROM beliefs_as_of($as_of, policy := 'ranked')
    UNION ALL
    SELECT 'confirmed', * FROM beliefs_as_of($as_of, policy := 'confirmed:2')
)
SELECT
    fact,
    string_agg(DISTINCT claim, '; ' ORDER BY claim) FILTER (policy = 'latest') AS latest,
    string_agg(DISTINCT claim, '; ' ORDER BY claim) FILTER (policy = 'first') AS first,
    string_agg(DISTINCT claim, '; ' ORDER BY claim) FILTER (policy = 'ranked') AS ranked,
    string_agg(DISTINCT claim, '; ' ORDER BY claim) FILTER (policy = 'confirmed') AS confirmed
FROM asked
WHERE fact GLOB $fact
GROUP BY fact
HAVING latest IS DISTINCT FROM first OR latest IS DISTINCT FROM ranked
ORDER BY fact
