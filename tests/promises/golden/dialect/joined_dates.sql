SELECT old.fact, old.claim AS claim_then, new.claim AS claim_now
FROM beliefs FOR REPORTED_TIME AS OF DATE '2025-10-15' AS old
JOIN beliefs FOR REPORTED_TIME AS OF NOW AS new ON old.fact = new.fact AND old.claim <> new.claim
