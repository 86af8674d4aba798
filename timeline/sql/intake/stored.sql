-- Rows whose event is in the tables of the store.
SELECT a.row
FROM asked AS a
JOIN store.events AS e ON a.event_id = e.event_id
