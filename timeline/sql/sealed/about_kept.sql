-- The tombstones of erased events that are kept, whenever they were recorded: what is left of such an event is
-- vouched for by nothing else.
SELECT i.position
FROM incoming AS i
WHERE i.fact IS NULL AND i.target IN (SELECT event_id FROM incoming SEMI JOIN kept USING (position))
