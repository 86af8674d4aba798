-- The beliefs of `narrowed` about some subjects, `shown`, in the order of a page: within a subject money,
-- shares, other amounts, dates, and the rest.
FROM narrowed
WHERE subject IN (SELECT unnest($shown::VARCHAR[]))
ORDER BY
    list_position($shown::VARCHAR[], subject),
    CASE
        WHEN value_type = 'amount' AND unit SIMILAR TO '[A-Z]{3}' THEN 0
        WHEN value_type = 'amount' AND unit = 'percent' THEN 1
        WHEN value_type = 'amount' THEN 2
        WHEN value_type = 'date' THEN 3
        ELSE 4
    END,
    amount DESC NULLS LAST, fact, valid_from NULLS FIRST, origin
LIMIT $limit
OFFSET $offset
