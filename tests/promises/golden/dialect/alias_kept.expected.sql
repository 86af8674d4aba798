SELECT beliefs.claim, "claims".origin, d.origin_1
FROM beliefs_as_of('2026-02-28') AS beliefs
LEFT JOIN claims_as_of('2026-02-28') AS "claims" USING (fact)
LEFT JOIN disagreements d ON d.fact = beliefs.fact
ORDER BY ALL
