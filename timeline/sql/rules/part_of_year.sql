-- The months of a part of a year by the way in which people and EDTF write it, in upper case, `@` for the year:
-- a month, season, quarter, third or half, and the year itself. `months` is one of the two macros below.
-- These are texts that are split, since every item of a list takes as long to bind as the list here.
CREATE OR REPLACE MACRO rules.part_of_year(written, months) AS
    map(
        string_split(
            '@|@-XX|@-XX-XX|@-01|@-01-XX|@-02|@-02-XX|@-03|@-03-XX|@-04|@-04-XX|@-05|@-05-XX|@-06|@-06-XX|'
            || '@-07|@-07-XX|@-08|@-08-XX|@-09|@-09-XX|@-10|@-10-XX|@-11|@-11-XX|@-12|@-12-XX|@-21|@-22|@-23|'
            || '@-24|@-25|@-26|@-27|@-28|@-29|@-30|@-31|@-32|@-33|@-34|@-35|@-36|@-37|@-38|@-39|@-40|@-41|@-Q1|'
            || '@ Q1|@Q1|@-Q2|@ Q2|@Q2|@-Q3|@ Q3|@Q3|@-Q4|@ Q4|@Q4|@-H1|@ H1|@H1|@-H2|@ H2|@H2|Q1-@|Q1 @|Q1@|'
            || '1Q-@|1Q @|1Q@|Q2-@|Q2 @|Q2@|2Q-@|2Q @|2Q@|Q3-@|Q3 @|Q3@|3Q-@|3Q @|3Q@|Q4-@|Q4 @|Q4@|4Q-@|4Q @|'
            || '4Q@|H1-@|H1 @|H1@|1H-@|1H @|1H@|H2-@|H2 @|H2@|2H-@|2H @|2H@|JAN @|JAN, @|JAN. @|JAN., @|'
            || 'JANUARY @|JANUARY, @|JANUARY. @|JANUARY., @|FEB @|FEB, @|FEB. @|FEB., @|FEBRUARY @|FEBRUARY, @|'
            || 'FEBRUARY. @|FEBRUARY., @|MAR @|MAR, @|MAR. @|MAR., @|MARCH @|MARCH, @|MARCH. @|MARCH., @|APR @|'
            || 'APR, @|APR. @|APR., @|APRIL @|APRIL, @|APRIL. @|APRIL., @|MAY @|MAY, @|MAY. @|MAY., @|JUN @|'
            || 'JUN, @|JUN. @|JUN., @|JUNE @|JUNE, @|JUNE. @|JUNE., @|JUL @|JUL, @|JUL. @|JUL., @|JULY @|'
            || 'JULY, @|JULY. @|JULY., @|AUG @|AUG, @|AUG. @|AUG., @|AUGUST @|AUGUST, @|AUGUST. @|AUGUST., @|'
            || 'SEP @|SEP, @|SEP. @|SEP., @|SEPT @|SEPT, @|SEPT. @|SEPT., @|SEPTEMBER @|SEPTEMBER, @|'
            || 'SEPTEMBER. @|SEPTEMBER., @|OCT @|OCT, @|OCT. @|OCT., @|OCTOBER @|OCTOBER, @|OCTOBER. @|'
            || 'OCTOBER., @|NOV @|NOV, @|NOV. @|NOV., @|NOVEMBER @|NOVEMBER, @|NOVEMBER. @|NOVEMBER., @|DEC @|'
            || 'DEC, @|DEC. @|DEC., @|DECEMBER @|DECEMBER, @|DECEMBER. @|DECEMBER., @',
            '|'
        ),
        months
    )[written];
