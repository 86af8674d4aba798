-- The reports and withdrawals of facts that windows resolve, from when on each counts, and what it competes within:
-- its `part` of the fact, which is all of it or one origin's share. The facts to leave out are few beside the events:
-- every worker has them all, so that no event is sent to another one for that.
SELECT /*+ BROADCAST(e) */
    i.*,
    CASE
        WHEN :basis = 'possible' THEN coalesce(i.reported_from, TIMESTAMP_NTZ '0000-01-01 00:00:00')
        WHEN :basis = 'evidence' THEN coalesce(i.evidence_at, i.reported_at)
        ELSE i.reported_at
    END AS counts_from,
    CASE WHEN :policy = 'by-origin' THEN coalesce(i.origin, '') ELSE '' END AS part
FROM {incoming} AS i
LEFT ANTI JOIN {entangled_facts} AS e ON i.fact = e.fact
WHERE i.event_type IN ('reported', 'withdrawn')
