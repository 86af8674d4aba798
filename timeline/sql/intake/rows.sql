-- Every row with the columns of the log, by its number in the table; `refused` where `event` or `intake`
-- would not take it. Joins with tables that hold nothing are left out before it is run.
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
            coalesce(of_fact.lower, of_period.lower) AS period_from,
            coalesce(of_fact.upper, of_period.upper) AS period_to,
            if(
                g.is_usual,
                plain_amount(
                    g.usual_low, g.usual_high, figure_text(g.usual_low, g.small_low),
                    figure_text(g.usual_high, g.small_high), g.plain, g.about
                ),
                of_figure.told
            ) AS figure_told,
            g.is_usual OR of_figure.told IS NOT NULL AS is_figure,
            g.small_low,
            g.small_high,
            if(g.is_usual, g.usual_low, of_figure.low) AS low,
            if(g.is_usual, g.usual_high, of_figure.high) AS high,
            if(g.is_usual, coalesce(g.usual_high, g.usual_low), of_figure.headline) AS figure,
            if(g.is_usual, g.plain, of_figure.plain_unit) AS plain_unit,
            if(g.is_usual, g.about, of_figure.about) AS about,
            CASE
                WHEN is_figure THEN 'amount'
                WHEN g.text IS NOT NULL THEN 'text'
                WHEN g.date IS NOT NULL THEN 'date'
                WHEN g.entity IS NOT NULL THEN 'entity'
                WHEN g.answer IS NOT NULL THEN 'answer'
            END AS value_type,
            coalesce(g.text, g.date, g.entity, g.answer) AS text,
            coalesce(g.status, if(event_type = 'reported', 'announced', NULL)) AS status,
            CASE
                WHEN g.reported IS NULL THEN of_source.text
                WHEN g.reported_instant IS NOT NULL THEN g.reported
                ELSE of_report.text
            END AS reported,
            CASE
                WHEN g.reported IS NULL THEN of_source.reported_from
                WHEN g.reported_instant IS NOT NULL THEN g.reported_instant
                ELSE of_report.reported_from
            END AS reported_from,
            CASE
                WHEN g.reported IS NULL THEN of_source.reported_at
                WHEN g.reported_instant IS NOT NULL THEN g.reported_instant
                ELSE of_report.reported_at
            END AS last_instant,
            coalesce(of_flag.read, false) AS inferred,
            g.key, g.source, g.origin, g.speaker, g.statement, g.reason, g.actor, g.valid,
            of_date.lower AS date_from,
            of_date.date_to AS date_to,
            of_valid.lower AS valid_from,
            of_valid.upper AS valid_to,
            of_place.read AS locator,
            coalesce(former_of_fact.period, former_period.period) AS former_period,
            former_valid.period IS NOT NULL AS former_valid,
            former_date.period IS NOT NULL AS former_date,
            of_source.origin AS source_origin,
            of_source.reported_at AS source_at,
            (if(g.origin IS NULL, 32, 0) + if(g.reported IS NULL, 8, 0))::INTEGER AS inherited,
            is_figure::INTEGER + (g.text IS NOT NULL)::INTEGER + (g.date IS NOT NULL)::INTEGER
            + (g.entity IS NOT NULL)::INTEGER + (g.answer IS NOT NULL)::INTEGER AS claims,
            coalesce(of_figure.wrong, false)
            OR coalesce(g.usual_low > g.usual_high, false)
            OR coalesce(g.is_usual AND g.amount_number <> figure, false)
            OR coalesce(of_period.wrong, false)
            OR coalesce(of_valid.wrong, false)
            OR (g.fact_period IS NOT NULL AND of_fact.lower IS NULL AND of_fact.upper IS NULL)
            OR (
                g.fact_period IS NOT NULL AND of_period.wrong IS NOT NULL
                AND (of_fact.lower IS DISTINCT FROM of_period.lower OR of_fact.upper IS DISTINCT FROM of_period.upper)
            )
            -- Two or three parts; which texts may be one is for the names.
            OR coalesce(
                suffix(g.fact_body, '/')
                OR split_part(g.fact_body, '/', 2) = ''
                OR g.fact_body LIKE '%/%/%/%',
                false
            )
            OR (NOT is_figure AND (g.unit IS NOT NULL OR g.approximate IS NOT NULL))
            OR coalesce(g.answer NOT IN ('yes', 'no'), false)
            OR (g.date IS NOT NULL AND of_date.given IS NULL)
            OR (g.inferred IS NOT NULL AND of_flag.read IS NULL)
            OR (g.locator IS NOT NULL AND of_place.read IS NULL)
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
        LEFT JOIN edtf AS of_fact ON g.fact_period = of_fact.given
        LEFT JOIN edtf AS of_report ON g.reported = of_report.given
        LEFT JOIN edtf AS of_date ON g.date = of_date.given
        LEFT JOIN periods AS of_period
            ON
                g.period IS NOT DISTINCT FROM of_period.period
                AND g.period_from IS NOT DISTINCT FROM of_period.period_from
                AND g.period_to IS NOT DISTINCT FROM of_period.period_to
        LEFT JOIN valids AS of_valid
            ON
                g.valid IS NOT DISTINCT FROM of_valid.valid
                AND g.valid_from IS NOT DISTINCT FROM of_valid.valid_from
                AND g.valid_to IS NOT DISTINCT FROM of_valid.valid_to
        LEFT JOIN unusual_figures AS of_figure
            ON
                g.is_unusual = of_figure.is_unusual
                AND g.claim IS NOT DISTINCT FROM of_figure.claim
                AND if(g.is_unusual, coalesce(g.amount, g.amount_number::VARCHAR), NULL)
                IS NOT DISTINCT FROM of_figure.amount
                AND if(g.is_unusual, coalesce(g.amount_low, g.low_number::VARCHAR), NULL)
                IS NOT DISTINCT FROM of_figure.amount_low
                AND if(g.is_unusual, coalesce(g.amount_high, g.high_number::VARCHAR), NULL)
                IS NOT DISTINCT FROM of_figure.amount_high
                AND g.unit IS NOT DISTINCT FROM of_figure.unit
                AND g.approximate IS NOT DISTINCT FROM of_figure.approximate
        LEFT JOIN flags AS of_flag ON g.inferred = of_flag.said
        LEFT JOIN locators AS of_place ON g.locator = of_place.said
        LEFT JOIN dated_sources AS of_source ON g.source = of_source.id
        LEFT JOIN formers AS former_of_fact ON g.fact_period = former_of_fact.given
        LEFT JOIN formers AS former_period ON g.period = former_period.given
        LEFT JOIN formers AS former_valid ON g.valid = former_valid.given
        LEFT JOIN formers AS former_date ON g.date = former_date.given
    )
SELECT
    r.row,
    r.event_type,
    r.key,
    r.body || coalesce('@' || span.period, '') AS fact,
    r.subject,
    r.attribute,
    r.object,
    span.period AS period,
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
    r.small_low,
    r.small_high,
    -- What its id covered when the end of 9999 was one.
    r.former_period IS NOT NULL OR r.former_valid OR r.former_date AS is_former,
    r.body || coalesce('@' || coalesce(r.former_period, span.period), '') AS former_fact,
    if(r.former_valid, TIMESTAMP '10000-01-01', r.valid_to) AS former_valid_to,
    if(r.former_date, TIMESTAMP '10000-01-01', r.date_to) AS former_date_to,
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
        if(r.value_type = 'entity', r.text, NULL)
    ) AS refused
FROM read AS r
LEFT JOIN spans AS span
    ON r.period_from IS NOT DISTINCT FROM span.lower AND r.period_to IS NOT DISTINCT FROM span.upper
LEFT JOIN demands AS demand ON r.attribute = demand.id
