-- A figure in plain digits, as a number; NULL for any other text.
CREATE OR REPLACE TEMP MACRO plain_number(said) AS (
    if(regexp_full_match(said, '-?[0-9]{1,28}(\.[0-9]{1,9})?'), try_cast(said AS DECIMAL(38, 9)), NULL)
);
