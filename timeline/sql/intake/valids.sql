-- Each distinct valid, given as one text or by its bounds.
CREATE OR REPLACE TEMP TABLE valids AS
SELECT
    g.*,
    coalesce(w.lower, s.lower) AS lower,
    coalesce(w.upper, e.lower) AS upper,
    coalesce(g.valid IS NOT NULL AND w.given IS NULL, false)
    OR (g.valid IS NOT NULL AND (g.valid_from IS NOT NULL OR g.valid_to IS NOT NULL))
    OR coalesce(g.valid_from NOT IN ('', '..') AND s.lower IS NULL, false)
    OR coalesce(g.valid_to NOT IN ('', '..') AND e.lower IS NULL, false)
    OR coalesce(coalesce(w.lower, s.lower) >= coalesce(w.upper, e.lower), false) AS wrong
FROM (
    SELECT DISTINCT valid, valid_from, valid_to
    FROM given
    WHERE valid IS NOT NULL OR valid_from IS NOT NULL OR valid_to IS NOT NULL
) AS g
LEFT JOIN edtf AS w ON g.valid = w.given
LEFT JOIN edtf AS s ON g.valid_from = s.given AND g.valid_from NOT IN ('', '..')
LEFT JOIN edtf AS e ON g.valid_to = e.given AND g.valid_to NOT IN ('', '..');
