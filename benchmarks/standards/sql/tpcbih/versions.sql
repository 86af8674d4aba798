-- DuckDB: a table for each attribute of the benchmark's tables, kept by hand, with 'infinity' where something has
-- no end. Over the raw reports the same names are views.

-- T1
SELECT count(*), sum(cost)
FROM supply_cost
WHERE valid_from <= $valid AND $valid < valid_to AND known_from <= $known AND $known < known_to

-- T2
SELECT status, count(*)
FROM orders
WHERE valid_from <= $valid AND $valid < valid_to AND known_from <= $known AND $known < known_to
GROUP BY status

-- T4
SELECT ordered, customer, amount
FROM receivables
WHERE valid_from <= $valid AND $valid < valid_to AND known_from <= $known AND $known < known_to
ORDER BY amount DESC, ordered
LIMIT 10

-- T6.system
SELECT count(*), sum(amount)
FROM receivables
WHERE known_from <= $known AND $known < known_to

-- T6.application
SELECT count(*), sum(amount)
FROM receivables
WHERE valid_from <= $valid AND $valid < valid_to

-- K1
SELECT balance, valid_from, nullif(valid_to, 'infinity'), known_from, nullif(known_to, 'infinity')
FROM customers
WHERE customer = $customer

-- K2
SELECT balance, valid_from, nullif(valid_to, 'infinity'), known_from, nullif(known_to, 'infinity')
FROM customers
WHERE customer = $customer AND known_from < $known_end AND $known < known_to

-- K4
SELECT balance, valid_from, nullif(valid_to, 'infinity'), known_from, nullif(known_to, 'infinity')
FROM customers
WHERE customer = $customer
ORDER BY known_from DESC, valid_from DESC
LIMIT 5

-- K5
SELECT balance, valid_from, nullif(valid_to, 'infinity'), known_from, nullif(known_to, 'infinity')
FROM customers
WHERE customer = $customer AND known_to <= $known
ORDER BY known_to DESC, valid_from DESC
LIMIT 1

-- K6
SELECT customer, balance, valid_from, nullif(valid_to, 'infinity'), known_from, nullif(known_to, 'infinity')
FROM customers
WHERE balance >= $least AND balance < $most

-- R1
SELECT earlier.status, later.status, count(*)
FROM orders AS earlier
JOIN orders AS later USING (ordered)
WHERE earlier.valid_from <= $known AND $known < earlier.valid_to
    AND earlier.known_from <= $known AND $known < earlier.known_to
    AND later.valid_from <= $known_end AND $known_end < later.valid_to
    AND later.known_from <= $known_end AND $known_end < later.known_to
GROUP BY ALL

-- R3a
WITH held AS (
    SELECT known_from, known_to FROM receivables WHERE valid_from <= $valid AND $valid < valid_to
),
steps AS (
    SELECT instant, sum(step) AS step
    FROM (
        SELECT known_from AS instant, 1 AS step FROM held
        UNION ALL
        SELECT known_to, -1 FROM held WHERE known_to < 'infinity'
    )
    GROUP BY instant
)
SELECT count(*), max(level), sum(level)
FROM (SELECT sum(step) OVER (ORDER BY instant) AS level FROM steps)

-- R3b
SELECT asked, count(*), max(amount)
FROM range($month, $month + INTERVAL 24 MONTH, INTERVAL 1 MONTH) AS months (asked)
JOIN receivables ON valid_from <= asked AND asked < valid_to AND known_from <= asked AND asked < known_to
GROUP BY asked

-- R5
SELECT count(*), count(DISTINCT customer)
FROM customers
JOIN receivables USING (customer)
WHERE balance < $least AND amount > $most
    AND customers.valid_from < receivables.valid_to AND receivables.valid_from < customers.valid_to
    AND customers.known_from < receivables.known_to AND receivables.known_from < customers.known_to

-- R7
SELECT supplier, count(*)
FROM supply_cost AS before
JOIN supply_cost AS after USING (part, supplier)
WHERE after.known_from = before.known_to AND after.cost > before.cost * 1.075
    AND before.valid_from <= after.valid_from AND after.valid_from < before.valid_to
GROUP BY supplier
