SELECT events.position, e.claim, s.id
FROM events FOR REPORTED_TIME AS OF DATE '2025-12-31' FOR SYSTEM_TIME AS OF '#1',
     events FOR SYSTEM_TIME AS OF TIMESTAMP '2025-12-01 00:00:00' e,
     sources FOR SYSTEM_TIME AS OF '#2' s,
     main.entities FOR SYSTEM_TIME AS OF '#2',
     attributes FOR RECORDED_TIME AS OF '#2' AS a
WHERE e.position = events.position
