-- The topics (a source, fact and reported date) of which something is to be said, by the first row of each:
-- a new report of which the store has another one, or a known one, given last, that was displaced since.
-- `seen` has the new rows of the table, `again` the known ones, `beside` what the store has of their topics.
WITH places AS (
    SELECT topic, id, position FROM beside
    UNION ALL
    -- Behind everything that the store has.
    SELECT topic, id, 1000000000000000 + row FROM seen WHERE topic IS NOT NULL
),
last_given AS (
    SELECT topic, arg_max(id, row) AS id, arg_max(is_known, row) AS is_known, min(row) AS row
    FROM (SELECT *, false AS is_known FROM seen UNION ALL SELECT *, true FROM again)
    WHERE topic IS NOT NULL
    GROUP BY topic
),
displaced AS (
    SELECT topic, row
    FROM last_given
    JOIN (SELECT topic, arg_max(id, position) AS winner FROM places GROUP BY topic) USING (topic)
    WHERE is_known AND id <> winner
),
edited AS (
    SELECT topic, min(row) AS row
    FROM seen SEMI JOIN (FROM beside WHERE event_type = 'reported') AS stored USING (topic)
    GROUP BY topic
)
SELECT topic, min(row) AS row
FROM (FROM displaced UNION ALL FROM edited)
GROUP BY topic
ORDER BY row
