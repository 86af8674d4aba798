SELECT claim FROM/**/beliefs_as_of(DATE/**/'2025-10-15'-- the day
- 1)/* or so */b ORDER BY claim
