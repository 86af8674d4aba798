-- What to ask for beliefs, as text for `query`: nothing where the segments answer, else the slow way. So
-- that what is not needed is not even looked at: binding it takes longer than most answers.
CREATE OR REPLACE MACRO rules.otherwise(recorded_as_of, basis, policy) AS
    CASE
        WHEN coalesce(policy = 'latest' AND basis = 'certain' AND recorded_as_of IS NULL, false)
        THEN 'FROM rules.nothing()'
        ELSE
            'FROM belief_spans_as_of(recorded_as_of := '
            || coalesce('''' || replace(recorded_as_of::VARCHAR, '''', '''''') || '''', 'NULL')
            || ', basis := ' || coalesce('''' || replace(basis, '''', '''''') || '''', 'NULL')
            || ', policy := ' || coalesce('''' || replace(policy, '''', '''''') || '''', 'NULL') || ')'
    END;
