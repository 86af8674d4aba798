-- Who said it first, and how late we read it.
-- The first claim of each fact: `reported_on` is the date of its report, `evidence_on` that of the oldest
-- document in which we hold it, `recorded_on` the day on which this store learned it. `days_late` lies
-- between the first two.
-- $as_of (default: NULL): only what was reported by then; NULL is everything recorded
-- $fact (default: *): which facts, where * stands for anything
-- $days (default: 2): only what we read at least so many days late
SELECT
    said.fact,
    said.claim,
    said.origin,
    said.reported_at::DATE AS reported_on,
    min(e.evidence_at)::DATE AS evidence_on,
    min(e.recorded_at)::DATE AS recorded_on,
    date_diff('day', said.reported_at, min(e.evidence_at)) AS days_late
FROM beliefs_as_of($as_of, policy := 'first') AS said
JOIN events AS e ON said.fact = e.fact AND said.origin = e.origin AND said.reported_at = e.reported_at
WHERE said.fact GLOB $fact AND e.event_type IN ('reported', 'corrected')
GROUP BY said.fact, said.claim, said.origin, said.reported_at
HAVING days_late >= $days::INTEGER
ORDER BY days_late DESC, said.fact, said.reported_at
