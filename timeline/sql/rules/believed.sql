-- What to ask for beliefs, as text for `query`: the segments, or the slow way in their columns. So that what is
-- not needed is not even looked at: binding it takes longer than most answers.
CREATE OR REPLACE MACRO rules.believed(recorded_as_of, basis, policy) AS
    CASE
        WHEN coalesce(policy = 'latest' AND basis = 'certain' AND recorded_as_of IS NULL, false)
        THEN 'FROM store.segment_rows'
        ELSE
            'SELECT * REPLACE ('
            || 'coalesce(believed_from, TIMESTAMP ''-infinity'') AS believed_from, '
            || 'coalesce(believed_until, TIMESTAMP ''infinity'') AS believed_until), '
            || 'md5_number_lower(fact) AS fact_hash, true AS ranging, '
            || 'TIMESTAMP ''-infinity'' AS segment_from, TIMESTAMP ''infinity'' AS segment_until '
            || 'FROM belief_spans_as_of(recorded_as_of := '
            || coalesce(
                '''' || replace(recorded_as_of::VARCHAR, '''', '''''') || '''::' || typeof(recorded_as_of), 'NULL'
            )
            || ', basis := ' || coalesce('''' || replace(basis, '''', '''''') || '''', 'NULL')
            || ', policy := ' || coalesce('''' || replace(policy, '''', '''''') || '''', 'NULL') || ')'
    END;
