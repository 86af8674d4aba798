-- params: {"day": "2026-01-01", "fact": "acme/ceo"}
SELECT claim FROM beliefs FOR REPORTED_TIME BETWEEN $day AND $day WHERE fact = $fact ORDER BY claim
