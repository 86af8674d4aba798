SELECT claim FROM/**/beliefs/* of */FOR -- which axis
REPORTED_TIME AS/**/OF DATE/**/'2025-10-15'-- the day
- 1/* or so */b ORDER BY claim
