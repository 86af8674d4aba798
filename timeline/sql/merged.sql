-- Cells with one winner each as the longest rows: first along valid time at each cut, then along the
-- reported axis where exactly the same row goes on. `relation` names a relation with the columns
-- fact, part, cut, next_cut, edge, next_edge, rank.
CREATE OR REPLACE MACRO store.merged(relation) AS TABLE
WITH
    along_valid AS (
        SELECT
            *,
            coalesce(rank = lag(rank) OVER along AND edge = lag(next_edge) OVER along, false) AS continues
        FROM query_table(relation)
        WINDOW along AS (PARTITION BY fact, part, cut ORDER BY edge)
    ),
    numbered AS (
        SELECT
            *,
            count(*) FILTER (NOT continues) OVER (PARTITION BY fact, part, cut ORDER BY edge) AS row_at_cut
        FROM along_valid
    ),
    rows_at_cuts AS (
        SELECT
            fact, part, cut, next_cut, rank, row_at_cut,
            min(edge) AS valid_from, max(next_edge) AS valid_to
        FROM numbered
        GROUP BY ALL
    ),
    along_reported AS (
        SELECT *, coalesce(cut = lag(next_cut) OVER along, false) AS continues
        FROM rows_at_cuts
        WINDOW along AS (PARTITION BY fact, part, rank, valid_from, valid_to ORDER BY cut)
    ),
    runs AS (
        SELECT
            *,
            count(*) FILTER (NOT continues) OVER (
                PARTITION BY fact, part, rank, valid_from, valid_to ORDER BY cut
            ) AS run
        FROM along_reported
    )
SELECT
    fact, part, rank, valid_from, valid_to,
    min(cut) AS believed_from, max(next_cut) AS believed_until
FROM runs
GROUP BY fact, part, rank, valid_from, valid_to, run;
