-- Claims that were only alleged, rumored or denied, and what became of them.
-- The outcome: stands (nothing else has been said since), borne out (said again, and more firmly), repeated
-- (said again, no more firmly), denied, displaced (something else is believed) or gone (nothing is).
-- $as_of (default: NULL): the date; NULL is everything recorded
-- $statuses (default: alleged,denied,rumored): which statuses, separated by commas
-- $fact (default: *): which facts, where * stands for anything
SELECT
    h.fact, h.claim, h.status, h.origin, h.believed_from::DATE AS believed_from,
    CASE
        WHEN b.fact IS NULL THEN 'gone'
        WHEN b.event_id = h.event_id THEN 'stands'
        WHEN b.status = 'denied' AND h.status <> 'denied' THEN 'denied'
        WHEN
            (b.amount_low, b.amount_high, b.unit, b.text, b.date_from, b.date_to)
            IS DISTINCT FROM (h.amount_low, h.amount_high, h.unit, h.text, h.date_from, h.date_to)
        THEN 'displaced'
        WHEN b.status IN ('alleged', 'rumored', h.status) THEN 'repeated'
        -- To claim what was denied is to say something else, though the value is the same.
        WHEN h.status = 'denied' THEN 'displaced'
        ELSE 'borne out'
    END AS outcome,
    if(outcome = 'stands', NULL, b.claim) AS claim_now,
    if(outcome = 'stands', NULL, b.status) AS status_now,
    if(outcome = 'stands', NULL, b.origin) AS origin_now
FROM beliefs FOR REPORTED_TIME BETWEEN NULL AND $as_of AS h
LEFT JOIN beliefs FOR REPORTED_TIME AS OF $as_of AS b
    ON
        h.fact = b.fact
        AND coalesce(h.valid_from < b.valid_to, true) AND coalesce(b.valid_from < h.valid_to, true)
WHERE list_contains(string_split($statuses, ','), h.status) AND h.fact GLOB $fact
ORDER BY h.fact, h.believed_from, h.valid_from NULLS FIRST, b.valid_from NULLS FIRST
