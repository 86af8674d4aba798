-- The latest description of each attribute.
CREATE OR REPLACE VIEW attributes AS FROM attributes_as_of(NULL);
