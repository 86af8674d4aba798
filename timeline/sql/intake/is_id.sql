-- Whether a text may be the id of a source, origin, speaker or entity: `names.parse_id`.
CREATE OR REPLACE TEMP MACRO is_id(name) AS (
    length(name) BETWEEN 1 AND 500
    AND regexp_full_match(name, '[^\x00-\x1f\x7f-\x9f\x{2028}\x{2029}]*')
    AND NOT regexp_matches(
        name,
        '^[ \x{a0}\x{1680}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}]'
        || '|[ \x{a0}\x{1680}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}]$'
    )
    AND is_visible(name)
);
