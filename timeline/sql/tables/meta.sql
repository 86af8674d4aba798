-- What this index was built from, and by which layout.
CREATE TABLE store.meta (format INTEGER, commit BIGINT, position BIGINT, digest VARCHAR);
