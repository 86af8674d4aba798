-- The commits of the log.
CREATE TABLE commits (
    number BIGINT, first_position BIGINT, count BIGINT, recorded_at TIMESTAMP, digest VARCHAR
);
