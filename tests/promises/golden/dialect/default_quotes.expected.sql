-- recorded_as_of: #3' OR '1' = '1
SELECT recorded_instant('#1'), claim FROM beliefs_as_of(NULL, recorded_as_of := '#3'' OR ''1'' = ''1') AS beliefs
