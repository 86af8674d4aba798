-- The rows of the facts that were asked for: one key, or those that a regular expression matches.
SELECT *
FROM {rows}
WHERE (:fact IS NULL OR fact = :fact) AND (:pattern IS NULL OR fact RLIKE :pattern)
