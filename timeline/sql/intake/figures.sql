-- Each distinct amount that is not given in the usual way.
SELECT DISTINCT
    claim,
    coalesce(amount, amount_number::VARCHAR) AS amount,
    coalesce(amount_low, low_number::VARCHAR) AS amount_low,
    coalesce(amount_high, high_number::VARCHAR) AS amount_high,
    unit,
    approximate
FROM normalized
WHERE has_figure AND NOT is_usual
