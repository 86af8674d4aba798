-- A date on the reported axis as an instant: the last microsecond of a day, month, quarter or year, a TIMESTAMP is
-- UTC, a TIMESTAMPTZ or text with an offset its own instant; NULL means after everything. Of text it is the rule of
-- `times.parse_as_of`, and what that refuses is refused here. Questions name it many times over, so that what it
-- takes to bind counts: the text is bound once, as the only item of a list.
CREATE OR REPLACE MACRO reported_instant(moment) AS
    CASE
        WHEN moment IS NULL THEN TIMESTAMP '290000-01-01 00:00:00'
        -- Infinity is after everything too, and what still holds then has no end to come before it.
        WHEN typeof(moment) LIKE 'TIMESTAMP%' OR (typeof(moment) = 'DATE' AND moment::VARCHAR = 'infinity')
        THEN least(rules.in_utc(moment), TIMESTAMP '290000-01-01 00:00:00')
        ELSE list_transform(
            [rules.end_of_interval(rules.date_in(moment))],
            lambda written: CASE
                WHEN translate(written, '123456789', '000000000') = '0000-00-00' AND written >= '0001' THEN (written || ' 23:59:59.999999')::TIMESTAMP
                WHEN rules.is_instant(written)
                THEN make_timestamp(epoch_us(replace(written, ',', '.')::TIMESTAMPTZ))
                ELSE coalesce(
                    last_day(
                        try_cast(
                            nullif(regexp_extract(written, '^[0-9]{4}|[0-9]{4}$'), '0000') || '-'
                            || rules.part_of_year(regexp_replace(written, '^[0-9]{4}|[0-9]{4}$', '@'), rules.last_months())
                            || '-01' AS DATE
                        )
                    ),
                    rules.day_of_week(written, '7'),
                    rules.no_date(written)
                )::TIMESTAMP + INTERVAL 86399999999 MICROSECOND
            END
        )[1]
    END;
