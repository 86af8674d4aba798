SELECT claim
FROM (SELECT * FROM beliefs WHERE coalesce(valid_from < valid_instant('2025-06-01'), true) AND coalesce(valid_to > valid_instant('2025-01-01'), true) AND coalesce(valid_instant('2025-01-01') < valid_instant('2025-06-01'), true)) AS beliefs
JOIN (SELECT * FROM claims_as_of('2025-12-31') WHERE coalesce(valid_from <= reported_instant('2025-06-01'), true) AND coalesce(valid_to > valid_instant('2025-01-01'), true) AND coalesce(valid_instant('2025-01-01') <= reported_instant('2025-06-01'), true)) AS c USING (fact, claim)
