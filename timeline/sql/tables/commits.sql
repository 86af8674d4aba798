-- The commits of the log. `actor` is the one that its events name, NULL where they name none or several.
CREATE TABLE commits (
    number BIGINT, first_position BIGINT, count BIGINT, recorded_at TIMESTAMP, digest VARCHAR, actor VARCHAR
);
