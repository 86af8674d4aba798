-- The one belief for each row of `asked`: of several valid times the one that covers the moment, else what was
-- reported last, of that the valid time that starts last. One without bounds is the only one. The columns are
-- fetched by position alone, which lets a scan leave out at once what was not found.
WITH
    chosen AS (
        FROM found
        WHERE valid_from IS NULL AND valid_to IS NULL
        UNION ALL
        FROM found
        WHERE valid_from IS NOT NULL OR valid_to IS NOT NULL
        QUALIFY row_number() OVER (
            PARTITION BY nth
            ORDER BY
                coalesce(valid_from <= moment, true) AND coalesce(moment < valid_to, true) DESC,
                reported_at DESC,
                valid_from DESC NULLS LAST
        ) = 1
    )
SELECT
    f.nth, f.valid_from, f.valid_to, e.period_from, e.period_to, e.value_type, e.amount,
    e.amount_low, e.amount_high, e.unit, e.approximate, e.text, e.date_from, e.date_to, e.status, e.claim,
    f.believed_from, f.reported_at, e.event_id, e.source, e.origin, e.speaker, e.statement
FROM store.events AS e
JOIN chosen AS f ON e.position = f.position
