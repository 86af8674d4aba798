-- Whether a day is written in figures whose order has to be known: 03/04/2025, 4.3.2025, 2025/03/04.
CREATE OR REPLACE TEMP MACRO in_figures(day) AS (
    regexp_full_match(day, '\d{1,2}([./-])\d{1,2}[./-]\d{4}|\d{4}[./]\d{1,2}[./]\d{1,2}')
);
