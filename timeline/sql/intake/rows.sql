-- Every row with the columns of the log, by its number in the table; `refused` where `event` or `intake`
-- would not take it.
WITH
    read AS (
        SELECT
            g.row,
            coalesce(g.type, 'reported') AS event_type,
            coalesce(f.body, concat_ws('/', g.subject, g.attribute, g.object)) AS body,
            coalesce(g.subject, f.subject) AS subject,
            coalesce(g.attribute, f.attribute) AS attribute,
            coalesce(g.object, f.object) AS object,
            coalesce(f.lower, p.lower) AS period_from,
            coalesce(f.upper, p.upper) AS period_to,
            CASE
                WHEN a.told IS NOT NULL THEN 'amount'
                WHEN g.text IS NOT NULL THEN 'text'
                WHEN g.date IS NOT NULL THEN 'date'
                WHEN g.entity IS NOT NULL THEN 'entity'
                WHEN g.answer IS NOT NULL THEN 'answer'
            END AS value_type,
            coalesce(g.text, g.date, g.entity, g.answer) AS text,
            coalesce(g.status, if(event_type = 'reported', 'announced', NULL)) AS status,
            if(g.reported IS NULL, s.text, r.text) AS reported,
            if(g.reported IS NULL, s.reported_from, r.reported_from) AS reported_from,
            if(g.reported IS NULL, s.reported_at, r.reported_at) AS last_instant,
            coalesce(i.read, false) AS inferred,
            g.key, g.source, g.origin, g.speaker, g.statement, g.reason, g.actor, g.valid,
            a.told, a.headline, a.low, a.high, a.plain_unit, a.about,
            d.lower AS date_from,
            d.upper AS date_to,
            v.lower AS valid_from,
            v.upper AS valid_to,
            l.read AS locator,
            s.origin AS source_origin,
            s.reported_at AS source_at,
            (if(g.origin IS NULL, 32, 0) + if(g.reported IS NULL, 8, 0))::INTEGER AS inherited,
            (a.told IS NOT NULL)::INTEGER + (g.text IS NOT NULL)::INTEGER + (g.date IS NOT NULL)::INTEGER
            + (g.entity IS NOT NULL)::INTEGER + (g.answer IS NOT NULL)::INTEGER AS claims,
            coalesce(a.wrong, false)
            OR coalesce(f.wrong, false)
            OR coalesce(p.wrong, false)
            OR coalesce(v.wrong, false)
            OR (
                f.period IS NOT NULL AND p.wrong IS NOT NULL
                AND (f.lower IS DISTINCT FROM p.lower OR f.upper IS DISTINCT FROM p.upper)
            )
            OR (a.told IS NULL AND (g.unit IS NOT NULL OR g.approximate IS NOT NULL))
            OR coalesce(g.answer NOT IN ('yes', 'no'), false)
            OR (g.date IS NOT NULL AND d.given IS NULL)
            OR (g.inferred IS NOT NULL AND i.read IS NULL)
            OR (g.locator IS NOT NULL AND l.read IS NULL)
            OR (g.fact IS NULL AND (g.subject IS NULL OR g.attribute IS NULL))
            OR (
                g.fact IS NOT NULL
                AND (g.subject IS NOT NULL OR g.attribute IS NOT NULL OR g.object IS NOT NULL)
            )
            OR coalesce(g.key = '', false)
            OR coalesce(g.source = '', false)
            OR coalesce(g.origin = '', false)
            OR coalesce(g.speaker = '', false)
            OR coalesce(g.actor = '', false)
            OR coalesce(g.status NOT IN (SELECT word FROM words), false)
            OR (g.status IS NOT NULL AND event_type = 'withdrawn')
            OR g.unreadable AS wrong
        FROM given AS g
        LEFT JOIN facts AS f ON g.fact = f.fact
        LEFT JOIN edtf AS r ON g.reported = r.given
        LEFT JOIN edtf AS d ON g.date = d.given
        LEFT JOIN periods AS p
            ON
                g.period IS NOT DISTINCT FROM p.period
                AND g.period_from IS NOT DISTINCT FROM p.period_from
                AND g.period_to IS NOT DISTINCT FROM p.period_to
        LEFT JOIN valids AS v
            ON
                g.valid IS NOT DISTINCT FROM v.valid
                AND g.valid_from IS NOT DISTINCT FROM v.valid_from
                AND g.valid_to IS NOT DISTINCT FROM v.valid_to
        LEFT JOIN amounts AS a
            ON
                g.claim IS NOT DISTINCT FROM a.claim
                AND g.amount IS NOT DISTINCT FROM a.amount
                AND g.amount_low IS NOT DISTINCT FROM a.amount_low
                AND g.amount_high IS NOT DISTINCT FROM a.amount_high
                AND g.unit IS NOT DISTINCT FROM a.unit
                AND g.approximate IS NOT DISTINCT FROM a.approximate
        LEFT JOIN flags AS i ON g.inferred = i.said
        LEFT JOIN locators AS l ON g.locator = l.said
        LEFT JOIN dated_sources AS s ON g.source = s.id
    )
SELECT
    r.row,
    r.event_type,
    r.key,
    r.body || coalesce('@' || p.period, '') AS fact,
    r.subject,
    r.attribute,
    r.object,
    p.period,
    r.period_from,
    r.period_to,
    r.value_type,
    r.headline AS amount,
    r.low AS amount_low,
    r.high AS amount_high,
    r.plain_unit AS unit,
    r.about AS approximate,
    r.text,
    r.date_from,
    r.date_to,
    r.status,
    coalesce(r.told, r.text) AS claim,
    r.valid_from,
    r.valid_to,
    r.valid,
    r.reported_from,
    least(r.last_instant, r.source_at) AS reported_at,
    r.reported,
    coalesce(r.source_at, r.last_instant) AS evidence_at,
    r.source,
    coalesce(r.origin, r.source_origin, r.source) AS origin,
    r.speaker,
    r.statement,
    r.locator,
    r.inferred,
    NULL::VARCHAR AS target,
    false AS void,
    r.reason,
    r.actor,
    r.inherited,
    r.wrong
    OR r.event_type NOT IN ('reported', 'withdrawn')
    OR r.claims <> if(r.event_type = 'reported', 1, 0)
    OR r.source IS NULL
    OR r.last_instant IS NULL
    OR coalesce(r.reported_from > r.source_at, false)
    OR coalesce(r.reported_from > getvariable('recorded_at'), false)
    OR coalesce(r.value_type <> t.value, false)
    OR coalesce((t.object = 'yes') = (r.object IS NULL) AND t.object IN ('yes', 'no'), false)
    OR coalesce(r.subject IN (SELECT name FROM troubles WHERE role = 'subject'), false)
    OR coalesce(r.attribute IN (SELECT name FROM troubles WHERE role = 'attribute'), false)
    OR coalesce(r.object IN (SELECT name FROM troubles WHERE role = 'object'), false)
    OR coalesce(r.source IN (SELECT name FROM troubles WHERE role = 'source'), false)
    OR coalesce(r.speaker IN (SELECT name FROM troubles WHERE role = 'speaker'), false)
    OR coalesce(r.origin IN (SELECT name FROM troubles WHERE role = 'origin'), false)
    OR coalesce(
        r.value_type = 'entity' AND r.text IN (SELECT name FROM troubles WHERE role = 'entity'), false
    ) AS refused
FROM read AS r
LEFT JOIN spans AS p
    ON r.period_from IS NOT DISTINCT FROM p.lower AND r.period_to IS NOT DISTINCT FROM p.upper
LEFT JOIN demands AS t ON r.attribute = t.id
