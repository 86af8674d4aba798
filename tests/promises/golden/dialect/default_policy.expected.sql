-- policy: first
SELECT b.claim, claims.origin FROM beliefs_as_of(NULL, policy := 'first') AS b NATURAL JOIN claims ORDER BY ALL
