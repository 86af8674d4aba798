-- A day or month in figures as EDTF, by the order of its parts ('dmy', 'mdy' or 'ymd'); NULL where the order
-- does not fit, and anything else as it is.
CREATE OR REPLACE TEMP MACRO ordered_day(day, parts_order) AS (
    CASE
        WHEN parts_order <> 'ymd' AND regexp_full_match(day, '\d{1,2}[./-]\d{1,2}[./-]\d{4}')
            THEN TRY_CAST(
                regexp_replace(
                    day, '^(\d+)[./-](\d+)[./-](\d+)$', if(parts_order = 'dmy', '\3-\2-\1', '\3-\1-\2')
                ) AS DATE
            )::VARCHAR
        WHEN parts_order <> 'ymd' AND regexp_full_match(day, '\d{1,2}[./]\d{4}')
            THEN left(
                TRY_CAST(regexp_replace(day, '^(\d+)[./](\d+)$', '\2-\1-1') AS DATE)::VARCHAR, 7
            )
        WHEN parts_order = 'ymd' AND regexp_full_match(day, '\d{4}[./-]\d{1,2}[./-]\d{1,2}|\d{8}')
            THEN TRY_CAST(
                regexp_replace(day, '^(\d{4})[./-]?(\d{1,2})[./-]?(\d{1,2})$', '\1-\2-\3') AS DATE
            )::VARCHAR
        WHEN parts_order = 'ymd' AND regexp_full_match(day, '\d{4}[./]\d{1,2}')
            THEN left(
                TRY_CAST(regexp_replace(day, '^(\d+)[./](\d+)$', '\1-\2-1') AS DATE)::VARCHAR, 7
            )
        WHEN in_figures(day) THEN NULL
        ELSE day
    END
);
