-- Letters of intent that have not become a deal, and what became of them.
-- Left out are those of which it was later believed that they were agreed, committed or completed. Those
-- that turned into something else come first; the rest are letters still.
-- $as_of (default: NULL): the date; NULL is everything recorded
-- $fact (default: *): which facts, where * stands for anything
WITH held AS (FROM beliefs FOR REPORTED_TIME BETWEEN NULL AND $as_of)
SELECT
    letter.fact,
    letter.claim AS letter,
    letter.believed_from::DATE AS letter_from,
    b.claim,
    coalesce(b.status, 'gone') AS status,
    b.believed_from::DATE AS believed_from
FROM held AS letter
LEFT JOIN beliefs FOR REPORTED_TIME AS OF $as_of AS b USING (fact)
WHERE
    letter.status = 'letter-of-intent'
    AND letter.fact GLOB $fact
    AND NOT EXISTS (
        FROM held AS deal
        WHERE
            deal.fact = letter.fact AND deal.believed_from > letter.believed_from
            AND deal.status IN ('agreed', 'committed', 'completed', 'actual')
    )
-- A letter that was reported again is still the first one.
QUALIFY row_number() OVER (
    PARTITION BY letter.fact, b.event_id ORDER BY letter.believed_from, letter.valid_from, b.valid_from
) = 1
ORDER BY b.status IS NOT DISTINCT FROM 'letter-of-intent', letter.fact, b.valid_from NULLS FIRST
