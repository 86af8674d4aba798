-- What this index was built from, and by which layout. Up to `whole` it was built at once, in the order
-- that the tables promise; what came later was put in behind.
CREATE TABLE meta (
    format INTEGER, "commit" BIGINT, position BIGINT, digest VARCHAR, whole BIGINT
);
