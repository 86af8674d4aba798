-- When beliefs of some facts, `facts`, were held, in microseconds since 1970, out of the spans of `narrowed`.
SELECT
    fact, subject,
    epoch_us(believed_from) AS believed_from,
    CASE WHEN believed_until < TIMESTAMP 'infinity' THEN epoch_us(believed_until) END AS believed_until
FROM narrowed
WHERE list_contains($facts::VARCHAR[], fact)
