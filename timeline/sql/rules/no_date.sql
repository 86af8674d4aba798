-- What makes a cast to a date fail with these words: an error() in the function of a list is not computed before a
-- query runs, and a date that is not known by then finds no segment of the index.
CREATE OR REPLACE MACRO rules.no_date(written) AS
    CAST(
        written || ' is no date to ask with; write a day as ''2025-02-22'', a month as ''2025-02'', a quarter as '
        || '''2025-Q1'', a year, or an instant with its offset as ''2025-02-22T10:00:00Z'', in quotes' AS DATE
    );
