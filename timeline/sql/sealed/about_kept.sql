-- What else aims at an event that is kept, such as the erasure of a description.
SELECT i.position
FROM incoming AS i
WHERE
    i.fact IS NULL
    AND i.target IN (SELECT event_id FROM incoming SEMI JOIN kept USING (position))
    AND i.recorded_at <= getvariable('recorded_by')
