-- The canonical text of an amount: `amounts.plain_amount`.
CREATE OR REPLACE TEMP MACRO plain_amount(low, high, unit, approximate) AS (
    if(approximate, 'about ', '')
    || CASE
        WHEN low IS NULL THEN 'up to ' || figure_text(high)
        WHEN high IS NULL THEN 'at least ' || figure_text(low)
        WHEN low = high THEN figure_text(low)
        WHEN low < 0 THEN figure_text(low) || ' to ' || figure_text(high)
        ELSE figure_text(low) || '-' || figure_text(high)
    END
    || ' ' || unit
);
