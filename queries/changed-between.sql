-- What changed between two dates.
-- What went comes first, then what changed, then what is new. A belief that was only repeated, with the
-- same claim and status, is left out.
-- $from_date (default: 2025-10-15): the earlier date
-- $to_date (default: 2026-02-28): the later date
-- $fact (default: *): which facts, where * stands for anything
SELECT fact, change, claim_from, status_from, claim_to, status_to
FROM changes($from_date, $to_date)
WHERE
    fact GLOB $fact
    AND (claim_from IS DISTINCT FROM claim_to OR status_from IS DISTINCT FROM status_to)
ORDER BY change DESC, fact, valid_from NULLS FIRST
