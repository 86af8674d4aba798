-- params: ["2025-07-01", "2026-01-01", "2025-07-31", "acme/ceo"]
SELECT claim, ? AS valid
FROM beliefs FOR REPORTED_TIME AS OF ? FOR VALID_TIME AS OF ?
WHERE fact = ?
