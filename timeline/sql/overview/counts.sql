-- How many of the beliefs of `narrowed` have each value of each column that a page can be narrowed by, the
-- commonest first; and, where `of_what` is null, how many there are.
SELECT
    -- A bit is set for each column that the row is not grouped by.
    CASE grouping_id(subject, attribute, status, source, origin)
        WHEN 15 THEN 'subject'
        WHEN 23 THEN 'attribute'
        WHEN 27 THEN 'status'
        WHEN 29 THEN 'source'
        WHEN 30 THEN 'origin'
    END AS of_what,
    coalesce(subject, attribute, status, source, origin) AS value,
    count(*) AS beliefs
FROM narrowed
GROUP BY GROUPING SETS ((), (subject), (attribute), (status), (source), (origin))
ORDER BY of_what, beliefs DESC, value
