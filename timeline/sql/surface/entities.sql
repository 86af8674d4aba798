-- The latest description of each entity.
CREATE OR REPLACE VIEW entities AS FROM entities_as_of(NULL);
