-- A date as a table writes it, cut into `day` and `clock`, which is empty where no time of day without an
-- offset stands behind it.
CREATE OR REPLACE TEMP MACRO day_and_clock(value) AS (
    regexp_extract(
        value,
        '^(.*?)(?:,? +|T)(\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?: ?[AaPp]\.?[Mm]\.?)?)$',
        ['day', 'clock']
    )
);
