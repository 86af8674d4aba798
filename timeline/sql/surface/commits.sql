-- The commits of the log, in order: what was recorded at once, and the digest up to there.
CREATE OR REPLACE VIEW commits AS
SELECT number, first_position, count, recorded_at, digest, actor FROM store.commits ORDER BY number;
