"""SQL that people send: it reads the store and nothing else, and takes no more than it may."""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.examples import some, thinned
from tests.web.conftest import Served
from timeline import BadInput, Timeline
from timeline.web.confined import Bounds, Busy, Confined

#: Short, so that what would run for ever is ended soon.
BOUNDS = Bounds(seconds=3, cpu_seconds=1, memory=2 * 2**30, rows=1_000, answer_bytes=2**20)

FILES = [
    *(
        f"FROM '{path}'"
        for path in (
            "/etc/passwd",
            "/etc/hosts",
            "secret.csv",
            "../log/000000000001.parquet",
            "~/.ssh/id_rsa",
        )
    ),
    *(
        f"SELECT * FROM {name}('/etc/passwd')"
        for name in (
            "read_csv",
            "read_csv_auto",
            "read_text",
            "read_blob",
            "read_json",
            "read_json_auto",
            "read_ndjson",
            "read_json_objects",
            "read_parquet",
            "parquet_scan",
            "parquet_metadata",
            "parquet_schema",
            "parquet_file_metadata",
            "parquet_kv_metadata",
            "sniff_csv",
            "glob",
        )
    ),
    "SELECT * FROM read_text('/proc/self/environ')",
    "SELECT * FROM read_text('/proc/self/maps')",
    "SELECT * FROM read_blob('/dev/zero')",
    "SELECT * FROM read_text('/dev/stdin')",
    "SELECT * FROM glob('/**')",
    "SELECT getenv('HOME')",
    "SELECT * FROM read_duckdb('/tmp/x.duckdb')",
    "COPY (SELECT 1) TO '/tmp/out.csv'",
    "COPY events TO '/tmp/out.parquet' (FORMAT parquet)",
    "COPY events FROM '/etc/passwd'",
    "EXPORT DATABASE '/tmp/out'",
    "IMPORT DATABASE '/tmp/out'",
    "ATTACH '/tmp/other.duckdb'",
    "ATTACH ':memory:' AS other",
    "DETACH generation",
    "CHECKPOINT",
    "FORCE CHECKPOINT",
    "FROM query('COPY (SELECT 1) TO ''/tmp/out''')",
    "FROM query_table('/etc/passwd')",
    "WITH x AS (FROM '/etc/passwd') FROM x",
    "SELECT (SELECT count(*) FROM '/etc/passwd')",
    "SELECT * FROM (VALUES ('/etc/passwd')) AS t(p), read_text(p)",
    "FROM enable_logging(storage := 'file', storage_path := '/tmp/out')",
    "CALL enable_logging()",
    "CALL enable_profiling()",
]
NETWORK = [
    *(
        f"FROM '{scheme}://127.0.0.1:9/a.parquet'"
        for scheme in ("http", "https", "s3", "gs", "r2", "hf", "az", "abfss")
    ),
    "INSTALL httpfs",
    "LOAD httpfs",
    "FORCE INSTALL spatial FROM community",
    "UPDATE EXTENSIONS",
    "SELECT * FROM postgres_scan('host=127.0.0.1', 'public', 't')",
    "SELECT * FROM sqlite_scan('/tmp/x.db', 't')",
    "ATTACH 'postgres:host=127.0.0.1' AS p",
    "CREATE SECRET s (TYPE s3)",
]
SETTINGS = [
    *(
        f"SET {setting}"
        for setting in (
            "enable_external_access = true",
            "lock_configuration = false",
            "memory_limit = '100GB'",
            "threads = 64",
            "temp_directory = '/tmp'",
            "max_temp_directory_size = '100GB'",
            "allowed_directories = ['/']",
            "allowed_paths = ['/etc/passwd']",
            "python_enable_replacements = true",
            "home_directory = '/tmp'",
            "extension_directory = '/tmp'",
            "allow_unsigned_extensions = true",
            "log_query_path = '/tmp/out'",
            "profiling_output = '/tmp/out'",
            "max_execution_time = 0",
        )
    ),
    "RESET memory_limit",
    "RESET ALL",
    "PRAGMA memory_limit = '100GB'",
    "PRAGMA enable_profiling",
    "PRAGMA threads = 64",
    "USE memory",
    "SET VARIABLE x = 1",
    "SET SESSION AUTHORIZATION root",
    "PRAGMA database_list; SELECT 1",
]
PYTHON = [
    *(f"FROM {name}" for name in ("tl", "request", "answer", "self", "sys", "json", "most", "store")),
    "SELECT * FROM python_map('x')",
    "FROM pandas_scan(1)",
    "FROM arrow_scan(1, 2, 3)",
    "FROM arrow_scan_dumb(1, 2, 3)",
    "FROM seq_scan('events')",
]
STATEMENTS = [
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE store.events",
    "/* SELECT */ DELETE FROM store.event_rows",
    "-- only a comment",
    "",
    ";;",
    "BEGIN TRANSACTION",
    "COMMIT",
    "ROLLBACK",
    "EXECUTE p",
    "PREPARE p AS SELECT 1",
    "DEALLOCATE p",
    "EXPLAIN ANALYZE SELECT 1",
    "VACUUM",
    "ANALYZE",
    "TRUNCATE store.commits",
    "INSERT INTO store.commits SELECT * FROM store.commits",
    "UPDATE store.commits SET number = 0",
    "MERGE INTO store.commits USING (SELECT 1) AS x ON true WHEN MATCHED THEN DELETE",
    "DROP SCHEMA store CASCADE",
    "ALTER TABLE store.commits RENAME TO x",
    "COMMENT ON TABLE store.commits IS 'x'",
]
TEMPORARY = [
    *(
        f"CREATE {what}"
        for what in (
            "TEMP TABLE t AS SELECT 1",
            "TABLE t AS SELECT 1",
            "TEMP VIEW v AS SELECT 1",
            "OR REPLACE VIEW beliefs AS SELECT 1",
            "TEMP MACRO m() AS 1",
            "OR REPLACE MACRO beliefs_as_of(a) AS TABLE SELECT 1",
            "SEQUENCE s",
            "SCHEMA other",
            "TYPE mood AS ENUM ('a')",
            "INDEX i ON store.commits (number)",
            "FUNCTION f() AS 1",
        )
    ),
    "SELECT nextval('s')",
    "PIVOT events ON status INTO t",
]

SLOW = [
    "SELECT count(*) FROM range(1000000000000)",
    "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b",
    "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t",
    "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT * FROM t LIMIT 100000000",
    "SELECT sleep_ms(60000)",
    "SELECT max(sleep_ms(100)) FROM range(100000)",
    "SELECT count(*) FROM events a, events b, events c, events d, events e",
    "SELECT count(DISTINCT sha256(range::VARCHAR)) FROM range(1000000000)",
    "SELECT sum(regexp_matches(repeat('a', 5000000) || i, '(a*)*b')::INT) FROM range(1000000) t(i)",
    "SELECT count(*) FROM (SELECT unnest(range(1000000000)))",
    "SELECT list_reduce(range(100000000), lambda x, y: (x + y) % 7)",
    "SELECT sum(hash(random())) FROM range(100000000000)",
    "SELECT count(*) FROM generate_series(1, 100000000000)",
    "SELECT levenshtein(repeat('a', 100000), repeat('b', 100000))",
    "SELECT max(jaccard(repeat('ab', 10000000 + range), repeat('ba', 10000000))) FROM range(100000)",
    "SELECT bit_count(factorial(33)::BIT) FROM range(1000000000000)",
    "SELECT count(*) FROM beliefs a, beliefs b, beliefs c, beliefs d, beliefs e, beliefs f",
    "SELECT " + "(" * 800 + "1" + ")" * 800 + " FROM range(100000000000)",
    "SELECT mode(range % 7), median(range) FROM range(10000000000)",
    "SELECT string_agg(range::VARCHAR, ',' ORDER BY random()) FROM range(1000000000)",
]
LARGE = [
    "SELECT repeat('x', 2000000000)",
    "SELECT repeat('x', 4000000000)",
    "SELECT length(repeat('x', 3000000000) || repeat('y', 3000000000))",
    "SELECT list(range) FROM range(2000000000)",
    "SELECT range(2000000000)",
    "SELECT array_agg(repeat('x', 1000000)) FROM range(100000)",
    "SELECT string_agg(repeat('x', 1000000), '') FROM range(100000)",
    "SELECT repeat('x', 3000000) FROM range(1000)",
    "SELECT repeat('x', 2000000)",
    "SELECT lpad('x', 2000000000, 'y')",
    "SELECT rpad('x', 2000000000, 'y')",
    "SELECT replace(repeat('a', 100000000), 'a', repeat('b', 1000))",
    "SELECT bar(1, 0, 1, 2000000000)",
    "SELECT lpad(repeat('x', 1000000), 1500000000, 'z')",
    "SELECT format('{:>2000000000}', 1)",
    "SELECT * FROM (SELECT repeat('x', 100000) AS t FROM range(1000000)) ORDER BY t",
    "SELECT t, count(*) FROM (SELECT repeat('x', 100000) || range AS t FROM range(1000000)) GROUP BY t",
    "SELECT to_json(list(range)) FROM range(1000000000)",
    "SELECT histogram(range) FROM range(1000000000)",
    "SELECT map(range(1000000000), range(1000000000))",
    "SELECT list_resize([1], 2000000000)",
    "SELECT array_to_string(range(1000000000), ',')",
]

REFUSED = [*FILES, *NETWORK, *SETTINGS, *PYTHON, *STATEMENTS, *TEMPORARY]
ATTEMPTS = [*REFUSED, *SLOW, *LARGE]


@pytest.fixture(scope="module")
def confined(recorded_project: Path) -> Iterator[Confined]:
    found = Confined(recorded_project / ".timeline", BOUNDS)
    yield found
    found.close()


def test_there_are_attempts_enough() -> None:
    assert len(set(ATTEMPTS)) >= 150
    assert len(SLOW) + len(LARGE) >= 40


@pytest.mark.parametrize(
    "query",
    [*REFUSED[::7], *some(thinned([*SLOW, *LARGE]), 2)],
    ids=lambda query: f"{ATTEMPTS.index(query)} {query[:40]}",
)
def test_every_attempt_is_refused_or_ended_within_its_bounds(
    confined: Confined, query: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    began = time.monotonic()
    with pytest.raises(BadInput) as error:
        confined.run({"query": query})
    assert str(error.value)
    assert time.monotonic() - began < 60
    assert not list(tmp_path.iterdir())
    if query in (*SLOW, *LARGE):
        assert confined.run({"query": "SELECT count(*) FROM events"})["rows"][0][0] > 0


def test_what_is_refused_needs_no_process_of_its_own(
    recorded_project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process asks `Snapshot.sql`, so what that refuses here is refused there."""
    monkeypatch.chdir(tmp_path)
    with Timeline.open(recorded_project, read_only=True) as tl:
        for query in REFUSED:
            with pytest.raises(BadInput) as error:
                tl.snapshot().sql(query)
            assert str(error.value)
        assert not list(tmp_path.iterdir())
        assert tl.snapshot().sql("SELECT count(*) FROM events").rows[0][0] > 0


def test_what_may_be_asked_is_answered(confined: Confined, recorded_project: Path) -> None:
    query = "SELECT fact, claim, amount FROM beliefs ORDER BY fact"
    found = confined.run({"query": query, "as_of": "2025-10-15"})
    with Timeline.open(recorded_project, read_only=True) as tl:
        expected = tl.snapshot().sql(query, as_of="2025-10-15")
        assert [tuple(row[:2]) for row in found["rows"]] == [row[:2] for row in expected.rows]
    assert found["columns"] == ["fact", "claim", "amount"]
    assert confined.run({"query": "SELECT * FROM range(5000)"})["cut"]


def test_a_query_runs_where_a_thousand_descriptors_are_open(recorded_project: Path) -> None:
    """As in a server with so many connections: `select` takes none above 1,023."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limits[1] != resource.RLIM_INFINITY and limits[1] < 1_200:
        pytest.skip("no more than 1,200 descriptors may be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (1_200, limits[1]))
    own = Confined(recorded_project / ".timeline", BOUNDS)
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(1_050)]
    try:
        assert own.run({"query": "SELECT 1"})["rows"] == [[1]]
    finally:
        own.close()
        for each in opened:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_as_many_run_at_once_as_may(recorded_project: Path) -> None:
    own = Confined(recorded_project / ".timeline", BOUNDS, at_once=1)
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(own.run, {"query": SLOW[0]})
        deadline = time.monotonic() + 30
        found: Any = None
        while found is None and time.monotonic() < deadline and not slow.done():
            try:
                own.run({"query": "SELECT 1"})
            except Busy as error:
                found = error
        with pytest.raises(BadInput, match="ended"):
            slow.result()
    own.close()
    assert found is not None


def test_the_server_answers_after_an_attempt(served: Served) -> None:
    status, _, body = served.get(f"/api/sql?query={quote(LARGE[0])}")
    assert (
        status,
        "ended" in json.loads(body)["detail"] or "memory" in json.loads(body)["detail"].lower(),
    ) == (400, True)
    assert served.json("/api/health")["status"] == "ok"
