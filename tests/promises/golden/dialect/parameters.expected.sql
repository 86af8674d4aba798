-- params: ["2025-07-01", "2026-01-01", "2025-07-31", "acme/ceo"]
SELECT claim, $1 AS valid
FROM beliefs_as_of($2, valid_at := $3) AS beliefs
WHERE fact = $4
