SELECT fact, claim, believed_from, believed_until
FROM (SELECT * FROM belief_spans WHERE coalesce(believed_from < valid_instant(DATE '2025-10-01'), true) AND coalesce(believed_until > valid_instant(DATE '2025-09-01'), true) AND coalesce(valid_instant(DATE '2025-09-01') < valid_instant(DATE '2025-10-01'), true)) AS beliefs
ORDER BY ALL
