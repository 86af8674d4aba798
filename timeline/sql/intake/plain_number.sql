-- A figure in plain digits, as a number; NULL for any other text.
CREATE OR REPLACE TEMP MACRO plain_number(text) AS (
    if(regexp_full_match(text, '-?[0-9]{1,28}(\.[0-9]{1,9})?'), try_cast(text AS DECIMAL(38, 9)), NULL)
);
