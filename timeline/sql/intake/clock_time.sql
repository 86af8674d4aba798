-- A time of day as a table writes it, on 24 or 12 hours.
CREATE OR REPLACE TEMP MACRO clock_time(clock) AS (
    coalesce(
        TRY_STRPTIME(
            replace(replace(upper(clock), '.M', 'M'), 'M.', 'M'),
            ['%I:%M:%S %p', '%I:%M %p', '%I:%M:%S%p', '%I:%M%p']
        )::TIME,
        TRY_CAST(clock AS TIME)
    )
);
