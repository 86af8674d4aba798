-- Each origin's own belief as of a date on the reported axis.
CREATE OR REPLACE MACRO claims_as_of(
    as_of, recorded_as_of := NULL, valid_at := NULL, basis := 'certain'
) AS TABLE
FROM beliefs_as_of(
    as_of, recorded_as_of := recorded_as_of, valid_at := valid_at, basis := basis, policy := 'by-origin'
);
