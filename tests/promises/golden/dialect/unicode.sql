-- as_of: 2025-10-15
SELECT b.claim AS "größe", 'é' AS é, '😀' AS 😀 FROM beliefs b JOIN　claims USING (fact)
