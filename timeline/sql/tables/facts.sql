-- Every fact that events speak of. A fact is plain where one window for each of its valid times shows what
-- was believed of it: nothing in it was corrected or retracted, its valid times are equal or disjoint, and
-- no other fact has its hash.
-- It is timeless where, besides, no report gives a valid time; then what is reported after `last_reported`
-- displaces the belief of that moment, and changes nothing before.
-- The hash is md5_number_lower of the fact, computed in a way that takes a fifth of the time.
CREATE TABLE facts AS
WITH
    described AS (
        SELECT
            fact,
            bool_or(event_type IN ('corrected', 'retracted')) AS amended,
            min(coalesce(valid_from, TIMESTAMP '-infinity')) AS first_from,
            max(coalesce(valid_from, TIMESTAMP '-infinity')) AS last_from,
            min(coalesce(valid_to, TIMESTAMP 'infinity')) AS first_to,
            max(coalesce(valid_to, TIMESTAMP 'infinity')) AS last_to,
            max(reported_at) AS last_reported
        FROM incoming
        WHERE fact IS NOT NULL
        GROUP BY fact
    ),
    several AS (SELECT fact FROM described WHERE NOT amended AND (first_from <> last_from OR first_to <> last_to)),
    valid_times AS (
        SELECT DISTINCT
            fact,
            coalesce(valid_from, TIMESTAMP '-infinity') AS valid_from,
            coalesce(valid_to, TIMESTAMP 'infinity') AS valid_to
        FROM incoming
        SEMI JOIN several USING (fact)
    ),
    overlapping AS (
        SELECT DISTINCT fact
        FROM valid_times
        QUALIFY valid_from < lag(valid_to) OVER (PARTITION BY fact ORDER BY valid_from, valid_to)
    )
SELECT
    (md5_number(t.fact) >> 64)::UBIGINT AS fact_hash,
    t.fact,
    NOT t.amended AND o.fact IS NULL AND count(*) OVER (PARTITION BY fact_hash) = 1 AS plain,
    plain AND t.first_from = TIMESTAMP '-infinity' AND t.last_from = t.first_from
    AND t.first_to = TIMESTAMP 'infinity' AS timeless,
    t.last_reported
FROM described AS t
LEFT JOIN overlapping AS o ON t.fact = o.fact
ORDER BY fact_hash, t.fact;
