-- Who is believed where so many origins must agree: of the origins' own beliefs, the latest that as
-- many, its own among them, agree with.
CREATE OR REPLACE MACRO store.confirmed(recorded_as_of, basis, origins) AS TABLE
WITH
    own AS MATERIALIZED (
        SELECT
            r.fact,
            '' AS part,
            r.position,
            r.valid_from,
            r.valid_to,
            r.believed_from AS counts_from,
            r.believed_until AS counts_until,
            dense_rank() OVER (PARTITION BY r.fact ORDER BY e.reported_at, coalesce(a.place, r.position)) AS rank
        FROM store.resolved(recorded_as_of, basis, 'by-origin') AS r
        JOIN store.events AS e ON r.position = e.position
        LEFT JOIN (SELECT DISTINCT position, place FROM store.amended) AS a ON r.position = a.position
    ),
    claims AS (
        SELECT DISTINCT o.fact, o.rank, o.position, e AS claim
        FROM own AS o
        JOIN store.events AS e ON o.position = e.position
    ),
    covered AS (FROM store.covered('own')),
    cells AS MATERIALIZED (FROM store.cells('covered')),
    met AS (
        SELECT DISTINCT c.fact, c.rank, other.rank AS other_rank
        FROM cells AS c
        JOIN cells AS other ON c.fact = other.fact AND c.edge = other.edge AND c.cut = other.cut
    ),
    agreeing AS (
        SELECT m.fact, m.rank, m.other_rank
        FROM met AS m
        JOIN claims AS one ON m.fact = one.fact AND m.rank = one.rank
        JOIN claims AS other ON m.fact = other.fact AND m.other_rank = other.rank
        WHERE store.agrees(one.claim, other.claim)
    ),
    confirmed AS (
        SELECT c.fact, c.part, c.edge, c.next_edge, c.rank, c.cut, c.next_cut
        FROM cells AS c
        JOIN agreeing AS a ON c.fact = a.fact AND c.rank = a.rank
        JOIN cells AS other
            ON c.fact = other.fact AND c.edge = other.edge AND c.cut = other.cut AND a.other_rank = other.rank
        GROUP BY ALL
        HAVING count(*) >= origins
    ),
    cells_won AS (
        SELECT fact, part, edge, next_edge, max(rank) AS rank, cut, next_cut
        FROM confirmed
        GROUP BY ALL
    )
SELECT m.fact, c.position, m.part, m.valid_from, m.valid_to, m.believed_from, m.believed_until
FROM store.merged('cells_won') AS m
JOIN claims AS c ON m.fact = c.fact AND m.rank = c.rank;
