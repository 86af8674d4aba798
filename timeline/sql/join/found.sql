-- For each row of `asked` which events are believed at its moment, one for each valid time.
CREATE OR REPLACE TEMP TABLE found AS
SELECT a.nth, a.moment, e.position, e.valid_from, e.valid_to, e.reported_at AS believed_from, e.reported_at
FROM store.events AS e
-- What `believed_until` is there for is plain: no other fact has its hash.
JOIN asked AS a
    ON e.fact_hash = a.fact_hash AND e.reported_at <= a.moment AND a.moment < e.believed_until
UNION ALL
SELECT
    a.nth, a.moment, w.position,
    nullif(w.valid_from, TIMESTAMP '-infinity'), nullif(w.valid_to, TIMESTAMP 'infinity'),
    w.believed_from, e.reported_at
FROM store.swept AS w
JOIN asked AS a
    ON w.fact_hash = a.fact_hash AND w.believed_from <= a.moment AND a.moment < w.believed_until
JOIN store.events AS e ON w.fact_hash = e.fact_hash AND w.position = e.position
JOIN asked_rows AS r ON a.nth = r.nth AND e.fact = r.fact;
