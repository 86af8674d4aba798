-- What competes under a policy: `part` is what it competes within (the fact, or one origin's share of
-- it), the greatest `rank` wins. A part is plain where nothing was retracted and all valid times are
-- one, so that a single window resolves it.
CREATE OR REPLACE MACRO rules.candidates(recorded_as_of, basis, policy) AS TABLE
WITH
    tiers AS (SELECT id, tier FROM sources_as_of(recorded_as_of) WHERE policy = 'ranked'),
    competing AS (
        SELECT
            s.*,
            CASE WHEN policy = 'by-origin' THEN s.origin ELSE '' END AS part,
            CASE WHEN policy = 'first' THEN -1 ELSE 1 END AS direction,
            coalesce(-t.tier, '-infinity'::DOUBLE) AS tier
        FROM rules.standing(recorded_as_of, basis) AS s
        LEFT JOIN tiers AS t ON s.source = t.id
        WHERE s.claims OR policy <> 'first'
    )
SELECT
    fact, part, position, place, claims, valid_from, valid_to, counts_from, counts_until,
    -- Two stretches of one event share a rank.
    dense_rank() OVER (
        PARTITION BY fact, part ORDER BY tier, direction * epoch_us(reported_at), direction * place
    ) AS rank,
    min(valid_from) OVER whole = max(valid_from) OVER whole
    AND min(valid_to) OVER whole = max(valid_to) OVER whole
    AND min(counts_until) OVER whole = TIMESTAMP 'infinity' AS plain
FROM competing
WINDOW whole AS (PARTITION BY fact, part);
