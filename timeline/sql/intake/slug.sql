-- A text in lower case, in which whatever is neither letter nor digit is one hyphen, and none at either end.
-- DuckDB takes minutes for the NFC of a text of many marks; the intake normalizes what is as long, if it is taken.
CREATE OR REPLACE TEMP MACRO slug(value) AS (
    trim(regexp_replace(lower(if(length(value) > 1000, value, nfc_normalize(value))), '[^\pL\pM\pN]+', '-', 'g'), '-')
);
