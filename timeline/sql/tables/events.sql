-- The events with every column.
CREATE VIEW store.events AS
SELECT
    * EXCLUDE (ranging, vague) REPLACE (
        CASE WHEN ranging THEN amount_low ELSE amount END AS amount_low,
        CASE WHEN ranging THEN amount_high ELSE amount END AS amount_high,
        CASE WHEN vague THEN reported_from ELSE reported_at END AS reported_from,
        CASE WHEN vague THEN evidence_at ELSE reported_at END AS evidence_at,
        coalesce(place, position) AS place
    )
FROM store.event_rows;
