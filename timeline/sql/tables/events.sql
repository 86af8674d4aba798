-- The events, those of one fact together. Facts are in order of a hash, because zone maps see only
-- the first eight bytes of a text. `believed_until` is there where a report of a plain fact was believed.
CREATE TABLE store.events AS
SELECT sorted.fact_hash, sorted.*, sorted.believed_until
FROM (
    SELECT md5_number_lower(i.fact) AS fact_hash, i.*, s.believed_until
    FROM incoming AS i
    LEFT JOIN settled AS s ON i.position = s.position
    ORDER BY fact_hash NULLS FIRST, i.reported_at, i.position
) AS sorted;
