-- Whether two claims of one fact say the same: same type and unit, and equal value, two-sided amounts
-- that overlap, or the same bound. A denial agrees with nothing, not even with itself; nor does what was erased.
CREATE OR REPLACE MACRO rules.agrees(one, other) AS
    coalesce(one.status NOT IN ('denied', 'erased'), true)
    AND coalesce(other.status NOT IN ('denied', 'erased'), true)
    AND one.value_type = other.value_type
    AND one.unit IS NOT DISTINCT FROM other.unit
    AND CASE
        WHEN one.value_type = 'amount'
        THEN
            -- With a bound missing this is false or unknown.
            coalesce(one.amount_low <= other.amount_high AND other.amount_low <= one.amount_high, false)
            OR (
                one.amount_low IS NOT DISTINCT FROM other.amount_low
                AND one.amount_high IS NOT DISTINCT FROM other.amount_high
            )
        ELSE
            one.date_from IS NOT DISTINCT FROM other.date_from
            AND one.date_to IS NOT DISTINCT FROM other.date_to
            AND (one.value_type = 'date' OR one.text IS NOT DISTINCT FROM other.text)
    END;
