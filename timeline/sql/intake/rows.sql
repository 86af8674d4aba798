-- Every row with the columns of the log, by its number in the table; `refused` where `event` or `intake`
-- would not take it.
WITH
    read AS NOT MATERIALIZED (
        SELECT
            g.row,
            coalesce(g.type, 'reported') AS event_type,
            g.fact_body,
            coalesce(g.subject, split_part(g.fact_body, '/', 1)) AS subject,
            coalesce(g.attribute, split_part(g.fact_body, '/', 2)) AS attribute,
            coalesce(g.object, nullif(split_part(g.fact_body, '/', 3), '')) AS object,
            coalesce(g.fact_body, concat_ws('/', g.subject, g.attribute, g.object)) AS body,
            g.read_period AS period, g.read_period_from AS period_from, g.read_period_to AS period_to,
            if(
                g.is_usual,
                plain_amount(
                    g.usual_low, g.usual_high, figure_text(g.usual_low, g.small_low),
                    figure_text(g.usual_high, g.small_high), g.plain, g.about
                ),
                g.unusual_claim
            ) AS figure_told,
            g.is_usual OR g.unusual_claim IS NOT NULL AS is_figure,
            g.small_low,
            g.small_high,
            if(g.is_usual, g.usual_low, g.unusual_amount_low) AS low,
            if(g.is_usual, g.usual_high, g.unusual_amount_high) AS high,
            if(g.is_usual, coalesce(g.usual_high, g.usual_low), g.unusual_amount) AS figure,
            if(g.is_usual, g.plain, g.unusual_unit) AS plain_unit,
            if(g.is_usual, g.about, g.unusual_approximate) AS about,
            CASE
                WHEN is_figure THEN 'amount'
                WHEN g.text IS NOT NULL THEN 'text'
                WHEN g.date IS NOT NULL THEN 'date'
                WHEN g.entity IS NOT NULL THEN 'entity'
                WHEN g.answer IS NOT NULL THEN 'answer'
            END AS value_type,
            coalesce(g.text, g.read_date, g.entity, g.answer) AS text,
            coalesce(g.status, if(event_type = 'reported', 'announced', NULL)) AS status,
            CASE
                WHEN g.reported IS NULL THEN g.source_reported
                WHEN g.reported_instant IS NOT NULL THEN g.reported
                ELSE g.read_reported
            END AS reported,
            CASE
                WHEN g.reported IS NULL THEN g.source_from
                WHEN g.reported_instant IS NOT NULL THEN g.reported_instant
                ELSE g.read_reported_from
            END AS reported_from,
            CASE
                WHEN g.reported IS NULL THEN g.source_at
                WHEN g.reported_instant IS NOT NULL THEN g.reported_instant
                ELSE g.read_reported_at
            END AS last_instant,
            coalesce(g.read_inferred, false) AS inferred,
            g.key, g.source, g.origin, g.speaker, g.statement, g.reason, g.actor, g.read_valid AS valid,
            g.read_date_from AS date_from, g.read_date_to AS date_to,
            g.read_valid_from AS valid_from, g.read_valid_to AS valid_to,
            g.read_locator AS locator,
            -- What the id may have covered once.
            g.former_period,
            g.later_period,
            g.former_valid_to,
            g.former_date_to,
            g.former_reported,
            g.claim AS former_claim,
            g.date AS former_text,
            g.valid AS former_valid,
            g.source_origin,
            g.source_at,
            (if(g.origin IS NULL, 32, 0) + if(g.reported IS NULL, 8, 0))::INTEGER AS inherited,
            is_figure::INTEGER + (g.text IS NOT NULL)::INTEGER + (g.date IS NOT NULL)::INTEGER
            + (g.entity IS NOT NULL)::INTEGER + (g.answer IS NOT NULL)::INTEGER AS claims,
            coalesce(g.misread, false)
            OR coalesce(g.usual_low > g.usual_high, false)
            OR coalesce(g.is_usual AND g.amount_number <> figure, false)
            -- Two or three parts; which texts may be one is for the names.
            OR coalesce(
                suffix(g.fact_body, '/')
                OR split_part(g.fact_body, '/', 2) = ''
                OR g.fact_body LIKE '%/%/%/%',
                false
            )
            OR (NOT is_figure AND (g.unit IS NOT NULL OR g.approximate IS NOT NULL))
            OR coalesce(g.answer NOT IN ('yes', 'no'), false)
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
            OR coalesce(NOT is_status(g.status), false)
            OR (g.status IS NOT NULL AND event_type = 'withdrawn')
            OR g.unreadable AS wrong
        FROM normalized AS g
    )
SELECT
    r.row,
    r.event_type,
    r.key,
    r.body || coalesce('@' || r.period, '') AS fact,
    r.subject,
    r.attribute,
    r.object,
    r.period,
    r.period_from,
    r.period_to,
    r.value_type,
    r.figure AS amount,
    r.low AS amount_low,
    r.high AS amount_high,
    r.plain_unit AS unit,
    r.about AS approximate,
    r.text,
    r.date_from,
    r.date_to,
    r.status,
    coalesce(r.figure_told, r.text) AS claim,
    r.valid_from,
    r.valid_to,
    r.valid,
    r.reported_from,
    least(r.last_instant, r.source_at, getvariable('recorded_at')) AS reported_at,
    r.reported,
    least(coalesce(r.source_at, r.last_instant), getvariable('recorded_at')) AS evidence_at,
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
    r.small_low,
    r.small_high,
    -- What its id covered when texts were kept as written and the last day of 9999 was an end: up to its last
    -- instant at first, later only where the end lay before that.
    coalesce(r.former_period, r.former_date_to::VARCHAR, r.former_valid_to::VARCHAR) IS NOT NULL
    OR coalesce(r.former_reported <> r.reported, false)
    OR coalesce(r.former_claim <> r.figure_told, false)
    OR coalesce(r.former_text <> r.text, false)
    OR coalesce(r.former_valid <> r.valid, false) AS is_former,
    is_former AND (
        (r.former_period IS NOT NULL AND r.later_period IS NULL)
        OR r.former_date_to IS NOT NULL
        OR coalesce(r.former_valid_to = TIMESTAMP '10000-01-01', false)
    ) AS is_later,
    coalesce(r.former_reported, r.reported) AS former_reported,
    coalesce(r.former_claim, r.former_text, r.figure_told, r.text) AS former_claim,
    coalesce(r.former_text, r.text) AS former_text,
    r.former_valid,
    r.body || coalesce('@' || coalesce(r.former_period, r.period), '') AS former_fact,
    coalesce(r.former_valid_to, r.valid_to) AS former_valid_to,
    coalesce(r.former_date_to, r.date_to) AS former_date_to,
    r.body || coalesce('@' || coalesce(r.later_period, r.period), '') AS later_fact,
    coalesce(nullif(r.former_valid_to, TIMESTAMP '10000-01-01'), r.valid_to) AS later_valid_to,
    r.wrong
    OR r.event_type NOT IN ('reported', 'withdrawn')
    OR r.claims <> if(r.event_type = 'reported', 1, 0)
    OR r.source IS NULL
    OR r.last_instant IS NULL
    OR coalesce(r.reported_from > r.source_at, false)
    OR coalesce(r.reported_from > getvariable('recorded_at'), false)
    OR coalesce(r.value_type <> demand.value, false)
    OR coalesce((demand.object = 'yes') = (r.object IS NULL) AND demand.object IN ('yes', 'no'), false)
    OR is_trouble(
        r.subject, r.attribute, r.object, r.source, r.speaker, r.origin,
        if(r.value_type = 'entity', r.text, NULL), r.row
    ) AS refused
FROM read AS r
LEFT JOIN demands AS demand ON r.attribute = demand.id
