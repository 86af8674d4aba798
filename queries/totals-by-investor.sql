-- What each investor puts in according to the headlines: firm, announced or only talked of.
-- In billions of one currency, as believed on a date. Firm is what is committed, agreed, completed or
-- actual; announced takes in letters of intent; what was suspended, cancelled or denied is not counted.
-- A range counts with its upper end, as in headlines, and sums of a period not at all.
-- $as_of (default: NULL): the date; NULL is everything recorded
-- $object (default: *): into what, where * stands for anything
-- $currency (default: USD): as ISO 4217
WITH counted AS (
    SELECT
        subject AS investor,
        amount,
        unit,
        CASE
            WHEN status IN ('committed', 'agreed', 'completed', 'actual') THEN 'firm'
            WHEN status IN ('announced', 'letter-of-intent') THEN 'announced'
            ELSE 'talked of'
        END AS firmness
    FROM beliefs FOR REPORTED_TIME AS OF $as_of
    WHERE
        attribute = 'investment' AND period IS NULL AND unit = $currency AND object GLOB $object
        AND status NOT IN ('suspended', 'cancelled', 'denied', 'erased')
)
SELECT
    investor,
    coalesce(sum(amount) FILTER (firmness = 'firm'), 0) / 1e9 AS firm,
    coalesce(sum(amount) FILTER (firmness = 'announced'), 0) / 1e9 AS announced,
    coalesce(sum(amount) FILTER (firmness = 'talked of'), 0) / 1e9 AS talked_of,
    sum(amount) / 1e9 AS headline,
    unit
FROM counted
GROUP BY investor, unit
ORDER BY headline DESC, investor
