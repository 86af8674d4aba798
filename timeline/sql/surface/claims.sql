-- Each origin's own belief with everything recorded.
CREATE OR REPLACE VIEW claims AS FROM claims_as_of(NULL);
