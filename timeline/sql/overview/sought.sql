-- The beliefs of `base` that a search finds: `text`, in lower case, is in their fact, their claim or their
-- statement, or they are about one of the entities `ids`, which have it in their names.
FROM base
WHERE
    contains(lower(fact), $text)
    OR contains(lower(coalesce(claim, '')), $text)
    OR contains(lower(coalesce(statement, '')), $text)
    OR list_contains($ids::VARCHAR[], subject)
    OR list_contains($ids::VARCHAR[], object)
