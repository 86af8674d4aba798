-- Each distinct amount as it is given.
CREATE TEMP TABLE figures AS
SELECT DISTINCT claim, amount, amount_low, amount_high, unit, approximate
FROM given
WHERE claim IS NOT NULL OR amount IS NOT NULL OR amount_low IS NOT NULL OR amount_high IS NOT NULL;
