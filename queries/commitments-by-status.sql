-- Money promised or talked of, by party and by how firm it is.
-- Adds up the attribute `investment`, as believed on a date, in billions of one currency. `at_least` adds the
-- lower bounds (`up to 50 billion` has none), `headline` what headlines would print. Sums of a
-- period are left out, since periods overlap.
-- $as_of (default: NULL): the date; NULL is everything recorded
-- $currency (default: USD): as ISO 4217
SELECT
    subject AS party,
    status,
    count(*) AS facts,
    sum(coalesce(amount_low, 0)) / 1e9 AS at_least,
    sum(amount) / 1e9 AS headline,
    unit
FROM beliefs FOR REPORTED_TIME AS OF $as_of
WHERE attribute = 'investment' AND period IS NULL AND unit = $currency
GROUP BY subject, status, unit
ORDER BY party, headline DESC, status
