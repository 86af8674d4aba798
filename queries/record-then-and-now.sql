-- What our record said of a day before we mended it, and what it says of that day now.
-- Two axes at once: the day is one of the reported axis, the state of the record one of the recorded axis.
-- Only facts on which the two answers differ; a claim is empty where there was none.
-- $as_of (default: 2025-10-15): the day
-- $recorded_as_of (default: #8): the older state of the record, a commit or an instant; #8 is the one
--   before the corrections of the bundled reports
-- $fact (default: *): which facts, where * stands for anything
WITH answers AS (
    SELECT 'then' AS record, fact, claim, status, event_id
    FROM beliefs FOR REPORTED_TIME AS OF $as_of FOR SYSTEM_TIME AS OF $recorded_as_of
    UNION ALL
    SELECT 'now', fact, claim, status, event_id
    FROM beliefs FOR REPORTED_TIME AS OF $as_of
)
SELECT
    fact,
    string_agg(DISTINCT a.claim, '; ' ORDER BY a.claim) FILTER (record = 'then') AS claim_then,
    string_agg(DISTINCT a.claim, '; ' ORDER BY a.claim) FILTER (record = 'now') AS claim_now,
    string_agg(DISTINCT e.reason, '; ' ORDER BY e.reason) FILTER (record = 'now') AS reason
FROM answers AS a
JOIN events AS e USING (fact, event_id)
WHERE fact GLOB $fact
GROUP BY fact
HAVING
    list(a.event_id ORDER BY a.event_id) FILTER (record = 'then')
    IS DISTINCT FROM list(a.event_id ORDER BY a.event_id) FILTER (record = 'now')
ORDER BY fact
