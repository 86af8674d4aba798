-- The subjects of `narrowed` in the order of a page, as many as are asked for, and how many beliefs each has:
-- those that have one of the facts `first` come first, then those of most beliefs.
SELECT subject, count(*) AS in_subject
FROM narrowed
GROUP BY subject
ORDER BY bool_or(list_contains($first::VARCHAR[], fact)) DESC, in_subject DESC, subject
LIMIT $subjects
