-- as_of: 2025-10-15
-- recorded_as_of: #3
-- policy: confirmed:2
SELECT b.claim, c.claim, events.claim
FROM beliefs_as_of('2025-10-15', recorded_as_of := '#3', policy := 'confirmed:2') b, claims_as_of('2025-10-15', recorded_as_of := '#3') c JOIN events USING (fact), disagreements_as_of('2025-10-15', recorded_as_of := '#1') AS disagreements
WHERE EXISTS (FROM beliefs_as_of('2025-10-15', recorded_as_of := '#3', policy := 'confirmed:2') AS Beliefs) AND b.fact IN (SELECT fact FROM (main.beliefs_as_of('2025-10-15', recorded_as_of := '#3', policy := 'confirmed:2') AS beliefs JOIN beliefs_as_of(NULL) AS d USING (fact)))
  AND b.claim IS NOT DISTINCT FROM c.claim
