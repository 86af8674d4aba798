-- What was believed of a fact right before each of some beliefs began, for the valid times that it took over.
-- $1 to $5: of each belief since when, its valid time, its event and its origin; $6: the fact;
-- $7 to $10: recorded_as_of, valid_at, basis and policy of the question.
WITH
    beliefs AS (
        SELECT
            generate_subscripts($1::TIMESTAMP[], 1) AS nth, unnest($1::TIMESTAMP[]) AS since,
            unnest($2::TIMESTAMP[]) AS valid_from, unnest($3::TIMESTAMP[]) AS valid_to,
            unnest($4::VARCHAR[]) AS event_id, unnest($5::VARCHAR[]) AS origin
    ),
    spans AS MATERIALIZED (
        FROM belief_spans_as_of(recorded_as_of := $7::TIMESTAMP, basis := $9, policy := $10)
        WHERE fact = $6
    )
SELECT s.* EXCLUDE (believed_until)
FROM spans AS s
JOIN beliefs AS b
    ON coalesce(s.believed_from, TIMESTAMP '-infinity') < b.since
    AND b.since <= coalesce(s.believed_until, TIMESTAMP 'infinity')
    AND coalesce(s.valid_from, TIMESTAMP '-infinity') < coalesce(b.valid_to, TIMESTAMP 'infinity')
    AND coalesce(b.valid_from, TIMESTAMP '-infinity') < coalesce(s.valid_to, TIMESTAMP 'infinity')
    AND s.event_id <> b.event_id
WHERE
    ($8::TIMESTAMP IS NULL OR rules.covers(s.valid_from, s.valid_to, $8::TIMESTAMP))
    AND (s.origin = b.origin OR $10 <> 'by-origin')
ORDER BY b.nth, s.valid_from NULLS FIRST, s.origin
