SELECT fact, claim
FROM beliefs FOR REPORTED_TIME AS OF (
    SELECT max(reported_at) FROM events FOR SYSTEM_TIME AS OF '#2' WHERE fact = 'acme/price'
) b
ORDER BY fact, claim
