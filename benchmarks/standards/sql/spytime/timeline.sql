-- Timeline: a spy's city is one fact, `spy-000001/city`. What a row of the original table is, is a belief over the
-- span in which it was held; each reporter's own beliefs are those of the policy by-origin.

-- Q1
SELECT text, valid_from, valid_to, believed_from, believed_until
FROM beliefs FOR REPORTED_TIME ALL
WHERE fact = $spy || '/city'

-- Q2
SELECT subject, text
FROM beliefs FOR REPORTED_TIME AS OF $known FOR VALID_TIME AS OF $valid

-- Q3
SELECT subject, text, believed_from, believed_until
FROM beliefs FOR REPORTED_TIME ALL FOR VALID_TIME AS OF $valid

-- Q4
SELECT subject, text, valid_from, valid_to
FROM beliefs FOR REPORTED_TIME AS OF $known

-- Q5
SELECT subject, text, valid_from, valid_to, believed_from, believed_until
FROM beliefs FOR REPORTED_TIME ALL FOR VALID_TIME FROM $valid TO $valid_end

-- Q6
SELECT other.subject, other.text, other.valid_from, other.valid_to
FROM beliefs FOR REPORTED_TIME AS OF $known AS other
WHERE other.subject <> $spy AND other.text IN (
    SELECT text FROM beliefs FOR REPORTED_TIME AS OF $known WHERE fact = $spy || '/city'
)

-- Q7
SELECT other.subject, other.text, own.valid_from, own.valid_to, other.valid_from, other.valid_to
FROM beliefs FOR REPORTED_TIME AS OF $known AS own
JOIN beliefs FOR REPORTED_TIME AS OF $known AS other USING (text)
WHERE own.fact = $spy || '/city' AND other.subject <> $spy
    AND own.valid_from < coalesce(other.valid_to, 'infinity')
    AND other.valid_from < coalesce(own.valid_to, 'infinity')

-- Q8
SELECT other.subject, other.text, own.valid_from, own.believed_from, other.valid_from, other.believed_from
FROM beliefs FOR REPORTED_TIME ALL AS own
JOIN beliefs FOR REPORTED_TIME ALL AS other USING (text)
WHERE own.fact = $spy || '/city' AND other.subject <> $spy
    AND own.believed_from < coalesce(other.believed_until, 'infinity')
    AND other.believed_from < coalesce(own.believed_until, 'infinity')

-- Q9
WITH claimed AS (
    SELECT * FROM belief_spans_as_of(policy := 'by-origin') WHERE fact = $spy || '/city'
)
SELECT one.origin, one.text, one.valid_from, another.origin, another.text, another.valid_from
FROM claimed AS one
JOIN claimed AS another ON one.origin < another.origin AND one.text <> another.text
WHERE one.valid_from < coalesce(another.valid_to, 'infinity')
    AND another.valid_from < coalesce(one.valid_to, 'infinity')
    AND one.believed_from < coalesce(another.believed_until, 'infinity')
    AND another.believed_from < coalesce(one.believed_until, 'infinity')

-- Q10
SELECT
    text, own.valid_from, other.valid_from,
    date_diff(
        'second',
        greatest(own.valid_from, other.valid_from),
        greatest(own.believed_from, other.believed_from)
    ) AS lag
FROM beliefs FOR REPORTED_TIME ALL AS own
JOIN beliefs FOR REPORTED_TIME ALL AS other USING (text)
WHERE own.fact = $spy || '/city' AND other.fact = $other || '/city'
    AND own.valid_from < coalesce(other.valid_to, 'infinity')
    AND other.valid_from < coalesce(own.valid_to, 'infinity')
