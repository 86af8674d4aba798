-- MariaDB: system-versioned tables whose system time is what was known. Application time is a pair of columns; what
-- has no beginning begins in 0001, and what has no end ends in 9999.

-- tables
CREATE TABLE supply_cost (
    part VARCHAR(20) NOT NULL,
    supplier VARCHAR(20) NOT NULL,
    cost DECIMAL(18, 2) NOT NULL,
    valid_from DATETIME(6) NOT NULL,
    valid_to DATETIME(6) NOT NULL,
    known_from TIMESTAMP(6) GENERATED ALWAYS AS ROW START,
    known_to TIMESTAMP(6) GENERATED ALWAYS AS ROW END,
    PERIOD FOR SYSTEM_TIME (known_from, known_to),
    PRIMARY KEY (part, supplier, valid_from),
    INDEX by_supplier (supplier),
    INDEX by_known (known_to, known_from, valid_from, valid_to, cost)
) WITH SYSTEM VERSIONING;
CREATE TABLE orders (
    ordered VARCHAR(20) NOT NULL,
    status VARCHAR(20) NOT NULL,
    valid_from DATETIME(6) NOT NULL,
    valid_to DATETIME(6) NOT NULL,
    known_from TIMESTAMP(6) GENERATED ALWAYS AS ROW START,
    known_to TIMESTAMP(6) GENERATED ALWAYS AS ROW END,
    PERIOD FOR SYSTEM_TIME (known_from, known_to),
    PRIMARY KEY (ordered, valid_from),
    INDEX by_known (known_to, known_from, valid_from, valid_to, status)
) WITH SYSTEM VERSIONING;
CREATE TABLE receivables (
    ordered VARCHAR(20) NOT NULL,
    customer VARCHAR(20) NOT NULL,
    amount DECIMAL(18, 2) NOT NULL,
    valid_from DATETIME(6) NOT NULL,
    valid_to DATETIME(6) NOT NULL,
    known_from TIMESTAMP(6) GENERATED ALWAYS AS ROW START,
    known_to TIMESTAMP(6) GENERATED ALWAYS AS ROW END,
    PERIOD FOR SYSTEM_TIME (known_from, known_to),
    PRIMARY KEY (ordered, customer, valid_from),
    INDEX by_customer (customer),
    INDEX by_known (known_to, known_from, valid_from, valid_to, amount),
    INDEX by_valid (valid_to, valid_from, known_from, known_to, amount)
) WITH SYSTEM VERSIONING;
CREATE TABLE customers (
    customer VARCHAR(20) NOT NULL,
    balance DECIMAL(18, 2) NOT NULL,
    valid_from DATETIME(6) NOT NULL,
    valid_to DATETIME(6) NOT NULL,
    known_from TIMESTAMP(6) GENERATED ALWAYS AS ROW START,
    known_to TIMESTAMP(6) GENERATED ALWAYS AS ROW END,
    PERIOD FOR SYSTEM_TIME (known_from, known_to),
    PRIMARY KEY (customer, valid_from),
    INDEX by_balance (balance)
) WITH SYSTEM VERSIONING;

-- T1
SELECT count(*), sum(cost)
FROM supply_cost FOR SYSTEM_TIME AS OF $known
WHERE valid_from <= $valid AND $valid < valid_to

-- T2
SELECT status, count(*)
FROM orders FOR SYSTEM_TIME AS OF $known
WHERE valid_from <= $valid AND $valid < valid_to
GROUP BY status

-- T4
SELECT ordered, customer, amount
FROM receivables FOR SYSTEM_TIME AS OF $known
WHERE valid_from <= $valid AND $valid < valid_to
ORDER BY amount DESC, ordered
LIMIT 10

-- T6.system
SELECT count(*), sum(amount)
FROM receivables FOR SYSTEM_TIME AS OF $known

-- T6.application
SELECT count(*), sum(amount)
FROM receivables FOR SYSTEM_TIME ALL
WHERE valid_from <= $valid AND $valid < valid_to

-- K1
SELECT balance, valid_from, nullif(valid_to, '9999-12-31'), known_from, known_to
FROM customers FOR SYSTEM_TIME ALL
WHERE customer = $customer

-- K2
SELECT balance, valid_from, nullif(valid_to, '9999-12-31'), known_from, known_to
FROM customers FOR SYSTEM_TIME FROM $known TO $known_end
WHERE customer = $customer

-- K4
SELECT balance, valid_from, nullif(valid_to, '9999-12-31'), known_from, known_to
FROM customers FOR SYSTEM_TIME ALL
WHERE customer = $customer
ORDER BY known_from DESC, valid_from DESC
LIMIT 5

-- K5
SELECT balance, valid_from, nullif(valid_to, '9999-12-31'), known_from, known_to
FROM customers FOR SYSTEM_TIME ALL
WHERE customer = $customer AND known_to <= $known
ORDER BY known_to DESC, valid_from DESC
LIMIT 1

-- K6
SELECT customer, balance, valid_from, nullif(valid_to, '9999-12-31'), known_from, known_to
FROM customers FOR SYSTEM_TIME ALL
WHERE balance >= $least AND balance < $most

-- R1
SELECT earlier.status, later.status, count(*)
FROM orders FOR SYSTEM_TIME AS OF $known AS earlier
JOIN orders FOR SYSTEM_TIME AS OF $known_end AS later ON later.ordered = earlier.ordered
WHERE earlier.valid_from <= $known AND $known < earlier.valid_to
    AND later.valid_from <= $known_end AND $known_end < later.valid_to
GROUP BY earlier.status, later.status

-- R3a
WITH held AS (
    SELECT known_from, known_to
    FROM receivables FOR SYSTEM_TIME ALL
    WHERE valid_from <= $valid AND $valid < valid_to
),
steps AS (
    SELECT instant, sum(step) AS step
    FROM (
        SELECT known_from AS instant, 1 AS step FROM held
        UNION ALL
        SELECT known_to, -1 FROM held WHERE known_to < TIMESTAMP '2038-01-19 03:14:07'
    ) AS ends
    GROUP BY instant
)
SELECT count(*), max(level), sum(level)
FROM (SELECT sum(step) OVER (ORDER BY instant) AS level FROM steps) AS levels

-- R3b
WITH RECURSIVE months AS (
    SELECT $month AS asked, 1 AS nth
    UNION ALL
    SELECT $month + INTERVAL nth MONTH, nth + 1 FROM months WHERE nth < 24
)
SELECT asked, count(*), max(amount)
FROM months
JOIN receivables FOR SYSTEM_TIME ALL
    ON valid_from <= asked AND asked < valid_to AND known_from <= asked AND asked < known_to
GROUP BY asked

-- R5
SELECT count(*), count(DISTINCT customers.customer)
FROM customers FOR SYSTEM_TIME ALL
JOIN receivables FOR SYSTEM_TIME ALL ON receivables.customer = customers.customer
WHERE balance < $least AND amount > $most
    AND customers.valid_from < receivables.valid_to AND receivables.valid_from < customers.valid_to
    AND customers.known_from < receivables.known_to AND receivables.known_from < customers.known_to

-- R7
SELECT earlier.supplier, count(*)
FROM supply_cost FOR SYSTEM_TIME ALL AS earlier
JOIN supply_cost FOR SYSTEM_TIME ALL AS later
    ON later.part = earlier.part AND later.supplier = earlier.supplier
WHERE later.known_from = earlier.known_to AND later.cost > earlier.cost * 1.075
    AND earlier.valid_from <= later.valid_from AND later.valid_from < earlier.valid_to
GROUP BY earlier.supplier
