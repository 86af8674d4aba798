-- A TIMESTAMP, which is UTC, or the instant of a TIMESTAMPTZ. Its text carries its offset, which a cast to TIMESTAMP
-- would pass over.
CREATE OR REPLACE MACRO rules.in_utc(moment) AS
    CASE
        WHEN typeof(moment) = 'TIMESTAMP WITH TIME ZONE' AND moment::VARCHAR NOT LIKE '%infinity'
        THEN make_timestamp(epoch_us(moment::VARCHAR::TIMESTAMPTZ))
        ELSE moment::VARCHAR::TIMESTAMP
    END;
