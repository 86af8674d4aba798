-- How many facts the beliefs of `narrowed` are of. Names are compared only where a fact may have several beliefs:
-- where they hold at some time, or where `several` says that each origin has one.
SELECT
    (SELECT count(*) FROM narrowed WHERE valid_from IS NULL AND valid_to IS NULL AND NOT $several)
    + (
        SELECT count(DISTINCT fact)
        FROM narrowed
        WHERE valid_from IS NOT NULL OR valid_to IS NOT NULL OR $several
    ) AS facts
