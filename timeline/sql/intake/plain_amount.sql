-- The canonical text of an amount: `amounts.plain_amount`. Its bounds are given twice: as numbers and as text.
CREATE OR REPLACE TEMP MACRO plain_amount(low, high, low_text, high_text, unit, approximate) AS (
    concat(
        if(approximate, 'about ', NULL),
        CASE
            WHEN low IS NULL THEN 'up to ' || high_text
            WHEN high IS NULL THEN 'at least ' || low_text
            WHEN low = high THEN low_text
            WHEN low < 0 THEN low_text || ' to ' || high_text
            ELSE low_text || '-' || high_text
        END,
        ' ',
        unit
    )
);
