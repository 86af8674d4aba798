-- The sources behind a fact, and to whom each goes back.
-- What each origin says of the fact, corrections included, a row for each source in which we read that, and
-- whether it is what is believed. Sources of one origin are no confirmation of each other.
-- $fact (default: nvidia/investment/openai): which facts, where * stands for anything
-- $as_of (default: NULL): the date; NULL is everything recorded
SELECT
    c.fact, c.origin, c.claim, c.status, b.event_id IS NOT NULL AS believed,
    e.source, any_value(s.tier) AS tier, any_value(s.published) AS published, any_value(s.title) AS title
FROM claims FOR REPORTED_TIME AS OF $as_of AS c
JOIN events AS e ON c.fact = e.fact AND c.origin = e.origin AND c.reported_at = e.reported_at
LEFT JOIN (SELECT DISTINCT event_id FROM beliefs FOR REPORTED_TIME AS OF $as_of) AS b
    ON c.event_id = b.event_id
LEFT JOIN sources AS s ON e.source = s.id
WHERE c.fact GLOB $fact AND e.event_type IN ('reported', 'corrected')
GROUP BY c.fact, c.origin, c.claim, c.status, c.reported_at, believed, e.source
ORDER BY c.fact, c.reported_at DESC, c.origin, tier NULLS LAST, e.source
