-- The first 64 bits of every event id, sorted: which of a batch are known costs a few row groups.
CREATE TABLE store.ids AS
SELECT ('0x' || event_id[1:16])::UBIGINT AS prefix, position
FROM incoming
ORDER BY prefix, position;
