-- as_of: 2025-10-15
WITH beliefs AS (SELECT fact, claim FROM beliefs), x (claim) AS MATERIALIZED (SELECT claim FROM beliefs)
SELECT b.claim, (SELECT count(*) FROM "BELIEFS"), (SELECT count(*) FROM main.beliefs), (SELECT count(*) FROM claims)
FROM beliefs b JOIN x USING (claim);
WITH RECURSIVE claims AS (SELECT 1 AS n, min(fact) AS f FROM claims UNION SELECT n + 1, f FROM claims WHERE n < 3)
FROM claims;
FROM claims;
SELECT * FROM (WITH claims AS (SELECT 1 AS n) FROM claims) JOIN (FROM claims) ON true
