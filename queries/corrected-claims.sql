-- Claims that our record had wrong: what it said, what it says now, and why.
-- Only slips of our own, such as a misprint or a bad translation; where the world changed its mind there
-- is a new report instead. A correction without a claim says that nothing was ever reported.
-- $fact (default: *): which facts, where * stands for anything
SELECT
    c.fact, wrong.claim AS wrong_claim, c.claim AS right_claim, c.recorded_at::DATE AS recorded_on, c.reason
FROM events AS c
JOIN events AS wrong ON c.target = wrong.event_id
WHERE c.event_type = 'corrected' AND c.fact GLOB $fact
ORDER BY c.fact, c.position
