SELECT events.position, e.claim, s.id
FROM (SELECT * FROM events WHERE reported_at <= reported_instant(DATE '2025-12-31') AND recorded_at <= recorded_instant('#1')) AS events,
     (SELECT * FROM events WHERE recorded_at <= recorded_instant(TIMESTAMP '2025-12-01 00:00:00')) e,
     sources_as_of('#2') s,
     main.entities_as_of('#2') AS entities,
     attributes_as_of('#2') AS a
WHERE e.position = events.position
