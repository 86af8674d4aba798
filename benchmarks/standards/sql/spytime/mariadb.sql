-- MariaDB: system-versioned tables whose system time is what was known. Valid time is a pair of columns, since an
-- application-time period cannot be queried as one; what has no end ends in 9999.

-- tables
CREATE TABLE spies (
    spy VARCHAR(20) NOT NULL,
    city VARCHAR(20) NOT NULL,
    valid_from DATETIME(6) NOT NULL,
    valid_to DATETIME(6) NOT NULL,
    known_from TIMESTAMP(6) GENERATED ALWAYS AS ROW START,
    known_to TIMESTAMP(6) GENERATED ALWAYS AS ROW END,
    PERIOD FOR SYSTEM_TIME (known_from, known_to),
    PRIMARY KEY (spy, valid_from),
    INDEX by_city (city),
    INDEX by_valid (valid_to, valid_from),
    INDEX by_known (known_to, known_from)
) WITH SYSTEM VERSIONING;
CREATE TABLE claims (
    spy VARCHAR(20) NOT NULL,
    reporter VARCHAR(20) NOT NULL,
    city VARCHAR(20) NOT NULL,
    valid_from DATETIME(6) NOT NULL,
    valid_to DATETIME(6) NOT NULL,
    known_from TIMESTAMP(6) GENERATED ALWAYS AS ROW START,
    known_to TIMESTAMP(6) GENERATED ALWAYS AS ROW END,
    PERIOD FOR SYSTEM_TIME (known_from, known_to),
    PRIMARY KEY (spy, reporter, valid_from)
) WITH SYSTEM VERSIONING;

-- Q1
SELECT city, valid_from, nullif(valid_to, '9999-12-31'), known_from, known_to
FROM spies FOR SYSTEM_TIME ALL
WHERE spy = $spy

-- Q2
SELECT spy, city
FROM spies FOR SYSTEM_TIME AS OF $known
WHERE valid_from <= $valid AND $valid < valid_to

-- Q3
SELECT spy, city, known_from, known_to
FROM spies FOR SYSTEM_TIME ALL
WHERE valid_from <= $valid AND $valid < valid_to

-- Q4
SELECT spy, city, valid_from, nullif(valid_to, '9999-12-31')
FROM spies FOR SYSTEM_TIME AS OF $known

-- Q5
SELECT spy, city, valid_from, nullif(valid_to, '9999-12-31'), known_from, known_to
FROM spies FOR SYSTEM_TIME ALL
WHERE valid_from < $valid_end AND $valid < valid_to

-- Q6
SELECT spy, city, valid_from, nullif(valid_to, '9999-12-31')
FROM spies FOR SYSTEM_TIME AS OF $known
WHERE spy <> $spy AND city IN (SELECT city FROM spies FOR SYSTEM_TIME AS OF $known WHERE spy = $spy)

-- Q7
SELECT
    other.spy, other.city,
    own.valid_from, nullif(own.valid_to, '9999-12-31'), other.valid_from, nullif(other.valid_to, '9999-12-31')
FROM spies FOR SYSTEM_TIME AS OF $known AS own
JOIN spies FOR SYSTEM_TIME AS OF $known AS other ON other.city = own.city
WHERE own.spy = $spy AND other.spy <> $spy
    AND own.valid_from < other.valid_to AND other.valid_from < own.valid_to

-- Q8
SELECT other.spy, other.city, own.valid_from, own.known_from, other.valid_from, other.known_from
FROM spies FOR SYSTEM_TIME ALL AS own
JOIN spies FOR SYSTEM_TIME ALL AS other ON other.city = own.city
WHERE own.spy = $spy AND other.spy <> $spy
    AND own.known_from < other.known_to AND other.known_from < own.known_to

-- Q9
SELECT one.reporter, one.city, one.valid_from, another.reporter, another.city, another.valid_from
FROM claims FOR SYSTEM_TIME ALL AS one
JOIN claims FOR SYSTEM_TIME ALL AS another ON another.spy = one.spy
WHERE one.spy = $spy AND one.reporter < another.reporter AND one.city <> another.city
    AND one.valid_from < another.valid_to AND another.valid_from < one.valid_to
    AND one.known_from < another.known_to AND another.known_from < one.known_to

-- Q10
SELECT
    own.city, own.valid_from, other.valid_from,
    timestampdiff(
        SECOND, greatest(own.valid_from, other.valid_from), greatest(own.known_from, other.known_from)
    ) AS lag_in_seconds
FROM spies FOR SYSTEM_TIME ALL AS own
JOIN spies FOR SYSTEM_TIME ALL AS other ON other.city = own.city
WHERE own.spy = $spy AND other.spy = $other
    AND own.valid_from < other.valid_to AND other.valid_from < own.valid_to
