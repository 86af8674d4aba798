-- For each row of `asked` what was believed of its fact at its moment, a row for each valid time.
SELECT
    a.nth,
    coalesce(e.valid_from <= a.moment, true) AND coalesce(a.moment < e.valid_to, true) AS covers,
    e.subject, e.attribute, e.object, e.period, e.period_from, e.period_to, e.valid_from,
    e.valid_to, e.value_type, e.amount, e.amount_low, e.amount_high, e.unit, e.approximate, e.text,
    e.date_from, e.date_to, e.status, e.claim, e.reported_at AS believed_from, e.reported_at,
    e.event_id, e.source, e.origin, e.speaker, e.statement
FROM store.events AS e
JOIN asked AS a
    ON e.fact_hash = a.fact_hash AND e.reported_at <= a.moment AND a.moment < e.believed_until
    AND e.fact = a.fact
UNION ALL
SELECT
    s.nth,
    s.valid_from <= s.moment AND s.moment < s.valid_to,
    e.subject, e.attribute, e.object, e.period, e.period_from, e.period_to,
    nullif(s.valid_from, TIMESTAMP '-infinity'), nullif(s.valid_to, TIMESTAMP 'infinity'),
    e.value_type, e.amount, e.amount_low, e.amount_high, e.unit, e.approximate, e.text, e.date_from,
    e.date_to, e.status, e.claim, s.believed_from, e.reported_at, e.event_id, e.source, e.origin,
    e.speaker, e.statement
FROM (
    SELECT a.nth, a.fact, a.moment, w.*
    FROM store.swept AS w
    JOIN asked AS a
        ON w.fact_hash = a.fact_hash AND w.believed_from <= a.moment AND a.moment < w.believed_until
) AS s
JOIN store.events AS e ON s.fact_hash = e.fact_hash AND s.position = e.position AND s.fact = e.fact
