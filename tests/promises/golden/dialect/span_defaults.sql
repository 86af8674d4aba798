-- as_of: 2025-01-01
-- recorded_as_of: #3
-- valid_at: 2025-07-01
-- basis: possible
-- policy: first
SELECT claim FROM beliefs FOR REPORTED_TIME BETWEEN '2025-01-01' AND '2026-12-31' ORDER BY claim
