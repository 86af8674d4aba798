-- A date on the reported axis as an instant: a DATE or 'YYYY-MM-DD' means its last microsecond, a
-- TIMESTAMP is UTC, a TIMESTAMPTZ its own instant; NULL means after everything.
CREATE OR REPLACE MACRO reported_instant(moment) AS
    CASE
        WHEN moment IS NULL THEN TIMESTAMP '290000-01-01 00:00:00'
        WHEN regexp_full_match(moment::VARCHAR, '\d{4,6}-\d\d-\d\d')
        THEN (moment::VARCHAR::DATE)::TIMESTAMP + INTERVAL 1 DAY - INTERVAL 1 MICROSECOND
        -- By way of text, which carries the offset, so that no session time zone has a say; infinity is
        -- after everything too, and what still holds then has no end to come before it.
        ELSE least(moment::VARCHAR::TIMESTAMP, TIMESTAMP '290000-01-01 00:00:00')
    END;
