-- Who is believed, when and for which valid time, under every policy but confirmed.
CREATE OR REPLACE MACRO rules.resolved(recorded_as_of, basis, policy) AS TABLE
WITH
    candidates AS MATERIALIZED (FROM rules.candidates(recorded_as_of, basis, policy)),
    -- One window for what is plain: the best so far, where it changes.
    best AS (
        SELECT fact, part, counts_from, max(rank) OVER (PARTITION BY fact, part ORDER BY counts_from) AS rank
        FROM candidates
        WHERE plain
    ),
    turns AS (
        SELECT fact, part, counts_from, rank
        FROM best
        QUALIFY rank IS DISTINCT FROM lag(rank) OVER (PARTITION BY fact, part ORDER BY counts_from)
    ),
    turned AS (
        SELECT
            fact, part, rank, counts_from AS believed_from,
            coalesce(
                lead(counts_from) OVER (PARTITION BY fact, part ORDER BY counts_from), TIMESTAMP 'infinity'
            ) AS believed_until
        FROM turns
    ),
    -- The rest by stretches of valid time: one window each, or a sweep where something was retracted.
    entangled AS (SELECT * FROM candidates WHERE NOT plain),
    covered AS (
        SELECT
            *,
            min(counts_until) OVER (PARTITION BY fact, part, edge) = TIMESTAMP 'infinity' AS steady
        FROM rules.covered('entangled')
    ),
    unsteady AS (SELECT * FROM covered WHERE NOT steady),
    best_covering AS (
        SELECT
            fact, part, edge, next_edge, counts_from AS cut,
            max(rank) OVER (PARTITION BY fact, part, edge ORDER BY counts_from) AS rank
        FROM covered
        WHERE steady
    ),
    turns_covering AS (
        FROM best_covering
        QUALIFY rank IS DISTINCT FROM lag(rank) OVER (PARTITION BY fact, part, edge ORDER BY cut)
    ),
    cells_won AS (
        SELECT
            fact, part, edge, next_edge, rank, cut,
            coalesce(
                lead(cut) OVER (PARTITION BY fact, part, edge ORDER BY cut), TIMESTAMP 'infinity'
            ) AS next_cut
        FROM turns_covering
        UNION ALL
        SELECT fact, part, edge, next_edge, max(rank), cut, next_cut
        FROM rules.cells('unsteady')
        GROUP BY ALL
    ),
    -- Two stretches of one event are one winner.
    winners AS (SELECT DISTINCT fact, part, rank, position, place, claims FROM candidates WHERE NOT plain)
SELECT c.fact, c.part, c.position, c.place, c.valid_from, c.valid_to, t.believed_from, t.believed_until
FROM turned AS t
JOIN candidates AS c ON t.fact = c.fact AND t.part = c.part AND t.rank = c.rank
WHERE c.plain AND c.claims
UNION ALL
SELECT m.fact, m.part, w.position, w.place, m.valid_from, m.valid_to, m.believed_from, m.believed_until
FROM rules.merged('cells_won') AS m
JOIN winners AS w ON m.fact = w.fact AND m.part = w.part AND m.rank = w.rank
WHERE w.claims;
