-- The events of a generation and of what was appended since.
CREATE VIEW store.event_rows AS
SELECT
    fact_hash, position, commit, event_id, key, event_type, fact, subject, attribute, object,
    period, period_from, period_to, value_type, amount, amount_low, amount_high, unit, approximate,
    text, date_from, date_to, status, claim, valid_from, valid_to, valid, reported_from,
    reported_at, reported, evidence_at, recorded_at, source, origin, speaker, statement, locator,
    inferred, target, void, reason, actor, place, inherited, believed_until, ranging, vague
FROM generation.store.event_rows
ANTI JOIN tail.touched USING (fact_hash)
UNION ALL
-- What is believed of a fact that goes on ends with its first new report.
SELECT
    e.fact_hash, e.position, e.commit, e.event_id, e.key, e.event_type, e.fact, e.subject,
    e.attribute, e.object, e.period, e.period_from, e.period_to, e.value_type, e.amount,
    e.amount_low, e.amount_high, e.unit, e.approximate, e.text, e.date_from, e.date_to, e.status,
    e.claim, e.valid_from, e.valid_to, e.valid, e.reported_from, e.reported_at, e.reported,
    e.evidence_at, e.recorded_at, e.source, e.origin, e.speaker, e.statement, e.locator,
    e.inferred, e.target, e.void, e.reason, e.actor, e.place, e.inherited,
    CASE
        WHEN NOT e.believed_until > c.cut THEN e.believed_until
        WHEN e.reported_at < c.cut THEN c.cut
    END,
    e.ranging, e.vague
FROM generation.store.event_rows AS e
JOIN tail.touched AS c ON e.fact_hash = c.fact_hash AND c.cut > TIMESTAMP '-infinity'
UNION ALL
SELECT
    fact_hash, position, commit, event_id, key, event_type, fact, subject, attribute, object,
    period, period_from, period_to, value_type, amount, amount_low, amount_high, unit, approximate,
    text, date_from, date_to, status, claim, valid_from, valid_to, valid, reported_from,
    reported_at, reported, evidence_at, recorded_at, source, origin, speaker, statement, locator,
    inferred, target, void, reason, actor, place, inherited, believed_until, ranging, vague
FROM tail.event_rows;
