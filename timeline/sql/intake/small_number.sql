-- The same of a figure that has room in 64 bits with three places.
CREATE OR REPLACE TEMP MACRO small_number(said) AS (
    if(regexp_full_match(said, '-?[0-9]{1,15}(\.[0-9]{1,3})?'), try_cast(said AS DECIMAL(18, 3)), NULL)
);
