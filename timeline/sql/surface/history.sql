-- Every event of the facts that match a glob, by reported order, and what each did when it was
-- recorded, the events of one commit in reported order. What came before bears on that, nothing else.
CREATE OR REPLACE MACRO history(
    fact_glob, recorded_as_of := NULL, valid_at := NULL, basis := 'certain'
) AS TABLE
WITH
    plain AS (
        SELECT
            e.*,
            f.plain AS is_plain,
            x.effect AS known_effect,
            -- What stood before it for its valid time: the latest of those recorded earlier.
            arg_max(
                e, struct_pack(reported_at := e.reported_at, position := e.position)
            ) OVER (
                PARTITION BY e.fact, e.valid_from, e.valid_to ORDER BY e.recorded_at, e.reported_at, e.position
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS prior
        FROM store.events AS e
        JOIN store.facts AS f ON e.fact = f.fact
        LEFT JOIN store.effects AS x ON e.position = x.position
        WHERE e.fact GLOB fact_glob AND rules.policy_check('latest', basis)
    )
SELECT
    position, commit, event_id, key, event_type, fact, subject, attribute, object, period, period_from,
    period_to, value_type, amount, amount_low, amount_high, unit, approximate, text, date_from,
    date_to, status, claim, valid_from, valid_to, valid, reported_from, reported_at, reported,
    evidence_at, recorded_at, source, origin, speaker, statement, locator, inferred, target, void,
    reason, actor,
    CASE
        WHEN status = 'erased' THEN 'erased'
        WHEN NOT is_plain THEN known_effect
        WHEN event_type = 'withdrawn' THEN 'withdrew'
        WHEN prior.reported_at > reported_at THEN 'late'
        WHEN prior IS NULL OR prior.event_type = 'withdrawn' THEN 'opened'
        WHEN
            prior.value_type = value_type
            AND prior.amount_low IS NOT DISTINCT FROM amount_low
            AND prior.amount_high IS NOT DISTINCT FROM amount_high
            AND prior.unit IS NOT DISTINCT FROM unit
            AND prior.approximate IS NOT DISTINCT FROM approximate
            AND prior.text IS NOT DISTINCT FROM text
            AND prior.date_from IS NOT DISTINCT FROM date_from
            AND prior.date_to IS NOT DISTINCT FROM date_to
            AND prior.status IS NOT DISTINCT FROM status
        THEN 'repeated'
        ELSE 'revised'
    END AS effect
FROM plain
WHERE
    recorded_at <= recorded_instant(recorded_as_of)
    AND (valid_at IS NULL OR coalesce(valid_from <= reported_instant(valid_at), true))
    AND (valid_at IS NULL OR coalesce(reported_instant(valid_at) < valid_to, true))
ORDER BY reported_at, position;
