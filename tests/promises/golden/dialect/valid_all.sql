-- valid_at: 2025-01-01
SELECT fact, beliefs.claim FROM beliefs FOR VALID_TIME ALL, claims FOR VALID_TIME ALL FOR SYSTEM_TIME AS OF '#3' c (f) WHERE f = fact ORDER BY ALL
