SELECT fact, claim, believed_from, believed_until
FROM beliefs FOR REPORTED_TIME FROM DATE '2025-09-01' TO DATE '2025-10-01'
ORDER BY ALL
