-- Where what was believed as of two dates differs, for each fact and valid time.
CREATE OR REPLACE MACRO changes(
    from_date, to_date, recorded_as_of := NULL, valid_at := NULL, basis := 'certain', policy := 'latest'
) AS TABLE
WITH
    -- What is believed at both dates differs in nothing, so that one segment a date tells it all.
    sides AS MATERIALIZED (
        SELECT
            1 AS side, fact, event_id, claim, amount, unit, status,
            coalesce(valid_from, TIMESTAMP '-infinity') AS valid_from,
            coalesce(valid_to, TIMESTAMP 'infinity') AS valid_to
        FROM rules.believed_only_then(from_date, to_date, recorded_as_of, valid_at, basis, policy)
        UNION ALL
        SELECT
            2, fact, event_id, claim, amount, unit, status,
            coalesce(valid_from, TIMESTAMP '-infinity'),
            coalesce(valid_to, TIMESTAMP 'infinity')
        FROM rules.believed_only_then(to_date, from_date, recorded_as_of, valid_at, basis, policy)
    ),
    edges AS (
        SELECT fact, edge, lead(edge) OVER (PARTITION BY fact ORDER BY edge) AS next_edge
        FROM (SELECT fact, valid_from AS edge FROM sides UNION SELECT fact, valid_to FROM sides)
    ),
    cells AS (
        SELECT
            e.fact, e.edge, e.next_edge,
            any_value(s.event_id) FILTER (side = 1) AS event_id_from,
            any_value(s.event_id) FILTER (side = 2) AS event_id_to
        FROM edges AS e
        JOIN sides AS s ON e.fact = s.fact AND s.valid_from <= e.edge AND e.next_edge <= s.valid_to
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
    -- A belief that holds for several valid times tells its claim once.
    before AS (SELECT DISTINCT event_id, claim, amount, unit, status FROM sides WHERE side = 1),
    after AS (SELECT DISTINCT event_id, claim, amount, unit, status FROM sides WHERE side = 2)
SELECT
    m.fact,
    nullif(m.valid_from, TIMESTAMP '-infinity') AS valid_from,
    nullif(m.valid_to, TIMESTAMP 'infinity') AS valid_to,
    CASE
        WHEN m.event_id_from IS NULL THEN 'appeared'
        WHEN m.event_id_to IS NULL THEN 'gone'
        ELSE 'changed'
    END AS change,
    b.claim AS claim_from, b.amount AS amount_from, b.unit AS unit_from, b.status AS status_from,
    b.event_id AS event_id_from,
    a.claim AS claim_to, a.amount AS amount_to, a.unit AS unit_to, a.status AS status_to,
    a.event_id AS event_id_to
FROM merged AS m
LEFT JOIN before AS b ON m.event_id_from = b.event_id
LEFT JOIN after AS a ON m.event_id_to = a.event_id
ORDER BY m.fact, m.valid_from NULLS FIRST;
