-- What several origins say alike.
-- The latest claim that so many origins agree on, itself among them. They agree on its value, not on how
-- firm it is. `believed` is false where a later report says something else; `spoken_of_by` names every
-- origin that says anything of the fact, those that disagree too.
-- $as_of (default: NULL): the date; NULL is everything recorded
-- $fact (default: *): which facts, where * stands for anything
-- $origins (default: 2): how many origins have to agree
SELECT
    confirmed.fact,
    confirmed.claim,
    confirmed.status,
    confirmed.reported_at::DATE AS reported_on,
    b.event_id IS NOT NULL AS believed,
    string_agg(DISTINCT c.origin, ', ' ORDER BY c.origin) AS spoken_of_by
FROM beliefs_as_of($as_of, policy := 'confirmed:' || $origins) AS confirmed
JOIN claims FOR REPORTED_TIME AS OF $as_of AS c USING (fact)
LEFT JOIN (SELECT DISTINCT event_id FROM beliefs_as_of($as_of)) AS b ON confirmed.event_id = b.event_id
WHERE confirmed.fact GLOB $fact
GROUP BY
    confirmed.fact, confirmed.claim, confirmed.status, confirmed.reported_at, believed, confirmed.valid_from
ORDER BY confirmed.fact, confirmed.valid_from NULLS FIRST
