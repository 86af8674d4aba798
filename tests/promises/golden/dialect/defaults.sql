-- as_of: 2025-10-15
-- recorded_as_of: #3
-- policy: confirmed:2
SELECT b.claim, c.claim, events.claim
FROM beliefs b, claims c JOIN events USING (fact), disagreements FOR SYSTEM_TIME AS OF '#1'
WHERE EXISTS (FROM Beliefs) AND b.fact IN (SELECT fact FROM (main.beliefs JOIN beliefs_as_of(NULL) AS d USING (fact)))
  AND b.claim IS NOT DISTINCT FROM c.claim
