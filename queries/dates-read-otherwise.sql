-- Where it matters how an uncertain date is read.
-- What was believed on a day if a report counts from the first instant at which it may have appeared
-- (`possible`), from the last (`certain`, the rule everywhere else), or only from the date of the source that
-- we hold (`evidence`). Only facts on which these differ; empty is no belief.
-- $as_of (default: 2025-10-15): the day
-- $fact (default: *): which facts, where * stands for anything
WITH read AS (
    SELECT 'possible' AS basis, * FROM beliefs_as_of($as_of, basis := 'possible')
    UNION ALL
    SELECT 'certain', * FROM beliefs_as_of($as_of, basis := 'certain')
    UNION ALL
    SELECT 'evidence', * FROM beliefs_as_of($as_of, basis := 'evidence')
)
SELECT
    fact,
    string_agg(DISTINCT claim, '; ' ORDER BY claim) FILTER (basis = 'possible') AS possible,
    string_agg(DISTINCT claim, '; ' ORDER BY claim) FILTER (basis = 'certain') AS certain,
    string_agg(DISTINCT claim, '; ' ORDER BY claim) FILTER (basis = 'evidence') AS evidence
FROM read
WHERE fact GLOB $fact
GROUP BY fact
HAVING possible IS DISTINCT FROM certain OR certain IS DISTINCT FROM evidence
ORDER BY fact
