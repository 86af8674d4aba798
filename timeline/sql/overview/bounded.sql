-- The spans of `narrowed` whose beliefs hold at some time: of those a fact may have several at once.
SELECT
    fact,
    epoch_us(believed_from) AS believed_from,
    CASE WHEN believed_until < TIMESTAMP 'infinity' THEN epoch_us(believed_until) END AS believed_until
FROM narrowed
WHERE valid_from IS NOT NULL OR valid_to IS NOT NULL
