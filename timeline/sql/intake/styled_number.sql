-- A number as a table writes it, in plain digits: what `pattern` takes, without its separators (`grouping`, a
-- class of signs) and with a point for its `decimal` sign. In parentheses it is negative. NULL for what else.
CREATE OR REPLACE TEMP MACRO styled_number(value, pattern, grouping, decimal) AS (
    CASE
        WHEN regexp_full_match(replace(value, '−', '-'), '[+-]?' || pattern || '|\(' || pattern || '\)')
            THEN replace(
                regexp_replace(
                    regexp_replace(
                        regexp_replace(replace(value, '−', '-'), '^\((.*)\)$', '-\1'), '^\+', ''
                    ),
                    grouping, '', 'g'
                ),
                decimal, '.'
            )
    END
);
