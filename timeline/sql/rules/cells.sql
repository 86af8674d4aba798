-- Every candidate in every cell that it covers: a cell is a stretch of valid time by a stretch of the
-- reported axis between two cuts, which are where a candidate there begins or ends to count. `relation`
-- names a relation with the columns of rules.covered.
CREATE OR REPLACE MACRO rules.cells(relation) AS TABLE
WITH
    cuts AS (
        SELECT
            fact, part, edge, cut,
            coalesce(
                lead(cut) OVER (PARTITION BY fact, part, edge ORDER BY cut), TIMESTAMP 'infinity'
            ) AS next_cut
        FROM (
            SELECT fact, part, edge, counts_from AS cut FROM query_table(relation)
            UNION
            SELECT fact, part, edge, counts_until FROM query_table(relation)
            WHERE counts_until < TIMESTAMP 'infinity'
        )
    )
SELECT c.fact, c.part, c.edge, c.next_edge, c.rank, u.cut, u.next_cut
FROM query_table(relation) AS c
JOIN cuts AS u
    ON c.fact = u.fact AND c.part = u.part AND c.edge = u.edge
    AND c.counts_from <= u.cut AND u.cut < c.counts_until;
