-- Until when each report of a plain fact was believed; those that never were, because another of the same
-- moment displaced them, are left out. Believed from is when it was reported.
CREATE OR REPLACE TEMP TABLE settled AS
SELECT position, believed_until
FROM (
    SELECT
        position,
        event_type,
        reported_at,
        lead(reported_at, 1, TIMESTAMP 'infinity') OVER (
            PARTITION BY md5_number_lower(fact), fact, valid_from, valid_to ORDER BY reported_at, position
        ) AS believed_until
    FROM incoming
    ANTI JOIN (SELECT fact FROM store.facts WHERE NOT plain) USING (fact)
    WHERE event_type IN ('reported', 'withdrawn')
)
WHERE event_type = 'reported' AND reported_at < believed_until;
