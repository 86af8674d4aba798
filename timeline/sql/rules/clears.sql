-- Whether a lower bound lies above an upper one, both widened where approximate; an absent bound never does.
CREATE OR REPLACE MACRO rules.clears(low, low_approximate, high, high_approximate) AS
    coalesce(
        try(rules.widened(low, low_approximate, -1) > rules.widened(high, high_approximate, 1)),
        -- From 10 to the 27th on there is room for seven places only.
        rules.widened(low::DECIMAL(38, 7), low_approximate, -1)
        > rules.widened(high::DECIMAL(38, 7), high_approximate, 1),
        false
    );
