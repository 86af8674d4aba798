-- The end of an interval of dates, which is what it is asked with; of any other text, and where the interval does not
-- end after it starts, all of it. Days, months and years are in the order of their texts.
CREATE OR REPLACE MACRO rules.end_of_interval(written) AS
    CASE
        WHEN replace(written, '/', ' ') > rules.behind_slash(written) || ':' THEN written
        ELSE rules.behind_slash(written)
    END;
