-- The beliefs, with all their columns. The reported axis is cut into the segments of store.bounds, and a
-- belief stands in every segment that it reaches into, so that what was believed on one date is in one
-- segment. Its rows are in order of the slots in which they begin and end, so that zone maps pass over nearly
-- all that is not believed on a date. After the Timeline Index of Kaufmann et al., SIGMOD 2013.
-- Here too, bounds of an amount are only there where it is `ranging`, and when it was reported only where the
-- belief began at another moment.
CREATE TABLE store.segment_rows (
    segment INTEGER, segment_from TIMESTAMP, segment_until TIMESTAMP, fact_hash UBIGINT,
    fact VARCHAR, subject VARCHAR, attribute VARCHAR, object VARCHAR, period VARCHAR,
    period_from TIMESTAMP, period_to TIMESTAMP, value_type VARCHAR, amount DECIMAL(38, 9),
    amount_low DECIMAL(38, 9), amount_high DECIMAL(38, 9), unit VARCHAR, approximate BOOLEAN,
    text VARCHAR, date_from TIMESTAMP, date_to TIMESTAMP, status VARCHAR, claim VARCHAR,
    reported_at TIMESTAMP, event_id VARCHAR, source VARCHAR, origin VARCHAR, speaker VARCHAR,
    statement VARCHAR, valid_from TIMESTAMP, valid_to TIMESTAMP, believed_from TIMESTAMP,
    believed_until TIMESTAMP, ranging BOOLEAN
);
