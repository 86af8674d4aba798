-- What is believed with everything recorded.
CREATE OR REPLACE VIEW beliefs AS FROM beliefs_as_of(NULL);
