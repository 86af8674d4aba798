-- The names that events were given.
CREATE TABLE keys AS
SELECT key, event_id, position FROM incoming WHERE key IS NOT NULL ORDER BY key;
