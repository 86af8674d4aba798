-- Every candidate in every cell that it covers: a cell is a stretch of the reported axis between two
-- cuts by a stretch of valid time between two edges. `relation` names a relation with the columns
-- fact, part, rank, valid_from, valid_to, counts_from, counts_until.
CREATE OR REPLACE MACRO store.cells(relation) AS TABLE
WITH
    cuts AS (
        SELECT
            fact, part, cut,
            lead(cut, 1, TIMESTAMP 'infinity') OVER (PARTITION BY fact, part ORDER BY cut) AS next_cut
        FROM (
            SELECT fact, part, counts_from AS cut FROM query_table(relation)
            UNION
            SELECT fact, part, counts_until FROM query_table(relation)
            WHERE counts_until < TIMESTAMP 'infinity'
        )
    ),
    edges AS (
        SELECT fact, part, edge, lead(edge) OVER (PARTITION BY fact, part ORDER BY edge) AS next_edge
        FROM (
            SELECT fact, part, valid_from AS edge FROM query_table(relation)
            UNION
            SELECT fact, part, valid_to FROM query_table(relation)
        )
    )
SELECT c.fact, c.part, u.cut, u.next_cut, e.edge, e.next_edge, c.rank
FROM query_table(relation) AS c
JOIN cuts AS u
    ON c.fact = u.fact AND c.part = u.part AND c.counts_from <= u.cut AND u.cut < c.counts_until
JOIN edges AS e
    ON c.fact = e.fact AND c.part = e.part AND c.valid_from <= e.edge AND e.next_edge <= c.valid_to;
