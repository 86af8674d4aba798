-- as_of: 2025-10-15
SELECT b.claim AS "größe", 'é' AS é, '😀' AS 😀 FROM beliefs_as_of('2025-10-15') b JOIN　claims_as_of('2025-10-15') AS claims USING (fact)
