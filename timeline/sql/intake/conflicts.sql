-- Rows whose key is that of another event, and the first row in the table that has it where the store does
-- not.
SELECT row, if(known IS NULL, first, NULL) AS first
FROM (
    SELECT
        t.row,
        t.event_id,
        k.event_id AS known,
        first_value(t.row) OVER same AS first,
        first_value(t.event_id) OVER same AS first_id
    FROM keyed AS t
    LEFT JOIN stored_keys AS k ON t.key = k.key
    WINDOW same AS (PARTITION BY t.key ORDER BY t.row)
)
WHERE event_id <> coalesce(known, first_id)
