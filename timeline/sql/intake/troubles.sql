-- Names that no event may have: they cannot be in a fact, or the store does not know them.
CREATE OR REPLACE TEMP TABLE troubles AS
SELECT role, name
FROM (SELECT *, is_segment(name) AS segment FROM names)
WHERE
    (role IN ('subject', 'attribute', 'object', 'entity') AND NOT segment)
    OR (NOT known AND NOT (segment AND getvariable('register_unknown')));
