CREATE OR REPLACE TEMP MACRO is_midnight(clock) AS (
    regexp_full_match(clock, '0?0:00(:00(\.0+)?)?|12:00(:00(\.0+)?)? ?[Aa]\.?[Mm]\.?')
);
