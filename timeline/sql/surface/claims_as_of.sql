-- Each origin's own belief as of a date on the reported axis: beliefs_as_of with policy := 'by-origin', without
-- the cost of binding what the other policies need.
CREATE OR REPLACE MACRO claims_as_of(
    as_of, recorded_as_of := NULL, valid_at := NULL, basis := 'certain'
) AS TABLE
SELECT
    fact, subject, attribute, object, period, period_from, period_to, valid_from, valid_to, value_type,
    amount, amount_low, amount_high, unit, approximate, text, date_from, date_to, status, claim,
    believed_from, reported_at, event_id, source, origin, speaker, statement
FROM rules.claimed(as_of, recorded_as_of, valid_at, basis);
