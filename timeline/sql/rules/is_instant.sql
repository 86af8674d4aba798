-- Whether a text in upper case is an exact instant with its offset, no finer than microseconds.
CREATE OR REPLACE MACRO rules.is_instant(written) AS
    contains(written, ':')
    AND regexp_full_match(
        written,
        '\d{4}-\d\d-\d\d[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.,]\d{1,6}0*)?)? ?'
        || '(Z|UTC|GMT|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)'
    );
