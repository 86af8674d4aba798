-- Some of the beliefs of `narrowed` in the order of a page, and how many each subject has: subjects that have
-- one of the facts `first` come first, then those of most beliefs; within a subject money, shares, other
-- amounts, dates, and the rest.
SELECT event_id, valid_from, in_subject
FROM narrowed
JOIN (
    SELECT
        subject, count(*) AS in_subject, bool_or(list_contains($first::VARCHAR[], fact)) AS comes_first
    FROM narrowed
    GROUP BY subject
) USING (subject)
ORDER BY
    comes_first DESC, in_subject DESC, subject,
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
