-- A moment on the recorded axis as an instant: as reported_instant, or '#4' for the fourth commit. A
-- commit or moment later than the head means the head's.
CREATE OR REPLACE MACRO recorded_instant(moment) AS
    CASE
        WHEN moment IS NULL THEN TIMESTAMP '290000-01-01 00:00:00'
        WHEN starts_with(moment::VARCHAR, '#')
        THEN coalesce(
            (
                SELECT max(recorded_at)
                FROM store.commits
                WHERE number <= try_cast(substr(moment::VARCHAR, 2) AS BIGINT)
            ),
            CASE
                WHEN try_cast(substr(moment::VARCHAR, 2) AS BIGINT) >= 0 THEN TIMESTAMP '-infinity'
                ELSE error('''' || moment::VARCHAR || ''' is not a commit; expected # and its number, such as #4')
            END
        )
        ELSE reported_instant(moment)
    END;
