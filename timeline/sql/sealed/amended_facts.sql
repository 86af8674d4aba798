-- The facts in which something was amended: what of them is kept follows from all their events.
CREATE OR REPLACE TEMP TABLE amended_facts AS
SELECT DISTINCT fact_hash, fact
FROM incoming
WHERE fact IS NOT NULL AND target IS NOT NULL AND recorded_at <= getvariable('recorded_by');
