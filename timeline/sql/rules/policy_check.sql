-- True, or an error that says what was expected.
CREATE OR REPLACE MACRO rules.policy_check(policy, basis) AS
    CASE
        WHEN
            policy IS NULL
            OR NOT (
                policy IN ('latest', 'first', 'by-origin', 'ranked')
                OR regexp_full_match(policy, 'confirmed:0*([1-9]\d{0,5}|1000000)')
            )
        THEN
            error(
                'no such policy: ' || coalesce(policy, 'NULL')
                || '; expected latest, first, by-origin, ranked or confirmed:N (such as confirmed:2)'
            )
        WHEN basis IS NULL OR basis NOT IN ('certain', 'possible', 'evidence')
        THEN error('no such basis: ' || coalesce(basis, 'NULL') || '; expected certain, possible or evidence')
        ELSE true
    END;
