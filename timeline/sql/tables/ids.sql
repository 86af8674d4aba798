-- The first 64 bits of every event id, sorted, and where to find the event: which of a batch are known costs
-- a few row groups.
CREATE TABLE store.ids AS
SELECT ('0x' || event_id[1:16])::UBIGINT AS prefix, position, md5_number_lower(fact) AS fact_hash
FROM incoming
ORDER BY prefix, position;
