SELECT fact, claim
FROM beliefs_as_of(DATE '2025-10-15') AS beliefs
ORDER BY fact
