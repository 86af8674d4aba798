-- The spans of `narrowed` about some subjects, `shown`, in the order that a page has the beliefs of a subject in:
-- that of `rows`.
SELECT
    * EXCLUDE (believed_until),
    CASE WHEN believed_until < TIMESTAMP 'infinity' THEN believed_until END AS believed_until
FROM narrowed
WHERE subject IN (SELECT unnest($shown::VARCHAR[]))
ORDER BY
    CASE
        WHEN value_type = 'amount' AND unit SIMILAR TO '[A-Z]{3}' THEN 0
        WHEN value_type = 'amount' AND unit = 'percent' THEN 1
        WHEN value_type = 'amount' THEN 2
        WHEN value_type = 'date' THEN 3
        ELSE 4
    END,
    amount DESC NULLS LAST, fact, valid_from NULLS FIRST, origin
