-- as_of: 2025-10-15
SELECT b.claim FROM beliefs b JOIN claims c ON b.claim IS NOT DISTINCT FROM c.claim, beliefs d WHERE d.claim = c.claim ORDER BY ALL
