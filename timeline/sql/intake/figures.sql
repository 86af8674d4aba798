-- The amounts that are not given in the usual way, in the order of their rows.
SELECT
    claim,
    coalesce(amount, amount_number::VARCHAR) AS amount,
    coalesce(amount_low, low_number::VARCHAR) AS amount_low,
    coalesce(amount_high, high_number::VARCHAR) AS amount_high,
    unit,
    approximate
FROM normalized
WHERE is_unusual
