-- Whether each event of the log is kept, in the order of the log.
SELECT k.position IS NOT NULL AS is_kept
FROM incoming AS i
LEFT JOIN kept AS k ON i.position = k.position
ORDER BY i.position
