-- The rows of a published segment, from $segment_from (inclusive) to $segment_until (exclusive): every belief
-- that reaches into it. Where it ended is in the one segment in which it did. `part` is by the fact.
SELECT
    * REPLACE (if(believed_until <= $segment_until, believed_until, NULL) AS believed_until),
    (('0x' || left(md5(fact), 2))::INTEGER * $parts) // 256 AS part
FROM belief_spans
WHERE believed_from < $segment_until AND (believed_until IS NULL OR believed_until > $segment_from)
