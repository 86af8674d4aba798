-- A figure as it is hashed, with nine places: `columns.decimal_text`. `small` is the same figure in 64 bits where
-- it has room there, which is written in a fraction of the time.
CREATE OR REPLACE TEMP MACRO nine_places(figure, small) AS (
    coalesce(small::DECIMAL(18, 3)::VARCHAR || '000000', figure::VARCHAR)
);
