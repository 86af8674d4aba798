-- Where a span begins or ends that is given by two moments: the first microsecond of a day, month, quarter or year, a
-- TIMESTAMP is UTC, a TIMESTAMPTZ or text with an offset its own instant. Of text it is `times.parse_instant`.
CREATE OR REPLACE MACRO valid_instant(moment) AS
    CASE
        WHEN moment IS NULL THEN NULL
        WHEN typeof(moment) LIKE 'TIMESTAMP%' OR (typeof(moment) = 'DATE' AND moment::VARCHAR = 'infinity')
        THEN rules.in_utc(moment)
        ELSE list_transform(
            [replace(rules.date_in(moment), 'X', '?')],
            lambda written: CASE
                WHEN translate(written, '123456789', '000000000') = '0000-00-00' AND written >= '0001' THEN written::TIMESTAMP
                WHEN rules.is_instant(written)
                THEN make_timestamp(epoch_us(replace(written, ',', '.')::TIMESTAMPTZ))
                ELSE coalesce(
                    try_cast(
                        nullif(regexp_extract(written, '^[0-9]{4}|[0-9]{4}$'), '0000') || '-'
                        || rules.part_of_year(regexp_replace(written, '^[0-9]{4}|[0-9]{4}$', '@'), rules.first_months())
                        || '-01' AS DATE
                    ),
                    rules.day_of_week(written, '1'),
                    rules.no_date(written)
                )::TIMESTAMP
            END
        )[1]
    END;
