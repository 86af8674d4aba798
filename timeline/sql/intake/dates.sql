-- Each distinct text that stands for a date; those of the usual shape are read here and have a `lower`. Of
-- reported dates only those that are not read row by row.
CREATE OR REPLACE TEMP TABLE dates AS
SELECT
    given,
    if(regexp_full_match(given, '[0-9]{4}-[0-9]{2}-[0-9]{2}') AND given[:4] <> '0000', 'day', 'instant') AS shape,
    if(shape = 'day', try_cast(given AS TIMESTAMP), plain_instant(given)) AS lower
FROM (
    SELECT DISTINCT reported AS given FROM given WHERE reported_instant IS NULL
    UNION
    SELECT DISTINCT date FROM given
    UNION
    SELECT DISTINCT period FROM given
    UNION
    SELECT DISTINCT period_from FROM given
    UNION
    SELECT DISTINCT period_to FROM given
    UNION
    SELECT DISTINCT valid FROM given
    UNION
    SELECT DISTINCT valid_from FROM given
    UNION
    SELECT DISTINCT valid_to FROM given
    UNION
    SELECT DISTINCT fact_period FROM normalized
)
WHERE given IS NOT NULL;
