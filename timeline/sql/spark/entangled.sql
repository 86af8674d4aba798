-- All events of the facts that no window resolves, in buckets of which each has all of a fact. Every worker has the
-- names of these facts, so that only their events are sent to another one.
SELECT /*+ BROADCAST(e) */ i.*, crc32(i.fact) % 4096 AS bucket
FROM {incoming} AS i
LEFT SEMI JOIN {entangled_facts} AS e ON i.fact = e.fact
