-- Names that no event may have: they cannot be in a fact or be an id, or the store does not know them and does
-- not register them. An origin may be a source that the table has by then: `before` is the row of that one.
CREATE OR REPLACE TEMP TABLE troubles AS
WITH
    judged AS (
        SELECT
            n.role,
            n.name,
            n.row,
            n.known,
            if(n.role IN ('subject', 'attribute', 'object'), is_segment(n.name), is_id(n.name)) AS fits,
            NOT n.known AND o.name IS NOT NULL AS is_odd,
            list_contains(getvariable('registered'), if(n.kind = 'origin', 'entity', n.kind)) AS registers
        FROM names AS n
        LEFT JOIN odd AS o ON o.kind = if(n.kind = 'origin', 'entity', n.kind) AND o.name = n.name
    ),
    sources_met AS (
        SELECT name, row
        FROM judged
        WHERE role = 'source' AND fits AND NOT is_odd AND NOT known AND registers
    )
SELECT j.role, j.name, if(j.fits AND NOT j.is_odd, s.row, NULL) AS before
FROM judged AS j
LEFT JOIN sources_met AS s ON j.role = 'origin' AND j.name = s.name
WHERE NOT j.fits OR j.is_odd OR NOT (j.known OR j.registers)
