-- A date on the reported axis as an instant: a DATE or 'YYYY-MM-DD' means its last microsecond, a
-- TIMESTAMP is UTC, a TIMESTAMPTZ or text with an offset its own instant; NULL means after everything.
-- Questions name it many times over, so that what it takes to bind counts.
CREATE OR REPLACE MACRO reported_instant(moment) AS
    coalesce(
        CASE
            WHEN moment::VARCHAR LIKE '%-__-__' THEN (moment::VARCHAR || ' 23:59:59.999999')::TIMESTAMP
            -- Infinity is after everything too, and what still holds then has no end to come before it.
            WHEN regexp_full_match(moment::VARCHAR, '[^ T]+([ T][0-9:.]+)?')
            THEN least(moment::VARCHAR::TIMESTAMP, TIMESTAMP '290000-01-01 00:00:00')
            -- The text of a TIMESTAMPTZ carries its offset, which a cast to TIMESTAMP would pass over.
            ELSE make_timestamp(epoch_us(moment::VARCHAR::TIMESTAMPTZ))
        END,
        TIMESTAMP '290000-01-01 00:00:00'
    );
