-- Whether a text may be a part of a fact's key: `names.parse_segment`.
CREATE OR REPLACE TEMP MACRO is_segment(name) AS (
    length(name) <= 200 AND regexp_full_match(name, '[^/@*?\[\]]*') AND is_id(name)
);
