-- PostgreSQL: two ranges a row, with a GiST index over both.

-- tables
CREATE TABLE supply_cost (
    part text NOT NULL, supplier text NOT NULL, cost numeric(18, 2) NOT NULL,
    valid tsrange NOT NULL, known tsrange NOT NULL
);
CREATE TABLE orders (ordered text NOT NULL, status text NOT NULL, valid tsrange NOT NULL, known tsrange NOT NULL);
CREATE TABLE receivables (
    ordered text NOT NULL, customer text NOT NULL, amount numeric(18, 2) NOT NULL,
    valid tsrange NOT NULL, known tsrange NOT NULL
);
CREATE TABLE customers (
    customer text NOT NULL, balance numeric(18, 2) NOT NULL, valid tsrange NOT NULL, known tsrange NOT NULL
);

-- indexes
CREATE INDEX ON supply_cost (part, supplier, lower(known));
CREATE INDEX ON supply_cost (supplier);
CREATE INDEX ON supply_cost USING gist (valid, known);
CREATE INDEX ON orders (ordered, lower(known));
CREATE INDEX ON orders USING gist (valid, known);
CREATE INDEX ON receivables (ordered, lower(known));
CREATE INDEX ON receivables (customer);
CREATE INDEX ON receivables USING gist (valid, known);
CREATE INDEX ON receivables USING gist (known);
CREATE INDEX ON customers (customer, lower(known));
CREATE INDEX ON customers (balance);
VACUUM (FREEZE, ANALYZE) supply_cost;
VACUUM (FREEZE, ANALYZE) orders;
VACUUM (FREEZE, ANALYZE) receivables;
VACUUM (FREEZE, ANALYZE) customers;

-- T1
SELECT count(*), sum(cost)
FROM supply_cost
WHERE valid @> $valid AND known @> $known

-- T2
SELECT status, count(*)
FROM orders
WHERE valid @> $valid AND known @> $known
GROUP BY status

-- T4
SELECT ordered, customer, amount
FROM receivables
WHERE valid @> $valid AND known @> $known
ORDER BY amount DESC, ordered
LIMIT 10

-- T6.system
SELECT count(*), sum(amount)
FROM receivables
WHERE known @> $known

-- T6.application
SELECT count(*), sum(amount)
FROM receivables
WHERE valid @> $valid

-- K1
SELECT balance, lower(valid), upper(valid), lower(known), upper(known)
FROM customers
WHERE customer = $customer

-- K2
SELECT balance, lower(valid), upper(valid), lower(known), upper(known)
FROM customers
WHERE customer = $customer AND known && tsrange($known, $known_end)

-- K4
SELECT balance, lower(valid), upper(valid), lower(known), upper(known)
FROM customers
WHERE customer = $customer
ORDER BY lower(known) DESC, lower(valid) DESC
LIMIT 5

-- K5
SELECT balance, lower(valid), upper(valid), lower(known), upper(known)
FROM customers
WHERE customer = $customer AND upper(known) <= $known
ORDER BY upper(known) DESC, lower(valid) DESC
LIMIT 1

-- K6
SELECT customer, balance, lower(valid), upper(valid), lower(known), upper(known)
FROM customers
WHERE balance >= $least AND balance < $most

-- R1
SELECT earlier.status, later.status, count(*)
FROM orders AS earlier
JOIN orders AS later USING (ordered)
WHERE earlier.valid @> $known AND earlier.known @> $known
    AND later.valid @> $known_end AND later.known @> $known_end
GROUP BY earlier.status, later.status

-- R3a
WITH held AS (
    SELECT known FROM receivables WHERE valid @> $valid
),
steps AS (
    SELECT instant, sum(step) AS step
    FROM (
        SELECT lower(known) AS instant, 1 AS step FROM held
        UNION ALL
        SELECT upper(known), -1 FROM held WHERE NOT upper_inf(known)
    ) AS ends
    GROUP BY instant
)
SELECT count(*), max(level), sum(level)
FROM (SELECT sum(step) OVER (ORDER BY instant) AS level FROM steps) AS levels

-- R3b
SELECT asked, count(*), max(amount)
FROM generate_series($month, $month + INTERVAL '23 months', INTERVAL '1 month') AS months (asked)
JOIN receivables ON valid @> asked AND known @> asked
GROUP BY asked

-- R5
SELECT count(*), count(DISTINCT customer)
FROM customers
JOIN receivables USING (customer)
WHERE balance < $least AND amount > $most
    AND customers.valid && receivables.valid AND customers.known && receivables.known

-- R7
SELECT supplier, count(*)
FROM supply_cost AS earlier
JOIN supply_cost AS later USING (part, supplier)
WHERE lower(later.known) = upper(earlier.known) AND later.cost > earlier.cost * 1.075
    AND earlier.valid @> lower(later.valid)
GROUP BY supplier
