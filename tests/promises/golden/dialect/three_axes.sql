-- any order, any case, with an alias
select b.claim
from beliefs for valid_time as of timestamp '2025-07-01 00:00:00'
             For Recorded_Time As Of '#2' -- the second commit
             FOR REPORTED_TIME AS OF timestamptz '2025-12-31 23:59:59+01' AS b
where b.fact = 'acme/ceo';
