-- params: {"day": "2026-01-01", "fact": "acme/ceo"}
SELECT claim FROM (SELECT * FROM belief_spans WHERE coalesce(believed_from <= reported_instant($day), true) AND coalesce(believed_until > valid_instant($day), true) AND coalesce(valid_instant($day) <= reported_instant($day), true)) AS beliefs WHERE fact = $fact ORDER BY claim
