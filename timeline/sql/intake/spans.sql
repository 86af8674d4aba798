-- How every period in the table is told.
CREATE OR REPLACE TEMP TABLE spans AS
FROM spans_of('bounds');
