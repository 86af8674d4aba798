-- What comes behind the start of an interval that is a day, month or year, or open; of any other text, all of it.
CREATE OR REPLACE MACRO rules.behind_slash(written) AS
    regexp_replace(
        written,
        '^(?:\.\.|(?:000[1-9]|00[1-9]\d|0[1-9]\d\d|[1-9]\d{3})(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|1\d|2[0-8]))?|'
        || '-(?:0[13-9]|1[0-2])-(?:29|30)|-(?:0[13578]|1[02])-31)?)?/([0-9]{4}[^:/]*)$',
        '\1'
    );
