-- The beliefs of `sought` that have one of some values in each of these columns; an empty list means any.
FROM sought
WHERE
    (len($subject::VARCHAR[]) = 0 OR list_contains($subject::VARCHAR[], subject))
    AND (len($attribute::VARCHAR[]) = 0 OR list_contains($attribute::VARCHAR[], attribute))
    AND (len($status::VARCHAR[]) = 0 OR list_contains($status::VARCHAR[], status))
    AND (len($source::VARCHAR[]) = 0 OR list_contains($source::VARCHAR[], source))
    AND (len($origin::VARCHAR[]) = 0 OR list_contains($origin::VARCHAR[], origin))
