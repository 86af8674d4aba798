-- How long reports took to reach us, by source and origin.
-- From the day on which a report came out to that of the source in which we hold it (median and longest),
-- and to the day on which this store learned it (median), in days.
-- $as_of (default: NULL): only what was reported by then; NULL is everything recorded
SELECT
    source, origin, count(*) AS reports,
    median(date_diff('day', reported_at, evidence_at)) AS days_to_source,
    max(date_diff('day', reported_at, evidence_at)) AS most_days_to_source,
    median(date_diff('day', reported_at, recorded_at)) AS days_to_record
FROM events FOR REPORTED_TIME AS OF $as_of
WHERE event_type = 'reported'
GROUP BY source, origin
ORDER BY days_to_source DESC, source, origin
