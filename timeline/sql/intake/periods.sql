-- Each distinct period, given as one text or by its bounds.
CREATE OR REPLACE TEMP TABLE periods AS
SELECT
    g.*,
    coalesce(w.lower, s.lower) AS lower,
    coalesce(w.upper, e.lower) AS upper,
    coalesce(g.period IS NOT NULL AND w.given IS NULL, false)
    OR (g.period IS NOT NULL AND (g.period_from IS NOT NULL OR g.period_to IS NOT NULL))
    OR coalesce(g.period_from NOT IN ('', '..') AND s.lower IS NULL, false)
    OR coalesce(g.period_to NOT IN ('', '..') AND e.lower IS NULL, false)
    -- A period has a bound, and none ends where the calendar starts.
    OR (coalesce(w.lower, s.lower) IS NULL AND coalesce(w.upper, e.lower) IS NULL)
    OR coalesce(coalesce(w.upper, e.lower) <= TIMESTAMP '0001-01-01', false)
    OR coalesce(coalesce(w.lower, s.lower) >= coalesce(w.upper, e.lower), false) AS wrong
FROM (
    SELECT DISTINCT period, period_from, period_to
    FROM given
    WHERE period IS NOT NULL OR period_from IS NOT NULL OR period_to IS NOT NULL
) AS g
LEFT JOIN edtf AS w ON g.period = w.given
LEFT JOIN edtf AS s ON g.period_from = s.given AND g.period_from NOT IN ('', '..')
LEFT JOIN edtf AS e ON g.period_to = e.given AND g.period_to NOT IN ('', '..');
