-- The date of each source and its calendar, as its latest description of those recorded by then has them.
SELECT DISTINCT text ->> '$.published' AS published, text ->> '$.timezone' AS timezone
FROM (
    SELECT subject, position, CASE WHEN json_valid(text) THEN text END AS text
    FROM incoming
    WHERE fact IS NULL AND event_type = 'source-described' AND recorded_at <= getvariable('recorded_by')
)
QUALIFY row_number() OVER (PARTITION BY subject ORDER BY position DESC) = 1
