-- Every candidate on each stretch of valid time, between two edges, that it covers. `relation` names a
-- relation with the columns fact, part, rank, valid_from, valid_to, counts_from, counts_until.
CREATE OR REPLACE MACRO rules.covered(relation) AS TABLE
WITH
    edges AS (
        SELECT fact, part, edge, lead(edge) OVER (PARTITION BY fact, part ORDER BY edge) AS next_edge
        FROM (
            SELECT fact, part, valid_from AS edge FROM query_table(relation)
            UNION
            SELECT fact, part, valid_to FROM query_table(relation)
        )
    )
SELECT c.fact, c.part, c.rank, c.counts_from, c.counts_until, e.edge, e.next_edge
FROM query_table(relation) AS c
JOIN edges AS e
    ON c.fact = e.fact AND c.part = e.part AND c.valid_from <= e.edge AND e.next_edge <= c.valid_to;
