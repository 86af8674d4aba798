-- policy: first
SELECT b.claim, claims.origin FROM beliefs AS b NATURAL JOIN claims ORDER BY ALL
