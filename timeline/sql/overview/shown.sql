-- The whole of the beliefs of `base` that some events gave.
FROM base
WHERE event_id IN (SELECT unnest($events::VARCHAR[]))
