-- A day of an ISO week, such as 2024-W05, in upper case; `otherwise` is the one that is meant where none is named,
-- '1' or '7'. NULL of any other text, and of a week that its year does not have.
CREATE OR REPLACE MACRO rules.day_of_week(written, otherwise) AS
    CASE
        WHEN translate(written, '123456789', '000000000')
            IN ('0000-W00', '0000W00', '0000-W00-0', '0000W00-0', '0000-W000', '0000W000')
            AND strftime(try_strptime(replace(replace(written, 'W', ''), '-', '')[:6] || '4', '%G%V%u'), '%G')
            = written[:4]
        THEN try_strptime((replace(replace(written, 'W', ''), '-', '') || otherwise)[:7], '%G%V%u')
    END;
