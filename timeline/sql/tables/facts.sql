-- Every fact that events speak of. A fact is plain where one window tells what was believed of it:
-- nothing in it was corrected or retracted, and all its reports are of one valid time.
CREATE TABLE store.facts AS
SELECT
    md5_number_lower(fact) AS fact_hash,
    fact,
    NOT bool_or(event_type IN ('corrected', 'retracted'))
    AND min(coalesce(valid_from, TIMESTAMP '-infinity')) = max(coalesce(valid_from, TIMESTAMP '-infinity'))
    AND min(coalesce(valid_to, TIMESTAMP 'infinity')) = max(coalesce(valid_to, TIMESTAMP 'infinity')) AS plain
FROM incoming
WHERE fact IS NOT NULL
GROUP BY fact
ORDER BY fact_hash, fact;
