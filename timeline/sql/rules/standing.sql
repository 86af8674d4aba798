-- The reports and withdrawals that count, as recorded by then, and when each counts on the reported
-- axis: a row for each stretch, [counts_from, counts_until). What was never corrected or retracted
-- counts as it is; the rest was worked out when this index was built.
CREATE OR REPLACE MACRO rules.standing(recorded_as_of, basis) AS TABLE
SELECT
    e.fact,
    e.position,
    e.position AS place,
    e.event_type = 'reported' AS claims,
    e.origin,
    e.source,
    e.reported_at,
    coalesce(e.valid_from, TIMESTAMP '-infinity') AS valid_from,
    coalesce(e.valid_to, TIMESTAMP 'infinity') AS valid_to,
    CASE basis
        WHEN 'certain' THEN e.reported_at
        WHEN 'possible' THEN coalesce(e.reported_from, TIMESTAMP '-infinity')
        ELSE coalesce(e.evidence_at, e.reported_at)
    END AS counts_from,
    TIMESTAMP 'infinity' AS counts_until
FROM store.events AS e
ANTI JOIN store.amended AS a ON e.position = a.place
WHERE e.event_type IN ('reported', 'withdrawn') AND e.recorded_at <= recorded_instant(recorded_as_of)
UNION ALL
SELECT
    e.fact,
    e.position,
    a.place,
    a.claims,
    e.origin,
    e.source,
    e.reported_at,
    coalesce(e.valid_from, TIMESTAMP '-infinity'),
    coalesce(e.valid_to, TIMESTAMP 'infinity'),
    a.counts_from,
    a.counts_until
FROM store.amended AS a
JOIN store.events AS e ON a.position = e.position
WHERE
    a.on_basis = basis
    AND a.recorded_from <= recorded_instant(recorded_as_of)
    AND recorded_instant(recorded_as_of) < a.recorded_until;
