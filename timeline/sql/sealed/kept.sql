-- The events of a sealed log that can be chosen one by one: those about facts in which nothing was amended,
-- which were recorded by then and are of no later date than the seal.
CREATE OR REPLACE TEMP TABLE kept AS
SELECT i.position
FROM incoming AS i
ANTI JOIN amended_facts AS a ON i.fact = a.fact
WHERE
    i.fact IS NOT NULL
    AND i.recorded_at <= getvariable('recorded_by')
    AND coalesce(
        CASE WHEN getvariable('on_evidence') THEN i.evidence_at END, i.reported_at, TIMESTAMP '-infinity'
    ) <= getvariable('reported_by');
