WITH old AS (SELECT fact, claim FROM beliefs_as_of('2025-10-15') AS beliefs),
     beliefs AS NOT MATERIALIZED (SELECT fact, claim FROM beliefs_as_of('2026-02-28') AS beliefs)
SELECT old.fact, old.claim, beliefs.claim AS later, main.claim AS last
FROM old JOIN beliefs USING (fact) JOIN main.beliefs_as_of(NULL, recorded_as_of := '#3') AS main USING (fact)
WHERE old.claim <> beliefs.claim
