-- as_of: 2025-10-15
SELECT b.claim FROM beliefs_as_of('2025-10-15') b JOIN claims_as_of('2025-10-15') c ON b.claim IS NOT DISTINCT FROM c.claim, beliefs_as_of('2025-10-15') d WHERE d.claim = c.claim ORDER BY ALL
