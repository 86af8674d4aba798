-- The bounds of every text that is a date: `times.Edtf`. What is missing here is none. As that of a span, `upper`
-- is `times.no_end`; as that of a value, `date_to` is `times.value_end`.
CREATE OR REPLACE TEMP TABLE edtf AS
SELECT
    given,
    given AS text,
    lower,
    nullif(ending, TIMESTAMP '10000-01-01') AS upper,
    least(ending, TIMESTAMP '9999-12-31 23:59:59.999999') AS date_to,
    lower AS reported_from,
    ending - INTERVAL 1 MICROSECOND AS reported_at
FROM (
    SELECT *, lower + if(shape = 'day', INTERVAL 1 DAY, INTERVAL 1 MICROSECOND) AS ending
    FROM dates
    WHERE lower IS NOT NULL
)
UNION ALL
FROM edtf_read;
