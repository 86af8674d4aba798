-- The latest description of each source.
CREATE OR REPLACE VIEW sources AS FROM sources_as_of(NULL);
