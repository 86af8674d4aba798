-- How firm a claim can be, in the order in which they are listed.
CREATE OR REPLACE VIEW statuses AS SELECT status, meaning FROM store.statuses ORDER BY nth;
