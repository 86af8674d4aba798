-- valid_at: 2025-01-01
SELECT fact, beliefs.claim FROM beliefs AS beliefs, claims_as_of(NULL, recorded_as_of := '#3') c (f) WHERE f = fact ORDER BY ALL
