-- recorded_as_of: #3' OR '1' = '1
SELECT recorded_instant('#1'), claim FROM beliefs
