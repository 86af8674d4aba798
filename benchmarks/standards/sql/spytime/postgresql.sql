-- PostgreSQL: two ranges a row, with a GiST index over both.

-- tables
CREATE TABLE spies (spy text NOT NULL, city text NOT NULL, valid tsrange NOT NULL, known tsrange NOT NULL);
CREATE TABLE claims (
    spy text NOT NULL, reporter text NOT NULL, city text NOT NULL, valid tsrange NOT NULL, known tsrange NOT NULL
);

-- indexes
CREATE INDEX ON spies (spy, lower(known));
CREATE INDEX ON spies (city);
CREATE INDEX ON spies USING gist (valid, known);
CREATE INDEX ON spies USING gist (known);
CREATE INDEX ON claims (spy, lower(known));
VACUUM (FREEZE, ANALYZE) spies;
VACUUM (FREEZE, ANALYZE) claims;

-- Q1
SELECT city, lower(valid), upper(valid), lower(known), upper(known)
FROM spies
WHERE spy = $spy

-- Q2
SELECT spy, city
FROM spies
WHERE valid @> $valid AND known @> $known

-- Q3
SELECT spy, city, lower(known), upper(known)
FROM spies
WHERE valid @> $valid

-- Q4
SELECT spy, city, lower(valid), upper(valid)
FROM spies
WHERE known @> $known

-- Q5
SELECT spy, city, lower(valid), upper(valid), lower(known), upper(known)
FROM spies
WHERE valid && tsrange($valid, $valid_end)

-- Q6
SELECT spy, city, lower(valid), upper(valid)
FROM spies
WHERE known @> $known AND spy <> $spy
    AND city IN (SELECT city FROM spies WHERE spy = $spy AND known @> $known)

-- Q7
SELECT other.spy, other.city, lower(own.valid), upper(own.valid), lower(other.valid), upper(other.valid)
FROM spies AS own
JOIN spies AS other USING (city)
WHERE own.spy = $spy AND other.spy <> $spy
    AND own.known @> $known AND other.known @> $known AND own.valid && other.valid

-- Q8
SELECT other.spy, other.city, lower(own.valid), lower(own.known), lower(other.valid), lower(other.known)
FROM spies AS own
JOIN spies AS other USING (city)
WHERE own.spy = $spy AND other.spy <> $spy AND own.known && other.known

-- Q9
SELECT one.reporter, one.city, lower(one.valid), another.reporter, another.city, lower(another.valid)
FROM claims AS one
JOIN claims AS another USING (spy)
WHERE spy = $spy AND one.reporter < another.reporter AND one.city <> another.city
    AND one.valid && another.valid AND one.known && another.known

-- Q10
SELECT
    city, lower(own.valid), lower(other.valid),
    extract(
        epoch FROM greatest(lower(own.known), lower(other.known)) - greatest(lower(own.valid), lower(other.valid))
    )::bigint AS lag
FROM spies AS own
JOIN spies AS other USING (city)
WHERE own.spy = $spy AND other.spy = $other AND own.valid && other.valid
