-- Cells with one winner each as the longest rows: first along valid time, at each cut that the winner
-- makes somewhere, then along the reported axis where exactly the same row goes on. `relation` names a
-- relation with the columns of rules.cells, of which the cells with one edge are disjoint.
CREATE OR REPLACE MACRO rules.merged(relation) AS TABLE
WITH
    -- Only where a winner gains or loses some valid time can its rows change.
    turns AS (
        SELECT
            fact, part, rank, turn,
            coalesce(
                lead(turn) OVER (PARTITION BY fact, part, rank ORDER BY turn), TIMESTAMP 'infinity'
            ) AS next_turn
        FROM (
            SELECT fact, part, rank, cut AS turn FROM query_table(relation)
            UNION
            SELECT fact, part, rank, next_cut FROM query_table(relation)
            WHERE next_cut < TIMESTAMP 'infinity'
        )
    ),
    along_valid AS (
        SELECT
            c.fact, c.part, c.rank, c.edge, c.next_edge, t.turn, t.next_turn,
            coalesce(
                c.edge = lag(c.next_edge) OVER (
                    PARTITION BY c.fact, c.part, c.rank, t.turn ORDER BY c.edge
                ),
                false
            ) AS continues
        FROM query_table(relation) AS c
        JOIN turns AS t
            ON c.fact = t.fact AND c.part = t.part AND c.rank = t.rank
            AND c.cut <= t.turn AND t.turn < c.next_cut
    ),
    numbered AS (
        SELECT
            *,
            count(*) FILTER (NOT continues) OVER (PARTITION BY fact, part, rank, turn ORDER BY edge) AS row_at_turn
        FROM along_valid
    ),
    rows_at_turns AS (
        SELECT
            fact, part, rank, turn, next_turn, row_at_turn,
            min(edge) AS valid_from, max(next_edge) AS valid_to
        FROM numbered
        GROUP BY ALL
    ),
    along_reported AS (
        SELECT *, coalesce(turn = lag(next_turn) OVER along, false) AS continues
        FROM rows_at_turns
        WINDOW along AS (PARTITION BY fact, part, rank, valid_from, valid_to ORDER BY turn)
    ),
    runs AS (
        SELECT
            *,
            count(*) FILTER (NOT continues) OVER (
                PARTITION BY fact, part, rank, valid_from, valid_to ORDER BY turn
            ) AS run
        FROM along_reported
    )
SELECT
    fact, part, rank, valid_from, valid_to,
    min(turn) AS believed_from, max(next_turn) AS believed_until
FROM runs
GROUP BY fact, part, rank, valid_from, valid_to, run;
