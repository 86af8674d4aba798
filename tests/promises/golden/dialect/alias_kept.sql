SELECT beliefs.claim, "claims".origin, d.origin_1
FROM beliefs FOR REPORTED_TIME AS OF '2026-02-28'
LEFT JOIN "claims" FOR REPORTED_TIME AS OF '2026-02-28' USING (fact)
LEFT JOIN disagreements FOR VALID_TIME ALL d ON d.fact = beliefs.fact
ORDER BY ALL
