-- Who is believed where so many origins must agree: of the origins' own beliefs, the latest that as
-- many, its own among them, agree with.
CREATE OR REPLACE MACRO rules.confirmed(recorded_as_of, basis, origins) AS TABLE
WITH
    own AS MATERIALIZED (
        SELECT
            r.fact, '' AS part, r.position, r.place, r.valid_from, r.valid_to,
            r.believed_from AS counts_from, r.believed_until AS counts_until,
            e.status, e.value_type, e.unit, e.amount_low, e.amount_high, e.text, e.date_from, e.date_to,
            dense_rank() OVER (PARTITION BY r.fact ORDER BY e.reported_at, r.place) AS rank
        FROM rules.resolved(recorded_as_of, basis, 'by-origin') AS r
        JOIN store.events AS e ON r.position = e.position
    ),
    claims AS (
        SELECT DISTINCT ON (fact, rank)
            fact, rank, position, place, status, value_type, unit, amount_low, amount_high, text, date_from,
            date_to
        FROM own
    ),
    covered AS (FROM rules.covered('own')),
    cells AS MATERIALIZED (FROM rules.cells('covered')),
    met AS (
        SELECT c.fact, c.edge, c.next_edge, c.cut, c.next_cut, c.rank, other.rank AS other_rank
        FROM cells AS c
        JOIN cells AS other ON c.fact = other.fact AND c.edge = other.edge AND c.cut = other.cut
    ),
    agreeing AS (
        SELECT m.fact, m.rank, m.other_rank
        FROM (SELECT DISTINCT fact, rank, other_rank FROM met) AS m
        JOIN claims AS one ON m.fact = one.fact AND m.rank = one.rank
        JOIN claims AS other ON m.fact = other.fact AND m.other_rank = other.rank
        WHERE rules.agrees(one, other)
    ),
    confirmed AS (
        SELECT m.fact, m.edge, m.next_edge, m.cut, m.next_cut, m.rank
        FROM met AS m
        JOIN agreeing AS a ON m.fact = a.fact AND m.rank = a.rank AND m.other_rank = a.other_rank
        GROUP BY ALL
        HAVING count(*) >= origins
    ),
    cells_won AS (
        SELECT fact, '' AS part, edge, next_edge, max(rank) AS rank, cut, next_cut
        FROM confirmed
        GROUP BY ALL
    )
SELECT m.fact, m.part, c.position, c.place, m.valid_from, m.valid_to, m.believed_from, m.believed_until
FROM rules.merged('cells_won') AS m
JOIN claims AS c ON m.fact = c.fact AND m.rank = c.rank;
