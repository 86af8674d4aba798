-- A moment of valid time as an instant: a DATE or 'YYYY-MM-DD' means its first microsecond.
CREATE OR REPLACE MACRO valid_instant(moment) AS
    CASE
        WHEN regexp_full_match(moment::VARCHAR, '\d{4,6}-\d\d-\d\d') THEN (moment::VARCHAR::DATE)::TIMESTAMP
        ELSE moment::VARCHAR::TIMESTAMP
    END;
