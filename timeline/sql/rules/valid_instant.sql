-- Where a span begins or ends that is given by two moments: a DATE or 'YYYY-MM-DD' means its first
-- microsecond, a TIMESTAMP is UTC, a TIMESTAMPTZ its own instant.
CREATE OR REPLACE MACRO valid_instant(moment) AS
    CASE
        WHEN regexp_full_match(moment::VARCHAR, '\d{4,6}-\d\d-\d\d') THEN (moment::VARCHAR::DATE)::TIMESTAMP
        ELSE moment::VARCHAR::TIMESTAMP
    END;
