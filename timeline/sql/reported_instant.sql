-- A date on the reported axis as an instant: a DATE or 'YYYY-MM-DD' means its last microsecond, a
-- TIMESTAMP is UTC, a TIMESTAMPTZ or text with an offset its own instant; NULL means after everything.
CREATE OR REPLACE MACRO reported_instant(moment) AS
    CASE
        WHEN moment IS NULL THEN TIMESTAMP '290000-01-01 00:00:00'
        WHEN regexp_full_match(moment::VARCHAR, '\d{4,6}-\d\d-\d\d')
        THEN (moment::VARCHAR::DATE)::TIMESTAMP + INTERVAL 1 DAY - INTERVAL 1 MICROSECOND
        -- Infinity is after everything too, and what still holds then has no end to come before it.
        WHEN regexp_full_match(moment::VARCHAR, '[^ T]+([ T][0-9:.]+)?')
        THEN least(moment::VARCHAR::TIMESTAMP, TIMESTAMP '290000-01-01 00:00:00')
        -- The text of a TIMESTAMPTZ carries its offset, which a cast to TIMESTAMP would pass over.
        ELSE make_timestamp(epoch_us(moment::VARCHAR::TIMESTAMPTZ))
    END;
