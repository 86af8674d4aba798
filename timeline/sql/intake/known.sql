-- Rows whose event the store holds, or the table before them.
CREATE TEMP TABLE known AS
SELECT row FROM taken QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY row) > 1
UNION
SELECT t.row
FROM taken AS t
JOIN store.events AS e ON t.event_id = e.event_id
WHERE
    e.position IN (
        SELECT position FROM store.ids
        WHERE prefix IN (SELECT ('0x' || event_id[1:16])::UBIGINT FROM taken)
    );
