-- A text in lower case, in which whatever is neither letter nor digit is one hyphen, and none at either end.
CREATE OR REPLACE TEMP MACRO slug(value) AS (
    trim(regexp_replace(lower(nfc_normalize(value)), '[^\pL\pM\pN]+', '-', 'g'), '-')
);
