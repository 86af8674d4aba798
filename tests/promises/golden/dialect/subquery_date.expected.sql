SELECT fact, claim
FROM beliefs_as_of((
    SELECT max(reported_at) FROM (SELECT * FROM events WHERE recorded_at <= recorded_instant('#2')) AS events WHERE fact = 'acme/price'
)) b
ORDER BY fact, claim
