-- as_of: 2025-10-15
/* FROM beliefs FOR REPORTED_TIME AS OF '2025-01-01' /* FROM beliefs */ FROM beliefs */
SELECT 'FROM beliefs FOR REPORTED_TIME AS OF ''2025-01-01''' AS a, $$FROM beliefs$$ AS b, $x$FROM $$beliefs$x$ AS c,
       E'\' FROM beliefs \\' AS d, "beliefs" AS e, t.beliefs AS beliefs -- FROM beliefs
     , extract(year FROM day) AS f, trim(BOTH 'x' FROM claims) AS g, substring(claims FROM 2 FOR 3) AS h
     , beliefs IS DISTINCT FROM claims AS i, [beliefs || 1 FOR beliefs IN [1, 2]] AS j, {'beliefs': claims} AS k
FROM (SELECT '1' AS beliefs, 'xyz' AS claims, DATE '2025-01-01' AS day) AS t (beliefs, claims, day)
     SEMI JOIN history('*') AS beliefs_now (p, beliefs) ON p > 0,
     beliefs_as_of('2026-02-28') AS b (fact, claims_now)
WHERE beliefs = '1' AND t.claims IS NOT DISTINCT FROM t.claims
ORDER BY beliefs, claims
LIMIT 2
