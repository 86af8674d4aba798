-- The event that counts, as recorded in [recorded_from, recorded_until), at each place that was ever corrected
-- or retracted, and when it counts on the reported axis under each basis.
CREATE TABLE amended (
    fact VARCHAR, place BIGINT, position BIGINT, claims BOOLEAN, on_basis VARCHAR, recorded_from TIMESTAMP,
    recorded_until TIMESTAMP, counts_from TIMESTAMP, counts_until TIMESTAMP
);
