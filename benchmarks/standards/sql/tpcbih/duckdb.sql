-- DuckDB over the raw reports, where there is a better way than resolving all of them: functions that take the last
-- report of each key at a point of both times, that resolve one customer, or what was reported by an instant.

-- T1
SELECT count(*), sum(cost) FROM supply_cost_at($valid, $known)

-- T2
SELECT status, count(*) FROM orders_at($valid, $known) GROUP BY status

-- T4
SELECT ordered, customer, amount
FROM receivables_at($valid, $known)
ORDER BY amount DESC, ordered
LIMIT 10

-- T6.system
SELECT count(*), sum(amount) FROM receivables_known($known)

-- K1
SELECT balance, valid_from, nullif(valid_to, 'infinity'), known_from, nullif(known_to, 'infinity')
FROM customers_of($customer)

-- K2
SELECT balance, valid_from, nullif(valid_to, 'infinity'), known_from, nullif(known_to, 'infinity')
FROM customers_of($customer)
WHERE known_from < $known_end AND $known < known_to

-- K4
SELECT balance, valid_from, nullif(valid_to, 'infinity'), known_from, nullif(known_to, 'infinity')
FROM customers_of($customer)
ORDER BY known_from DESC, valid_from DESC
LIMIT 5

-- K5
SELECT balance, valid_from, nullif(valid_to, 'infinity'), known_from, nullif(known_to, 'infinity')
FROM customers_of($customer)
WHERE known_to <= $known
ORDER BY known_to DESC, valid_from DESC
LIMIT 1

-- R1
SELECT earlier.status, later.status, count(*)
FROM orders_at($known, $known) AS earlier
JOIN orders_at($known_end, $known_end) AS later USING (ordered)
GROUP BY ALL

-- B3.point.point
SELECT other.part, supplier, count(*)
FROM supply_cost_at($valid, $known) AS own
JOIN supply_cost_at($valid, $known) AS other USING (supplier)
WHERE own.part = $part AND other.part <> $part
GROUP BY other.part, supplier
