-- Pairs of origins' own beliefs that disagree with everything recorded.
CREATE OR REPLACE VIEW disagreements AS FROM disagreements_as_of(NULL);
