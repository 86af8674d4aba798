-- What each distinct fact says: `event.parse_fact`. Its period is still as written.
CREATE TEMP TABLE facts AS
SELECT
    p.fact,
    array_to_string(p.parts, '/') AS body,
    p.parts[1] AS subject,
    p.parts[2] AS attribute,
    p.parts[3] AS object,
    p.period,
    e.lower,
    e.upper,
    len(p.parts) NOT IN (2, 3)
    OR list_bool_or(list_transform(p.parts, lambda part: NOT is_segment(part)))
    OR (p.period IS NOT NULL AND e.lower IS NULL AND e.upper IS NULL) AS wrong
FROM parts AS p
LEFT JOIN edtf AS e ON p.period = e.given;
