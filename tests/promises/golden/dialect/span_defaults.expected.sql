-- as_of: 2025-01-01
-- recorded_as_of: #3
-- valid_at: 2025-07-01
-- basis: possible
-- policy: first
SELECT claim FROM (SELECT * FROM belief_spans_as_of(recorded_as_of := '#3', basis := 'possible', policy := 'first') WHERE coalesce(believed_from <= reported_instant('2026-12-31'), true) AND coalesce(believed_until > valid_instant('2025-01-01'), true) AND coalesce(valid_instant('2025-01-01') <= reported_instant('2026-12-31'), true) AND coalesce(valid_from <= if('2025-07-01' IS NULL, NULL, reported_instant('2025-07-01')), true) AND coalesce(valid_to > if('2025-07-01' IS NULL, NULL, reported_instant('2025-07-01')), true)) AS beliefs ORDER BY claim
