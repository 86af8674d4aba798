SELECT b.claim FROM beliefs FOR REPORTED_TIME BETWEEN '2025-09-22' AND '2026-02-20' b WHERE b.fact = 'acme/price'
ORDER BY b.believed_from
