-- Claims as what their attribute takes, in the order of their rows. Where that is given too, there is one claim too
-- many, and both stay.
SELECT
    if(moves, NULL, claim) AS claim,
    claim AS claim_written,
    if(moves AND kind = 'date', claim, date) AS date,
    if(moves AND kind = 'text', claim, text) AS text,
    if(moves AND kind = 'entity', claim, entity) AS entity,
    if(moves AND kind = 'answer', claim, answer) AS answer
FROM (
    SELECT
        c.*,
        d.value AS kind,
        coalesce(
            c.claim IS NOT NULL
            AND CASE kind
                WHEN 'date' THEN c.date
                WHEN 'text' THEN c.text
                WHEN 'entity' THEN c.entity
                WHEN 'answer' THEN c.answer
                ELSE c.claim
            END IS NULL,
            false
        ) AS moves
    FROM (
        SELECT
            *,
            row_number() OVER () AS row,
            coalesce(attribute, split_part(split_part(fact, '@', 1), '/', 2)) AS of_attribute
        FROM claimed
    ) AS c
    LEFT JOIN declared AS d ON c.of_attribute = d.id
)
ORDER BY row
