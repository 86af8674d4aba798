-- The bounds of every text that is a date: `times.Edtf`. What is missing here is none.
CREATE OR REPLACE TEMP TABLE edtf AS
SELECT
    given,
    given AS text,
    lower,
    if(shape = 'day', lower + INTERVAL 1 DAY, lower + INTERVAL 1 MICROSECOND) AS upper,
    lower AS reported_from,
    upper - INTERVAL 1 MICROSECOND AS reported_at
FROM dates
WHERE lower IS NOT NULL
UNION ALL
FROM edtf_read;
