-- The distinct names in `normalized`, what each is a name of, and the row in which it is met first.
INSERT INTO met
WITH
    given_rows AS (
        SELECT
            row,
            coalesce(subject, split_part(fact_body, '/', 1)) AS subject,
            coalesce(attribute, split_part(fact_body, '/', 2)) AS attribute,
            coalesce(object, nullif(split_part(fact_body, '/', 3), '')) AS object,
            source, speaker, entity, origin
        FROM normalized
        ANTI JOIN bad USING (row)
    )
SELECT 'subject', 'entity', subject, 0 FROM given_rows WHERE subject IS NOT NULL GROUP BY subject
UNION ALL
SELECT 'object', 'entity', object, 0 FROM given_rows WHERE object IS NOT NULL GROUP BY object
UNION ALL
SELECT 'attribute', 'attribute', attribute, 0 FROM given_rows WHERE attribute IS NOT NULL GROUP BY attribute
UNION ALL
SELECT 'source', 'source', source, min(row) FROM given_rows WHERE source IS NOT NULL GROUP BY source
UNION ALL
SELECT 'speaker', 'entity', speaker, 0 FROM given_rows WHERE speaker IS NOT NULL GROUP BY speaker
UNION ALL
SELECT 'entity', 'entity', entity, 0 FROM given_rows WHERE entity IS NOT NULL GROUP BY entity
UNION ALL
SELECT 'origin', 'origin', origin, min(row) FROM given_rows WHERE origin IS NOT NULL GROUP BY origin
