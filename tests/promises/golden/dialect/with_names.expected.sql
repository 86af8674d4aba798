-- as_of: 2025-10-15
WITH beliefs AS (SELECT fact, claim FROM beliefs_as_of('2025-10-15') AS beliefs), x (claim) AS MATERIALIZED (SELECT claim FROM beliefs)
SELECT b.claim, (SELECT count(*) FROM "BELIEFS"), (SELECT count(*) FROM main.beliefs_as_of('2025-10-15') AS beliefs), (SELECT count(*) FROM claims_as_of('2025-10-15') AS claims)
FROM beliefs b JOIN x USING (claim);
WITH RECURSIVE claims AS (SELECT 1 AS n, min(fact) AS f FROM claims_as_of('2025-10-15') AS claims UNION SELECT n + 1, f FROM claims WHERE n < 3)
FROM claims;
FROM claims_as_of('2025-10-15') AS claims;
SELECT * FROM (WITH claims AS (SELECT 1 AS n) FROM claims) JOIN (FROM claims_as_of('2025-10-15') AS claims) ON true
