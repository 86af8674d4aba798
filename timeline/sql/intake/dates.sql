-- Each distinct text that stands for a date; the usual shapes are read here and have a `lower`.
CREATE TEMP TABLE dates AS
SELECT
    given,
    CASE
        WHEN regexp_full_match(given, '[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN 'day'
        WHEN
            regexp_full_match(
                given,
                '[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?Z'
            )
            THEN 'instant'
    END AS shape,
    if(shape IS NULL OR given[:4] = '0000', NULL, try_cast(rtrim(given, 'Z') AS TIMESTAMP)) AS lower
FROM (
    SELECT DISTINCT reported AS given FROM given
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
    SELECT DISTINCT period FROM parts
)
WHERE given IS NOT NULL;
