WITH old AS (SELECT fact, claim FROM beliefs FOR REPORTED_TIME AS OF '2025-10-15'),
     beliefs AS NOT MATERIALIZED (SELECT fact, claim FROM beliefs FOR REPORTED_TIME AS OF '2026-02-28')
SELECT old.fact, old.claim, beliefs.claim AS later, main.claim AS last
FROM old JOIN beliefs USING (fact) JOIN main.beliefs FOR SYSTEM_TIME AS OF '#3' AS main USING (fact)
WHERE old.claim <> beliefs.claim
