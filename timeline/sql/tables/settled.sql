-- Until when each report of a plain fact was believed; those that never were, because another of the same
-- moment displaced them, are left out. Believed from is when it was reported. What the window carries is
-- what it costs, so that facts are their hashes here.
CREATE OR REPLACE TEMP TABLE settled AS
SELECT position, believed_until
FROM (
    SELECT
        position,
        claims,
        reported_at,
        lead(reported_at, 1, TIMESTAMP 'infinity') OVER (
            PARTITION BY fact_hash, valid_from, valid_to ORDER BY reported_at, position
        ) AS believed_until
    FROM (
        SELECT
            position, reported_at, valid_from, valid_to, fact_hash, event_type = 'reported' AS claims
        FROM incoming
        ANTI JOIN (SELECT fact FROM facts WHERE NOT plain) USING (fact)
        WHERE event_type IN ('reported', 'withdrawn')
    )
)
WHERE claims AND reported_at < believed_until;
