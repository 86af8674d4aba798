-- Ten times a bound of an amount, so that it stays exact, moved outwards by a tenth where the amount
-- is approximate; `direction` is -1 for a lower bound, 1 for an upper one.
CREATE OR REPLACE MACRO rules.widened(bound, approximate, direction) AS
    bound * (10 + CASE WHEN approximate THEN direction * sign(bound) ELSE 0 END)::DECIMAL(2, 0);
