-- The same of a figure that has room in 64 bits with three places.
CREATE OR REPLACE TEMP MACRO small_number(text) AS (
    if(regexp_full_match(text, '-?[0-9]{1,15}(\.[0-9]{1,3})?'), try_cast(text AS DECIMAL(18, 3)), NULL)
);
