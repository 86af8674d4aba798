-- A small catalog with the names, signatures and rules that translated SQL relies on.
CREATE TABLE commits (number INTEGER, recorded_at TIMESTAMP);
INSERT INTO commits VALUES (1, '2025-03-01'), (2, '2025-11-01'), (3, '2026-03-01');

CREATE MACRO valid_instant(x) AS
    CASE WHEN typeof(x) = 'TIMESTAMP WITH TIME ZONE' THEN x::TIMESTAMPTZ AT TIME ZONE 'UTC'
         ELSE x::VARCHAR::TIMESTAMP END;
CREATE MACRO reported_instant(x) AS
    valid_instant(x) + CASE WHEN regexp_full_match(x::VARCHAR, '\d{4}-\d\d-\d\d')
        THEN INTERVAL 1 DAY - INTERVAL 1 MICROSECOND ELSE INTERVAL 0 DAY END;
CREATE MACRO recorded_instant(x) AS
    CASE WHEN starts_with(x::VARCHAR, '#')
         THEN (SELECT recorded_at FROM commits WHERE number = TRY_CAST(substr(x::VARCHAR, 2) AS INTEGER))
         ELSE reported_instant(TRY_CAST(x::VARCHAR AS TIMESTAMP)) END;

CREATE TABLE held (
    fact VARCHAR, claim VARCHAR, origin VARCHAR, valid_from TIMESTAMP, valid_to TIMESTAMP,
    believed_from TIMESTAMP, believed_until TIMESTAMP, recorded_at TIMESTAMP);
INSERT INTO held VALUES
    ('acme/ceo', 'ann', 'acme', NULL, '2025-06-01',
     '2025-01-31 23:59:59.999999', NULL, '2025-03-01'),
    ('acme/ceo', 'bob', 'acme', '2025-06-01', NULL,
     '2025-05-20 23:59:59.999999', NULL, '2025-11-01'),
    ('acme/price', '100 billion USD', 'acme', NULL, NULL,
     '2025-09-22 12:00', '2026-02-20 23:59:59.999999', '2025-11-01'),
    ('acme/price', '30 billion USD', 'paper', NULL, NULL,
     '2026-02-20 23:59:59.999999', NULL, '2026-03-01');

CREATE VIEW events AS
    SELECT row_number() OVER (ORDER BY believed_from) AS position, fact, claim,
           believed_from AS reported_at, recorded_at FROM held;
CREATE VIEW sources AS SELECT DISTINCT origin AS id FROM held;
CREATE VIEW entities AS SELECT 'acme' AS id;
CREATE VIEW attributes AS SELECT 'ceo' AS id;
CREATE MACRO sources_as_of(x) AS TABLE
    SELECT DISTINCT origin AS id FROM held WHERE recorded_at <= recorded_instant(x);
CREATE MACRO entities_as_of(x) AS TABLE SELECT * FROM entities WHERE recorded_instant(x) >= '2025-03-01';
CREATE MACRO attributes_as_of(x) AS TABLE SELECT * FROM attributes WHERE recorded_instant(x) >= '2025-03-01';

CREATE VIEW belief_spans AS SELECT * EXCLUDE (recorded_at) FROM held;
CREATE MACRO belief_spans_as_of(recorded_as_of := NULL, basis := 'certain', policy := 'latest') AS TABLE
    SELECT * EXCLUDE (recorded_at) FROM held
    WHERE coalesce(recorded_at <= recorded_instant(recorded_as_of), true) AND basis <> '' AND policy <> '';
CREATE MACRO beliefs_as_of(
    as_of, recorded_as_of := NULL, valid_at := NULL, basis := 'certain', policy := 'latest') AS TABLE
    SELECT * EXCLUDE (believed_until, recorded_at) FROM held
    WHERE coalesce(believed_from <= reported_instant(as_of), true)
      AND coalesce(believed_until > coalesce(reported_instant(as_of), 'infinity'), true)
      AND coalesce(recorded_at <= recorded_instant(recorded_as_of), true)
      AND coalesce(valid_from <= reported_instant(valid_at), true)
      AND coalesce(valid_to > reported_instant(valid_at), true)
      AND basis <> '' AND policy <> '';
CREATE MACRO claims_as_of(as_of, recorded_as_of := NULL, valid_at := NULL, basis := 'certain') AS TABLE
    SELECT * FROM beliefs_as_of(
        as_of, recorded_as_of := recorded_as_of, valid_at := valid_at, basis := basis);
CREATE MACRO disagreements_as_of(
    as_of, recorded_as_of := NULL, valid_at := NULL, basis := 'certain', within := 90) AS TABLE
    SELECT a.fact, a.valid_from, a.valid_to, a.origin AS origin_1, b.origin AS origin_2
    FROM claims_as_of(as_of, recorded_as_of := recorded_as_of, valid_at := valid_at, basis := basis) AS a
    JOIN claims_as_of(as_of, recorded_as_of := recorded_as_of, valid_at := valid_at, basis := basis) AS b
      ON a.fact = b.fact AND a.claim < b.claim;
CREATE VIEW beliefs AS FROM beliefs_as_of(NULL);
CREATE VIEW claims AS FROM claims_as_of(NULL);
CREATE VIEW disagreements AS FROM disagreements_as_of(NULL);
CREATE MACRO history(fact_glob) AS TABLE SELECT * FROM events WHERE fact GLOB fact_glob;
