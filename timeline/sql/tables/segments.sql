-- The rows of segments with every column.
CREATE VIEW store.segments AS
SELECT
    * EXCLUDE (ranging) REPLACE (
        CASE WHEN ranging THEN amount_low ELSE amount END AS amount_low,
        CASE WHEN ranging THEN amount_high ELSE amount END AS amount_high,
        coalesce(reported_at, nullif(believed_from, TIMESTAMP '-infinity')) AS reported_at
    )
FROM store.segment_rows;
