-- What a row says by itself: its fact without the period, and its figures where they are in plain digits with
-- a unit that means one thing whatever the digits.
CREATE OR REPLACE TEMP VIEW normalized AS
SELECT
    g.*,
    if(g.has_period, g.fact[:instr(g.fact, '@') - 1], g.fact) AS fact_body,
    plain_unit(g.unit) AS plain,
    coalesce(g.approximate = 'true', false) AS about,
    g.claim IS NOT NULL
    OR g.amount IS NOT NULL OR g.amount_low IS NOT NULL OR g.amount_high IS NOT NULL
    OR g.amount_number IS NOT NULL OR g.low_number IS NOT NULL OR g.high_number IS NOT NULL AS has_figure,
    has_figure
    AND g.claim IS NULL
    AND plain IS NOT NULL
    AND coalesce(g.approximate IN ('true', 'false'), true)
    AND (g.amount IS NULL OR g.amount_number IS NOT NULL)
    AND (g.amount_low IS NULL OR g.low_number IS NOT NULL)
    AND (g.amount_high IS NULL OR g.high_number IS NOT NULL) AS is_usual,
    has_figure AND NOT is_usual AS is_unusual,
    g.low_number IS NULL AND g.high_number IS NULL AS is_exact,
    if(is_usual, if(is_exact, g.amount_number, g.low_number), NULL) AS usual_low,
    if(is_usual, if(is_exact, g.amount_number, g.high_number), NULL) AS usual_high,
    if(is_usual, if(is_exact, g.amount_small, g.low_small), NULL) AS small_low,
    if(is_usual, if(is_exact, g.amount_small, g.high_small), NULL) AS small_high
FROM given AS g;
