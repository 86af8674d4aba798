-- The canonical text of each distinct span in a relation with the columns lower and upper, NULL being
-- unbounded on that side: `times.period_text`. A span is told in the coarsest unit that both its ends fit: 0 is
-- a year, 1 a month, 2 a day, 3 an instant.
CREATE OR REPLACE TEMP MACRO spans_of(relation) AS TABLE
WITH
    edges AS (
        SELECT DISTINCT
            lower,
            upper,
            CASE
                WHEN lower <> date_trunc('day', lower) OR upper <> date_trunc('day', upper) THEN 3
                WHEN day(lower) > 1 OR day(upper) > 1 THEN 2
                WHEN month(lower) > 1 OR month(upper) > 1 THEN 1
                ELSE 0
            END AS unit
        FROM query_table(relation)
    ),
    told AS (
        SELECT
            lower,
            upper,
            coalesce(if(unit = 3, instant_text(lower), strftime(lower, '%Y-%m-%d')[:4 + 3 * unit]), '..') AS start,
            coalesce(
                if(
                    unit = 3,
                    instant_text(upper),
                    strftime(upper - INTERVAL 1 MICROSECOND, '%Y-%m-%d')[:4 + 3 * unit]
                ),
                '..'
            ) AS ending
        FROM edges
    )
SELECT
    lower,
    upper,
    CASE
        WHEN upper = lower + INTERVAL 1 MICROSECOND THEN instant_text(lower)
        WHEN start = ending THEN start
        ELSE start || '/' || ending
    END AS period
FROM told
