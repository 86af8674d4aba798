SELECT old.fact, old.claim AS claim_then, new.claim AS claim_now
FROM beliefs_as_of(DATE '2025-10-15') AS old
JOIN beliefs_as_of(now()) AS new ON old.fact = new.fact AND old.claim <> new.claim
