-- Beliefs to check before they are printed: inferred by us, or approximate in the report.
-- `inferred` is what the report implies rather than says; `approximate` is a figure given as about, several
-- or most. `locator` is where in the text of the source to look.
-- $as_of (default: NULL): the date; NULL is everything recorded
-- $fact (default: *): which facts, where * stands for anything
SELECT
    b.fact, b.claim, b.status, coalesce(e.inferred, false) AS inferred,
    coalesce(b.approximate, false) AS approximate, b.source, e.locator
FROM beliefs FOR REPORTED_TIME AS OF $as_of AS b
JOIN events AS e USING (event_id)
WHERE (e.inferred OR b.approximate) AND b.fact GLOB $fact
ORDER BY b.fact, b.valid_from NULLS FIRST
