-- The events, those of one fact together. Facts are in order of a hash, because zone maps see only
-- the first eight bytes of a text.
CREATE TABLE store.events AS
SELECT if(fact IS NULL, NULL, md5_number_lower(fact)) AS fact_hash, *
FROM incoming
ORDER BY fact_hash NULLS FIRST, fact, reported_at, position;
