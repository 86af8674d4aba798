SELECT b.claim FROM (SELECT * FROM belief_spans WHERE coalesce(believed_from <= reported_instant('2026-02-20'), true) AND coalesce(believed_until > valid_instant('2025-09-22'), true) AND coalesce(valid_instant('2025-09-22') <= reported_instant('2026-02-20'), true)) b WHERE b.fact = 'acme/price'
ORDER BY b.believed_from
