-- Whether two origins' claims of one fact cannot both be right: amounts, an approximate one widened by
-- a tenth each way, that do not overlap, values that differ, or just one of them denied.
CREATE OR REPLACE MACRO rules.disagrees(one, other) AS
    one.value_type = other.value_type
    AND one.unit IS NOT DISTINCT FROM other.unit
    AND CASE
        WHEN (one.status IS NOT DISTINCT FROM 'denied') <> (other.status IS NOT DISTINCT FROM 'denied')
        THEN true
        WHEN one.value_type = 'amount' AND NOT (one.approximate OR other.approximate)
        THEN
            coalesce(one.amount_low > other.amount_high, false)
            OR coalesce(other.amount_low > one.amount_high, false)
        WHEN one.value_type = 'amount'
        THEN
            rules.clears(one.amount_low, one.approximate, other.amount_high, other.approximate)
            OR rules.clears(other.amount_low, other.approximate, one.amount_high, one.approximate)
        ELSE
            one.date_from IS DISTINCT FROM other.date_from
            OR one.date_to IS DISTINCT FROM other.date_to
            OR (one.value_type <> 'date' AND one.text IS DISTINCT FROM other.text)
    END;
