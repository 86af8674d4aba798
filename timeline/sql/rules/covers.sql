-- Whether a valid time, open where a bound is NULL, holds a moment, which is named once: it may take long to bind.
CREATE OR REPLACE MACRO rules.covers(valid_from, valid_to, moment) AS
    moment BETWEEN coalesce(valid_from, TIMESTAMP '-infinity')
    AND coalesce(valid_to - INTERVAL 1 MICROSECOND, TIMESTAMP 'infinity');
