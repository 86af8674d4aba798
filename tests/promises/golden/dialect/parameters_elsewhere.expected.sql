-- as_of: 2025-10-15
-- params: ["acme/ceo"]
SELECT claim FROM beliefs_as_of('2025-10-15') AS beliefs WHERE fact = ?
