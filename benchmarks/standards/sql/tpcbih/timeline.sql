-- Timeline: an attribute of a row is a fact, such as `part-00001/supply-cost/supplier-0001` or
-- `order-0000001/status`; application time is its valid time, system time the reported axis.

-- T1
SELECT count(*), sum(amount)
FROM beliefs FOR REPORTED_TIME AS OF $known FOR VALID_TIME AS OF $valid
WHERE attribute = 'supply-cost'

-- T2
SELECT text, count(*)
FROM beliefs FOR REPORTED_TIME AS OF $known FOR VALID_TIME AS OF $valid
WHERE attribute = 'status'
GROUP BY text

-- T4
SELECT subject, object, amount
FROM beliefs FOR REPORTED_TIME AS OF $known FOR VALID_TIME AS OF $valid
WHERE attribute = 'receivable'
ORDER BY amount DESC, subject
LIMIT 10

-- T6.system
SELECT count(*), sum(amount)
FROM beliefs FOR REPORTED_TIME AS OF $known
WHERE attribute = 'receivable'

-- T6.application
SELECT count(*), sum(amount)
FROM beliefs FOR REPORTED_TIME ALL FOR VALID_TIME AS OF $valid
WHERE attribute = 'receivable'

-- K1
SELECT amount, valid_from, valid_to, believed_from, believed_until
FROM beliefs FOR REPORTED_TIME ALL
WHERE fact = $customer || '/balance'

-- K2
SELECT amount, valid_from, valid_to, believed_from, believed_until
FROM beliefs FOR REPORTED_TIME FROM $known TO $known_end
WHERE fact = $customer || '/balance'

-- K4
SELECT amount, valid_from, valid_to, believed_from, believed_until
FROM beliefs FOR REPORTED_TIME ALL
WHERE fact = $customer || '/balance'
ORDER BY believed_from DESC, valid_from DESC
LIMIT 5

-- K5
SELECT amount, valid_from, valid_to, believed_from, believed_until
FROM beliefs FOR REPORTED_TIME ALL
WHERE fact = $customer || '/balance' AND believed_until <= $known
ORDER BY believed_until DESC, valid_from DESC
LIMIT 1

-- K6
SELECT subject, amount, valid_from, valid_to, believed_from, believed_until
FROM beliefs FOR REPORTED_TIME ALL
WHERE attribute = 'balance' AND subject LIKE 'customer-%' AND amount >= $least AND amount < $most

-- R1
SELECT earlier.text, later.text, count(*)
FROM beliefs FOR REPORTED_TIME AS OF $known FOR VALID_TIME AS OF $known AS earlier
JOIN beliefs FOR REPORTED_TIME AS OF $known_end FOR VALID_TIME AS OF $known_end AS later USING (fact)
WHERE earlier.attribute = 'status'
GROUP BY ALL

-- R3a
WITH held AS (
    SELECT believed_from, believed_until
    FROM beliefs FOR REPORTED_TIME ALL FOR VALID_TIME AS OF $valid
    WHERE attribute = 'receivable'
),
steps AS (
    SELECT instant, sum(step) AS step
    FROM (
        SELECT believed_from AS instant, 1 AS step FROM held
        UNION ALL
        SELECT believed_until, -1 FROM held WHERE believed_until IS NOT NULL
    )
    GROUP BY instant
)
SELECT count(*), max(level), sum(level)
FROM (SELECT sum(step) OVER (ORDER BY instant) AS level FROM steps)

-- R3b
SELECT asked, count(*), max(amount)
FROM range($month, $month + INTERVAL 24 MONTH, INTERVAL 1 MONTH) AS months (asked),
    beliefs FOR REPORTED_TIME AS OF months.asked FOR VALID_TIME AS OF months.asked
WHERE attribute = 'receivable'
GROUP BY asked

-- R5
SELECT count(*), count(DISTINCT customers.subject)
FROM beliefs FOR REPORTED_TIME ALL AS customers
JOIN beliefs FOR REPORTED_TIME ALL AS receivables ON receivables.object = customers.subject
WHERE customers.attribute = 'balance' AND receivables.attribute = 'receivable'
    AND customers.amount < $least AND receivables.amount > $most
    AND customers.valid_from < coalesce(receivables.valid_to, 'infinity')
    AND receivables.valid_from < coalesce(customers.valid_to, 'infinity')
    AND customers.believed_from < coalesce(receivables.believed_until, 'infinity')
    AND receivables.believed_from < coalesce(customers.believed_until, 'infinity')

-- R7
SELECT before.object, count(*)
FROM beliefs FOR REPORTED_TIME ALL AS before
JOIN beliefs FOR REPORTED_TIME ALL AS after
    ON after.fact = before.fact AND after.believed_from = before.believed_until
WHERE before.attribute = 'supply-cost' AND after.amount > before.amount * 1.075
    AND before.valid_from <= after.valid_from
    AND after.valid_from < coalesce(before.valid_to, 'infinity')
GROUP BY before.object
