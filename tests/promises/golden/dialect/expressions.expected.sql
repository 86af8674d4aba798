SELECT 1 FROM beliefs_as_of(current_date) AS beliefs
UNION ALL SELECT 2 FROM beliefs_as_of(CURRENT_TIMESTAMP) AS beliefs
UNION ALL SELECT 3 FROM beliefs_as_of(now() - INTERVAL 7 DAYS) b
UNION ALL SELECT 4 FROM beliefs_as_of(now()::DATE - 7) b
UNION ALL SELECT 5 FROM beliefs_as_of(DATE '2025-01-01' + INTERVAL '1' DAY) b
UNION ALL SELECT 6 FROM beliefs_as_of(CAST('2025-01-01' AS DATE)) AS beliefs
UNION ALL SELECT 7 FROM beliefs_as_of('2025-' || '01-01') b
UNION ALL SELECT 8 FROM beliefs_as_of((CASE WHEN true THEN DATE '2025-01-01' END)) b
UNION ALL SELECT 9 FROM beliefs_as_of(TIMESTAMP '2025-01-01' AT TIME ZONE 'Europe/Berlin') b
UNION ALL SELECT 10 FROM beliefs_as_of(TIMESTAMP WITH TIME ZONE '2025-01-01 00:00:00+00') b
UNION ALL SELECT 11 FROM beliefs_as_of('2025-01-01'::TIMESTAMP WITH TIME ZONE) b
UNION ALL SELECT 12 FROM beliefs_as_of($$2025-01-01$$) b
UNION ALL SELECT 13 FROM beliefs_as_of(['2025-01-01', '2026-01-01'][1]) b
UNION ALL SELECT 14 FROM beliefs_as_of(NULL) b
UNION ALL SELECT 15 FROM beliefs_as_of(make_date(2025, 1, 1).strftime('%Y-%m-%d')) b
UNION ALL SELECT 16 FROM beliefs_as_of((now() - INTERVAL (7) DAYS)) b
UNION ALL SELECT 17 FROM beliefs_as_of(least([now()][1], (SELECT now FROM (VALUES (now())) t (now)))) b
UNION ALL SELECT 18 FROM beliefs_as_of(now() AT TIME ZONE lower('UTC')) b
