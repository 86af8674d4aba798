-- The facts that no window resolves: something in them was corrected or retracted, or their valid times overlap
-- without being equal. Only a fact with a bounded valid time can have several.
WITH
    timed AS (
        SELECT DISTINCT fact
        FROM {incoming}
        WHERE event_type IN ('reported', 'withdrawn') AND (valid_from IS NOT NULL OR valid_to IS NOT NULL)
    ),
    valid_times AS (
        SELECT DISTINCT
            i.fact,
            coalesce(i.valid_from, TIMESTAMP_NTZ '0000-01-01 00:00:00') AS valid_from,
            coalesce(i.valid_to, TIMESTAMP_NTZ '9999-12-31 23:59:59.999999') AS valid_to
        FROM {incoming} AS i
        LEFT SEMI JOIN timed AS t ON i.fact = t.fact
        WHERE i.event_type IN ('reported', 'withdrawn')
    ),
    followed AS (
        SELECT
            fact,
            valid_from,
            lag(valid_to) OVER (PARTITION BY fact ORDER BY valid_from, valid_to) AS last_to
        FROM valid_times
    )
SELECT fact FROM {incoming} WHERE event_type IN ('corrected', 'retracted')
UNION
SELECT fact FROM followed WHERE valid_from < last_to
