-- The segments of a generation, and those of what was appended since.
CREATE VIEW store.segment_rows AS
SELECT
    segment, segment_from, segment_until, fact_hash, fact, subject, attribute, object, period,
    period_from, period_to, value_type, amount, amount_low, amount_high, unit, approximate, text,
    date_from, date_to, status, claim, reported_at, event_id, source, origin, speaker, statement,
    valid_from, valid_to, believed_from, believed_until, ranging
FROM generation.store.segment_rows
ANTI JOIN tail.touched USING (fact_hash)
UNION ALL
SELECT
    s.segment, s.segment_from, s.segment_until, s.fact_hash, s.fact, s.subject, s.attribute,
    s.object, s.period, s.period_from, s.period_to, s.value_type, s.amount, s.amount_low,
    s.amount_high, s.unit, s.approximate, s.text, s.date_from, s.date_to, s.status, s.claim,
    s.reported_at, s.event_id, s.source, s.origin, s.speaker, s.statement, s.valid_from, s.valid_to,
    s.believed_from, least(s.believed_until, c.cut), s.ranging
FROM generation.store.segment_rows AS s
JOIN tail.touched AS c ON s.fact_hash = c.fact_hash AND c.cut > TIMESTAMP '-infinity'
WHERE s.believed_from < c.cut AND s.segment_from < c.cut
UNION ALL
SELECT
    segment, segment_from, segment_until, fact_hash, fact, subject, attribute, object, period,
    period_from, period_to, value_type, amount, amount_low, amount_high, unit, approximate, text,
    date_from, date_to, status, claim, reported_at, event_id, source, origin, speaker, statement,
    valid_from, valid_to, believed_from, believed_until, ranging
FROM tail.segment_rows;
