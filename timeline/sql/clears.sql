-- Whether a lower bound lies above an upper one, both widened where approximate; an absent bound never does.
CREATE OR REPLACE MACRO store.clears(low, low_approximate, high, high_approximate) AS
    coalesce(
        try(store.widened(low, low_approximate, -1) > store.widened(high, high_approximate, 1)),
        -- From 10 to the 27th on there is room for seven places only.
        store.widened(low::DECIMAL(38, 7), low_approximate, -1)
        > store.widened(high::DECIMAL(38, 7), high_approximate, 1),
        false
    );
