-- DuckDB: the versions as two tables kept by hand, `spies` and, for each reporter's own word, `claims`, with
-- 'infinity' where something has no end. Over the raw reports the same names are views.

-- Q1
SELECT city, valid_from, nullif(valid_to, 'infinity'), known_from, nullif(known_to, 'infinity')
FROM spies
WHERE spy = $spy

-- Q2
SELECT spy, city
FROM spies
WHERE valid_from <= $valid AND $valid < valid_to AND known_from <= $known AND $known < known_to

-- Q3
SELECT spy, city, known_from, nullif(known_to, 'infinity')
FROM spies
WHERE valid_from <= $valid AND $valid < valid_to

-- Q4
SELECT spy, city, valid_from, nullif(valid_to, 'infinity')
FROM spies
WHERE known_from <= $known AND $known < known_to

-- Q5
SELECT spy, city, valid_from, nullif(valid_to, 'infinity'), known_from, nullif(known_to, 'infinity')
FROM spies
WHERE valid_from < $valid_end AND $valid < valid_to

-- Q6
WITH held AS (FROM spies WHERE known_from <= $known AND $known < known_to)
SELECT spy, city, valid_from, nullif(valid_to, 'infinity')
FROM held
WHERE spy <> $spy AND city IN (SELECT city FROM held WHERE spy = $spy)

-- Q7
WITH held AS (FROM spies WHERE known_from <= $known AND $known < known_to)
SELECT
    other.spy, city,
    own.valid_from, nullif(own.valid_to, 'infinity'), other.valid_from, nullif(other.valid_to, 'infinity')
FROM held AS own
JOIN held AS other USING (city)
WHERE own.spy = $spy AND other.spy <> $spy
    AND own.valid_from < other.valid_to AND other.valid_from < own.valid_to

-- Q8
SELECT other.spy, city, own.valid_from, own.known_from, other.valid_from, other.known_from
FROM spies AS own
JOIN spies AS other USING (city)
WHERE own.spy = $spy AND other.spy <> $spy
    AND own.known_from < other.known_to AND other.known_from < own.known_to

-- Q9
SELECT one.reporter, one.city, one.valid_from, another.reporter, another.city, another.valid_from
FROM claims AS one
JOIN claims AS another USING (spy)
WHERE spy = $spy AND one.reporter < another.reporter AND one.city <> another.city
    AND one.valid_from < another.valid_to AND another.valid_from < one.valid_to
    AND one.known_from < another.known_to AND another.known_from < one.known_to

-- Q10
SELECT
    city, own.valid_from, other.valid_from,
    date_diff(
        'second', greatest(own.valid_from, other.valid_from), greatest(own.known_from, other.known_from)
    ) AS lag
FROM spies AS own
JOIN spies AS other USING (city)
WHERE own.spy = $spy AND other.spy = $other
    AND own.valid_from < other.valid_to AND other.valid_from < own.valid_to
