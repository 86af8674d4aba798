-- Forecasts, estimates and plans in figures, and how they moved.
-- Every belief in turn, up to a date, of each figure that ever had one of these statuses, the actual figure
-- included where it has come out. `moved_percent` is measured against the belief before.
-- $as_of (default: NULL): the last date; NULL is everything recorded
-- $fact (default: *): which facts, where * stands for anything
-- $statuses (default: forecast,estimated,planned): which statuses, separated by commas
SELECT
    fact, claim, status, origin, believed_from::DATE AS believed_from,
    CASE
        -- Figures for times that have nothing in common, such as two years, are no movement.
        WHEN
            unit = lag(unit) OVER in_turn
            AND coalesce(valid_from < lag(valid_to) OVER in_turn, true)
            AND coalesce(lag(valid_from) OVER in_turn < valid_to, true)
        THEN round(100 * (amount / nullif(lag(amount) OVER in_turn, 0) - 1), 1)
    END AS moved_percent
FROM beliefs FOR REPORTED_TIME BETWEEN NULL AND $as_of
WHERE value_type = 'amount' AND fact GLOB $fact
WINDOW in_turn AS (PARTITION BY fact ORDER BY beliefs.believed_from, valid_from NULLS FIRST)
QUALIFY bool_or(list_contains(string_split($statuses, ','), status)) OVER (PARTITION BY fact)
ORDER BY fact, beliefs.believed_from, valid_from NULLS FIRST
