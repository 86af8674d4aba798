-- The same as `counts` of the column status alone, which changes as the date is dragged; facts aside.
SELECT
    CASE grouping_id(status) WHEN 0 THEN 'status' END AS of_what,
    status AS value,
    count(*) AS beliefs
FROM narrowed
GROUP BY GROUPING SETS ((), (status))
ORDER BY of_what, beliefs DESC, value
