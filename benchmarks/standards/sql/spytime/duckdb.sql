-- DuckDB over the raw reports, where there is a better way than resolving all of them. `reports` is the Parquet file,
-- `spies_of` and `claims_of` resolve the reports of one spy, `spies_known` resolves what was reported by an instant.

-- Q1
SELECT city, valid_from, nullif(valid_to, 'infinity'), known_from, nullif(known_to, 'infinity')
FROM spies_of($spy)

-- Q2
SELECT subject, text
FROM reports
WHERE coalesce(valid_from, '-infinity') <= $valid AND $valid < coalesce(valid_to, 'infinity') AND reported <= $known
QUALIFY row_number() OVER (PARTITION BY subject ORDER BY reported DESC, n DESC) = 1 AND type = 'reported'

-- Q4
SELECT spy, city, valid_from, nullif(valid_to, 'infinity')
FROM spies_known($known)

-- Q6
WITH held AS (FROM spies_known($known))
SELECT spy, city, valid_from, nullif(valid_to, 'infinity')
FROM held
WHERE spy <> $spy AND city IN (SELECT city FROM held WHERE spy = $spy)

-- Q7
WITH held AS (FROM spies_known($known))
SELECT
    other.spy, city,
    own.valid_from, nullif(own.valid_to, 'infinity'), other.valid_from, nullif(other.valid_to, 'infinity')
FROM held AS own
JOIN held AS other USING (city)
WHERE own.spy = $spy AND other.spy <> $spy
    AND own.valid_from < other.valid_to AND other.valid_from < own.valid_to

-- Q9
SELECT one.reporter, one.city, one.valid_from, another.reporter, another.city, another.valid_from
FROM claims_of($spy) AS one
JOIN claims_of($spy) AS another ON one.reporter < another.reporter AND one.city <> another.city
WHERE one.valid_from < another.valid_to AND another.valid_from < one.valid_to
    AND one.known_from < another.known_to AND another.known_from < one.known_to

-- Q10
SELECT
    city, own.valid_from, other.valid_from,
    date_diff(
        'second', greatest(own.valid_from, other.valid_from), greatest(own.known_from, other.known_from)
    ) AS lag
FROM spies_of($spy) AS own
JOIN spies_of($other) AS other USING (city)
WHERE own.valid_from < other.valid_to AND other.valid_from < own.valid_to
