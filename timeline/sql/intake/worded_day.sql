-- A day with the English name of its month, and months and quarters as offices write them, as EDTF; anything
-- else as it is.
CREATE OR REPLACE TEMP MACRO worded_day(day) AS (
    CASE
        WHEN NOT regexp_matches(day, '[A-Za-z]') THEN day
        WHEN regexp_full_match(day, '\d{4}-?M\d{1,2}')
            THEN coalesce(
                left(TRY_CAST(regexp_replace(day, '^(\d{4})-?M(\d+)$', '\1-\2-1') AS DATE)::VARCHAR, 7), day
            )
        WHEN regexp_full_match(day, '[Qq][1-4] ?[/-] ?\d{4}')
            THEN regexp_replace(day, '^[Qq](\d) ?[/-] ?(\d{4})$', '\2-Q\1')
        WHEN regexp_full_match(day, '\d{4}/[Qq][1-4]') THEN regexp_replace(day, '^(\d{4})/[Qq](\d)$', '\1-Q\2')
        WHEN regexp_full_match(day, '(\d{1,2}\.?[ -][A-Za-z]{3,9}\.?|[A-Za-z]{3,9}\.? \d{1,2}),?[ -]\d{4}')
            THEN coalesce(
                TRY_STRPTIME(
                    replace(replace(replace(replace(day, '.', ''), ',', ''), '-', ' '), 'Sept ', 'Sep '),
                    ['%d %b %Y', '%d %B %Y', '%b %d %Y', '%B %d %Y']
                )::DATE::VARCHAR,
                day
            )
        ELSE day
    END
);
