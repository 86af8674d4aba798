-- How every period in the table is told.
CREATE TEMP TABLE spans AS
FROM spans_of('bounds');
