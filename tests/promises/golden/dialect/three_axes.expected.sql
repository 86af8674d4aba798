-- any order, any case, with an alias
select b.claim
from beliefs_as_of(timestamptz '2025-12-31 23:59:59+01', recorded_as_of := '#2', valid_at := timestamp '2025-07-01 00:00:00') AS b
where b.fact = 'acme/ceo';
