-- All events of the facts that no window resolves, in buckets of which each has all of a fact.
SELECT i.*, crc32(i.fact) % 4096 AS bucket
FROM {incoming} AS i
LEFT SEMI JOIN {entangled_facts} AS e ON i.fact = e.fact
