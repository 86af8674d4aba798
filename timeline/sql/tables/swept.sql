-- The beliefs in facts that are not plain: which event won, for which valid time, and when. Bounds are
-- infinite where nothing bounds them.
CREATE TABLE swept (
    fact_hash UBIGINT, position BIGINT, valid_from TIMESTAMP, valid_to TIMESTAMP,
    believed_from TIMESTAMP, believed_until TIMESTAMP
);
