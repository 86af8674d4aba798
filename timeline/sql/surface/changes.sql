-- Where what was believed as of two dates differs, for each fact and valid time.
CREATE OR REPLACE MACRO changes(
    from_date, to_date, recorded_as_of := NULL, valid_at := NULL, basis := 'certain', policy := 'latest'
) AS TABLE
WITH
    -- What is believed at both dates differs in nothing, so that one segment a date has everything.
    earlier AS MATERIALIZED (
        FROM rules.believed_only_then(from_date, to_date, recorded_as_of, valid_at, basis, policy)
    ),
    later AS MATERIALIZED (
        FROM rules.believed_only_then(to_date, from_date, recorded_as_of, valid_at, basis, policy)
    ),
    sides AS (SELECT 1 AS side, * FROM earlier UNION ALL SELECT 2, * FROM later),
    -- Nearly always a fact has one belief of one valid time on either side; the others are taken apart. A
    -- belief without bounds is the only one of its side, so that only facts with others are looked through.
    bounded AS (
        SELECT DISTINCT fact_hash
        FROM sides
        WHERE valid_from > TIMESTAMP '-infinity' OR valid_to < TIMESTAMP 'infinity'
    ),
    crowded AS MATERIALIZED (
        SELECT fact_hash
        FROM sides
        SEMI JOIN bounded USING (fact_hash)
        GROUP BY fact_hash
        HAVING
            count(*) FILTER (side = 1) > 1 OR count(*) FILTER (side = 2) > 1
            OR min(valid_from) <> max(valid_from) OR min(valid_to) <> max(valid_to)
    ),
    parts AS MATERIALIZED (FROM sides SEMI JOIN crowded USING (fact_hash)),
    edges AS (
        SELECT fact, edge, lead(edge) OVER (PARTITION BY fact ORDER BY edge) AS next_edge
        FROM (SELECT fact, valid_from AS edge FROM parts UNION SELECT fact, valid_to FROM parts)
    ),
    cells AS (
        SELECT
            e.fact, e.edge, e.next_edge,
            any_value(s.event_id) FILTER (side = 1) AS event_id_from,
            any_value(s.event_id) FILTER (side = 2) AS event_id_to
        FROM edges AS e
        JOIN parts AS s ON e.fact = s.fact AND s.valid_from <= e.edge AND e.next_edge <= s.valid_to
        GROUP BY ALL
        HAVING event_id_from IS DISTINCT FROM event_id_to
    ),
    continued AS (
        SELECT
            *,
            coalesce(edge = lag(next_edge) OVER along, false)
            AND event_id_from IS NOT DISTINCT FROM lag(event_id_from) OVER along
            AND event_id_to IS NOT DISTINCT FROM lag(event_id_to) OVER along AS continues
        FROM cells
        WINDOW along AS (PARTITION BY fact ORDER BY edge)
    ),
    numbered AS (
        SELECT *, count(*) FILTER (NOT continues) OVER (PARTITION BY fact ORDER BY edge) AS nth
        FROM continued
    ),
    merged AS (
        SELECT fact, event_id_from, event_id_to, min(edge) AS valid_from, max(next_edge) AS valid_to
        FROM numbered
        GROUP BY fact, event_id_from, event_id_to, nth
    ),
    -- A belief that holds for several valid times gives its claim once.
    before AS (SELECT DISTINCT event_id, claim, amount, unit, status FROM parts WHERE side = 1),
    after AS (SELECT DISTINCT event_id, claim, amount, unit, status FROM parts WHERE side = 2),
    claims AS (
        SELECT
            coalesce(b.fact, a.fact) AS fact,
            coalesce(b.valid_from, a.valid_from) AS valid_from,
            coalesce(b.valid_to, a.valid_to) AS valid_to,
            b.event_id AS event_id_from, b.claim AS claim_from, b.amount AS amount_from,
            b.unit AS unit_from, b.status AS status_from,
            a.event_id AS event_id_to, a.claim AS claim_to, a.amount AS amount_to,
            a.unit AS unit_to, a.status AS status_to
        FROM (FROM earlier ANTI JOIN crowded USING (fact_hash)) AS b
        FULL JOIN (FROM later ANTI JOIN crowded USING (fact_hash)) AS a
            ON b.fact_hash = a.fact_hash AND b.fact = a.fact
        WHERE b.event_id IS DISTINCT FROM a.event_id
        UNION ALL
        SELECT
            m.fact, m.valid_from, m.valid_to,
            m.event_id_from, b.claim, b.amount, b.unit, b.status,
            m.event_id_to, a.claim, a.amount, a.unit, a.status
        FROM merged AS m
        LEFT JOIN before AS b ON m.event_id_from = b.event_id
        LEFT JOIN after AS a ON m.event_id_to = a.event_id
    )
SELECT
    fact,
    nullif(valid_from, TIMESTAMP '-infinity') AS valid_from,
    nullif(valid_to, TIMESTAMP 'infinity') AS valid_to,
    CASE
        WHEN event_id_from IS NULL THEN 'appeared'
        WHEN event_id_to IS NULL THEN 'gone'
        ELSE 'changed'
    END AS change,
    claim_from, amount_from, unit_from, status_from, event_id_from,
    claim_to, amount_to, unit_to, status_to, event_id_to
FROM claims
ORDER BY fact, valid_from NULLS FIRST;
