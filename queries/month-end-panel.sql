-- Figures as they were believed at each month's end, for backtests.
-- Each row shows what one could know by the end of that day, so that nothing looks ahead; a fact has no row
-- before it was first reported, and one row a month at most. Of claims about a certain time, those about
-- that day count. `days_old` is the age of the report.
-- $fact (default: */investment/*): which facts, where * stands for anything
-- $from_date (default: 2025-01-01): the first month's end is the one on or after this date
-- $to_date (default: 2026-02-28): the last is the one on or before this date
SELECT
    month_end, b.fact, b.amount, b.unit, b.status,
    date_diff('day', b.reported_at::DATE, month_end) AS days_old
FROM
    (
        SELECT last_day(month_start::DATE) AS month_end
        FROM range(
            date_trunc('month', $from_date::TIMESTAMP), $to_date::TIMESTAMP + INTERVAL 1 DAY, INTERVAL 1 MONTH
        ) AS starts(month_start)
        WHERE month_end <= $to_date::DATE
    ) AS months,
    beliefs FOR REPORTED_TIME AS OF month_end FOR VALID_TIME AS OF month_end AS b
WHERE b.value_type = 'amount' AND b.fact GLOB $fact
ORDER BY month_end, b.fact
