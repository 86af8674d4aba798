-- The events, those of one fact together. Facts are in order of a hash, because zone maps see only
-- the first eight bytes of a text.
CREATE TABLE store.events AS
SELECT f.fact_hash, i.*
FROM incoming AS i
LEFT JOIN store.facts AS f ON i.fact = f.fact
ORDER BY f.fact_hash NULLS FIRST, i.reported_at, i.position;
