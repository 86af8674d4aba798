-- A binary double as text in plain digits, with nine places at most where it can be: the shortest text that is
-- read as the same double, or what that is in nine places.
CREATE OR REPLACE TEMP MACRO plain_double(value) AS (
    CASE
        WHEN value = trunc(value) AND abs(value) < 1e29 THEN value::HUGEINT::VARCHAR
        WHEN regexp_full_match(value::VARCHAR, '-?\d+\.\d{1,9}') THEN value::VARCHAR
        ELSE coalesce(
            regexp_replace(TRY_CAST(value AS DECIMAL(38, 9))::VARCHAR, '\.?0+$', ''), value::VARCHAR
        )
    END
);
