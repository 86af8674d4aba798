-- Names that no event may have: they cannot be in a fact or be an id, or the store does not know them.
CREATE OR REPLACE TEMP TABLE troubles AS
SELECT role, name
FROM (
    SELECT *, if(role IN ('subject', 'attribute', 'object'), is_segment(name), is_id(name)) AS fits
    FROM names
)
WHERE NOT fits OR NOT (known OR getvariable('register_unknown'));
