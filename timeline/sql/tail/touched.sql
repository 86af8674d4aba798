-- The facts that a tail touches, and from when on the reported axis it does. Where nothing new is older than
-- what is known, and all is of no valid time, `cut` is the first new report; else the fact is resolved again.
-- So are facts whose hash is the same, for everything here goes by that.
CREATE TABLE tail.touched AS
WITH
    new AS (
        SELECT
            (md5_number(fact) >> 64)::UBIGINT AS fact_hash,
            fact,
            min(reported_at) AS first_reported,
            bool_or(
                event_type NOT IN ('reported', 'withdrawn') OR valid_from IS NOT NULL OR valid_to IS NOT NULL
            ) AS entangles
        FROM tail.appended
        WHERE fact IS NOT NULL
        GROUP BY fact
    ),
    met AS (
        SELECT
            coalesce(t.fact_hash, f.fact_hash) AS fact_hash,
            coalesce(t.fact, f.fact) AS fact,
            CASE
                WHEN f.fact IS NULL THEN t.first_reported
                WHEN f.timeless AND NOT t.entangles AND t.first_reported >= f.last_reported
                THEN t.first_reported
                ELSE TIMESTAMP '-infinity'
            END AS cut
        FROM new AS t
        FULL JOIN (FROM tail.known_facts SEMI JOIN new USING (fact_hash)) AS f
            ON t.fact_hash = f.fact_hash AND t.fact = f.fact
    )
SELECT
    fact_hash,
    fact,
    CASE WHEN count(*) OVER (PARTITION BY fact_hash) = 1 THEN cut ELSE TIMESTAMP '-infinity' END AS cut
FROM met;
