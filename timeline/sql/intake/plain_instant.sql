-- An instant written the usual way, in UTC with seconds; NULL for any other text.
CREATE OR REPLACE TEMP MACRO plain_instant(said) AS (
    if(
        regexp_full_match(
            said, '[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?Z'
        )
        AND said[:4] <> '0000',
        try_cast(rtrim(said, 'Z') AS TIMESTAMP),
        NULL
    )
);
