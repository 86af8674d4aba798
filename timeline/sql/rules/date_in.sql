-- What a moment that is no TIMESTAMP says as text, in upper case and without blanks around it. A value that is
-- neither text nor a date becomes a text that is none.
CREATE OR REPLACE MACRO rules.date_in(moment) AS
    CASE
        WHEN typeof(moment) IN ('VARCHAR', 'DATE') THEN upper(trim(moment::VARCHAR))
        ELSE moment::VARCHAR || ', of type ' || typeof(moment) || ','
    END;
