-- as_of: 2025-10-15
-- params: ["acme/ceo"]
SELECT claim FROM beliefs WHERE fact = ?
