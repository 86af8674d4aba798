-- Rows whose event the store holds.
SELECT a.row
FROM asked AS a
JOIN store.events AS e ON a.event_id = e.event_id
WHERE
    e.position IN (
        SELECT position FROM store.ids
        WHERE prefix IN (SELECT ('0x' || event_id[1:16])::UBIGINT FROM asked)
    )
