-- The descriptions of a sealed log: those recorded by the date of the seal, those of sources that were out by
-- then, and those of what the events that are kept name. `late_dates` has the dates of sources that were not
-- out. A source without a date is as old as the reports that name it.
WITH
    about AS (
        SELECT subject, object, attribute, source, origin, speaker, value_type, text
        FROM incoming
        SEMI JOIN kept USING (position)
    ),
    named AS (
        SELECT 'source-described' AS event_type, source AS id FROM about
        UNION SELECT 'attribute-described', attribute FROM about
        UNION SELECT 'entity-described', subject FROM about
        UNION SELECT 'entity-described', object FROM about
        UNION SELECT 'entity-described', origin FROM about
        UNION SELECT 'entity-described', speaker FROM about
        UNION SELECT 'entity-described', text FROM about WHERE value_type = 'entity'
    ),
    described AS (
        SELECT position, event_type, subject, recorded_at, CASE WHEN json_valid(text) THEN text END AS text
        FROM incoming
        WHERE
            fact IS NULL
            AND event_type IN ('source-described', 'entity-described', 'attribute-described')
            AND recorded_at <= getvariable('recorded_by')
    ),
    dated AS (
        SELECT
            *,
            last_value(text ->> '$.published') OVER every_one AS published,
            last_value(text ->> '$.timezone') OVER every_one AS timezone
        FROM described
        WINDOW
            every_one AS (
                PARTITION BY event_type, subject
                ORDER BY position
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            )
    )
SELECT d.position
FROM dated AS d
LEFT JOIN late_dates AS l ON d.published = l.published AND d.timezone IS NOT DISTINCT FROM l.timezone
LEFT JOIN named AS n ON d.event_type = n.event_type AND d.subject = n.id
WHERE
    d.recorded_at <= getvariable('reported_by')
    OR CASE
        WHEN d.event_type = 'source-described' AND d.published IS NOT NULL THEN l.published IS NULL
        ELSE n.id IS NOT NULL
    END
