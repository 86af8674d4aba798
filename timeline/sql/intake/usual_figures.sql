-- Those in plain digits, with a unit that means one thing whatever the digits.
CREATE TEMP TABLE usual_figures AS
SELECT
    f.claim, f.amount, f.amount_low, f.amount_high, f.unit, f.approximate,
    try_cast(if(f.amount_low IS NULL AND f.amount_high IS NULL, f.amount, f.amount_low) AS DECIMAL(38, 9)) AS low,
    try_cast(if(f.amount_low IS NULL AND f.amount_high IS NULL, f.amount, f.amount_high) AS DECIMAL(38, 9)) AS high,
    coalesce(high, low) AS headline,
    u.plain AS plain_unit,
    coalesce(f.approximate = 'true', false) AS about,
    plain_amount(low, high, plain_unit, about) AS told,
    coalesce(low > high OR try_cast(f.amount AS DECIMAL(38, 9)) <> headline, false) AS wrong
FROM figures AS f
JOIN plain_units AS u ON f.unit = u.unit
WHERE
    f.claim IS NULL
    AND coalesce(f.approximate IN ('true', 'false'), true)
    AND coalesce(regexp_full_match(f.amount, '-?[0-9]{1,28}(\.[0-9]{1,9})?'), true)
    AND coalesce(regexp_full_match(f.amount_low, '-?[0-9]{1,28}(\.[0-9]{1,9})?'), true)
    AND coalesce(regexp_full_match(f.amount_high, '-?[0-9]{1,28}(\.[0-9]{1,9})?'), true);
