"""What SQL that people write may do: read the store, and nothing else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest

from timeline import BadInput, Timeline
from timeline.cli.app import run

FACT: Final = "nvidia/investment/openai"
REPORT: Final[dict[str, object]] = {
    "fact": FACT,
    "claim": "20 billion USD",
    "source": "gate-2026-02-20",
    "reported": "2025-12",
}
#: Every way in which SQL of users is run.
WAYS: Final[tuple[Callable[..., Any], ...]] = (
    Timeline.sql,
    lambda tl, *query, **more: tl.snapshot().sql(*query, **more).rows,
    lambda tl, *query, **more: tl.snapshot().explain_sql(*query, **more),
)


@pytest.fixture(scope="module", params=["generation", "tail", "memory"])
def store(
    request: pytest.FixtureRequest, bundled: Timeline, tmp_path_factory: pytest.TempPathFactory
) -> Timeline:
    """A store whose readers open a generation, one with a tail, or none, since they may not build one."""
    path = tmp_path_factory.mktemp(request.param) / "store"
    shutil.copytree(bundled.path, path)
    found = Timeline.open(path)
    found.rebuild()
    if request.param == "tail":
        found.append([REPORT])
    elif request.param == "memory":
        shutil.rmtree(path / "index")
        found = Timeline.open(path, read_only=True)
    stats = found.stats()
    assert stats["tail_events"] == (request.param == "tail")
    assert (stats["generation"] is None) == (request.param == "memory")
    return found


def refused(tl: Timeline, query: str, **more: Any) -> list[str]:
    """Return the message with which each way refuses a query."""
    words = []
    for way in WAYS:
        with pytest.raises(BadInput) as error:
            way(tl, query, **more)
        words.append(str(error.value))
    return words


class TestOneQuery:
    @pytest.mark.parametrize(
        ("query", "got"),
        [
            ("SELECT 1; SELECT 2", "2 statements"),
            ("SELECT 1; COPY (SELECT 1) TO 'out'", "2 statements"),
            ("", "no statement"),
            ("-- nothing", "no statement"),
            ("COPY (SELECT 1) TO 'out'", "type COPY"),
            ("CREATE TEMP TABLE t AS SELECT 1", "type CREATE"),
            ("CREATE OR REPLACE VIEW memory.main.sources AS SELECT 1", "type CREATE"),
            ("INSERT INTO store.commits SELECT 1", "type INSERT"),
            ("DELETE FROM store.event_rows", "type DELETE"),
            ("SET threads = 1", "type SET"),
            ("PRAGMA version", "type PRAGMA"),
            ("CALL enable_logging()", "type CALL"),
            ("ATTACH 'out.duckdb'", "type ATTACH"),
            ("INSTALL httpfs", "type LOAD"),
            ("PREPARE p AS SELECT 1", "type PREPARE"),
            ("EXPLAIN SELECT 1", "type EXPLAIN"),
            ("EXPLAIN ANALYZE COPY (SELECT 1) TO 'out'", "type EXPLAIN"),
            ("COPY (PIVOT (FROM beliefs) ON status USING count(*)) TO 'out'", "more than read"),
            ("CREATE TEMP TABLE t AS PIVOT (FROM beliefs) ON status USING count(*)", "more than read"),
        ],
    )
    def test_anything_else_is_refused(
        self, bundled: Timeline, query: str, got: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        for words in refused(bundled, query):
            assert got in words
            assert "expected" in words
            assert "--unsafe" in words
        assert not list(tmp_path.glob("out*"))

    @pytest.mark.parametrize(
        "query",
        [
            "SELECT 1 AS one;",
            "VALUES (1)",
            "(SELECT 1)",
            "WITH x AS (SELECT 1 AS one) FROM x",
            "DESCRIBE beliefs",
            "SUMMARIZE beliefs",
            "SHOW TABLES",
            "PIVOT (SELECT status FROM beliefs) ON status USING count(*) ; -- of all",
            "WITH p AS (PIVOT (SELECT status FROM beliefs) ON status USING count(*)) FROM p",
            "FROM query('SELECT count(*) FROM events')",
            "FROM query_table('statuses')",
            "SELECT now()::DATE AS day, TIMESTAMPTZ '2024-01-01 00:00:00+01' AT TIME ZONE 'UTC' AS at",
        ],
    )
    def test_every_query_is_answered(self, store: Timeline, query: str) -> None:
        assert store.snapshot().sql(query).rows
        assert store.sql(query).height == len(store.snapshot().sql(query).rows)

    def test_what_is_built_from_a_text_is_one_query_too(self, copy: Timeline) -> None:
        for words in refused(copy, "FROM query('COPY (SELECT 1) TO ''out''')"):
            assert "single SELECT statement" in words


class TestNothingElse:
    @pytest.fixture(autouse=True)
    def in_a_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "secret.csv").write_text("word\nsesame\n")
        duckdb.connect(str(tmp_path / "other.duckdb")).close()
        # The folder to which DuckDB would spill, and which it may therefore read.
        (tmp_path / ".tmp").mkdir()
        (tmp_path / ".tmp" / "secret.csv").write_text("word\nsesame\n")
        monkeypatch.chdir(tmp_path)

    @pytest.mark.parametrize(
        "query",
        [
            "FROM 'secret.csv'",
            "FROM '.tmp/secret.csv'",
            "FROM read_csv('.tmp/secret.csv')",
            "FROM read_text('secret.csv')",
            "FROM read_blob('secret.csv')",
            "FROM read_text('/dev/stdin')",
            "FROM read_json('secret.csv')",
            "FROM read_parquet('secret.csv')",
            "FROM read_duckdb('other.duckdb')",
            "FROM parquet_metadata('secret.csv')",
            "FROM sniff_csv('secret.csv')",
            "FROM glob('*')",
            "FROM 'https://example.invalid/a.parquet'",
            "FROM duckdb_extensions()",
            "FROM enable_logging(storage := 'file', storage_path := 'out')",
            "FROM enable_profiling(save_location := 'out')",
            "WITH x AS (COPY (SELECT 1) TO 'out') FROM x",
            "WITH x AS (COPY (SELECT 1) TO '.tmp/out') FROM x",
        ],
    )
    def test_no_files(self, store: Timeline, query: str, tmp_path: Path) -> None:
        for words in refused(store, query):
            assert "--unsafe" in words or "does not exist" in words
        assert not list(tmp_path.rglob("out*"))

    def test_not_even_the_index(self, copy: Timeline) -> None:
        # DuckDB lets SQL read and write what is attached, and what belongs to it.
        copy.rebuild()
        [generation] = (copy.path / "index").glob("*.duckdb")
        before = generation.read_bytes()
        for name in (
            generation,
            *(Path(f"{generation}{end}") for end in (".wal", ".wal.recovery", ".tmp/a")),
        ):
            refused(copy, f"FROM read_blob('{name}')")
            refused(copy, f"WITH x AS (COPY (SELECT 1) TO '{name}' (USE_TMP_FILE false)) FROM x")
        assert generation.read_bytes() == before
        # Readers that are open have a hidden folder for what does not fit into memory.
        files = [path for path in (copy.path / "index").iterdir() if path.is_file()]
        assert sorted(path.suffix for path in files) == [".duckdb", ".rows"]
        assert copy.sql("SELECT count(*) AS n FROM events")["n"].item() == copy.stats()["events"]

    def test_no_variables_of_python(self, store: Timeline) -> None:
        # A module that is imported where queries run; a data frame of such a name would be read.
        for words in refused(store, "FROM duckdb"):
            assert "Table with name duckdb does not exist" in words

    @pytest.mark.parametrize(
        "table", ["store.commits", "store.event_rows", "memory.store.commits", "tail.commits", "tail.touched"]
    )
    def test_no_rows_are_changed(self, store: Timeline, table: str) -> None:
        before = store.sql("FROM store.commits").rows(), store.sql("SELECT count(*) FROM beliefs").rows()
        refused(store, f"WITH x AS (DELETE FROM {table} RETURNING 1 AS one) FROM x")
        assert (
            store.sql("FROM store.commits").rows(),
            store.sql("SELECT count(*) FROM beliefs").rows(),
        ) == before

    def test_the_settings_are_locked(self, store: Timeline) -> None:
        wanted = {
            "allow_persistent_secrets": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allowed_directories": "[]",
            "enable_external_access": "false",
            "lock_configuration": "true",
            "max_execution_time": "3600000",
            "max_temp_directory_size": "0 bytes",
            "python_enable_replacements": "false",
            "temp_directory": "",
        }
        rows = store.snapshot().sql("SELECT name, value FROM duckdb_settings()").rows
        assert {name: value for name, value in rows if name in wanted} == wanted

    def test_a_query_ends_some_time(self, copy: Timeline, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("timeline.ask.sandbox._AT_MOST_MS", 200)
        with pytest.raises(
            BadInput, match="exceeded maximum execution time of an hour; for SQL that you trust"
        ):
            copy.sql("SELECT sum(a.i * b.i) AS s FROM range(1000000) AS a (i), range(10000000) AS b (i)")

    def test_too_much_for_memory_is_bad_input(self, copy: Timeline, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("timeline.ask.sandbox._MEMORY", (60 * 2**20, 0))
        with pytest.raises(BadInput, match=r"^Out of Memory Error: [^\n]*no room on disk: select less"):
            copy.sql("SELECT array_agg(i) AS many FROM range(100000000) AS r (i)")
        assert copy.sql("SELECT 1 AS one").rows() == [(1,)]


class TestValidationIsApart:
    """The log is validated on a connection on which no SQL of a user ever ran."""

    FORGED: Final = (
        "CREATE OR REPLACE VIEW memory.main.sources AS SELECT 'gate-2026-02-20' AS id, NULL AS origin, "
        "'1999' AS published, TIMESTAMP '1999-12-31' AS published_at, 'UTC' AS timezone"
    )

    @staticmethod
    def by_connect(tl: Timeline, statement: str) -> None:
        con = tl.connect()
        con.execute(statement)

    @staticmethod
    def by_unsafe(tl: Timeline, statement: str) -> None:
        tl.snapshot().sql(statement, unsafe=True)

    @pytest.fixture(params=["by_connect", "by_unsafe"])
    def owner(self, request: pytest.FixtureRequest) -> Callable[[Timeline, str], None]:
        found: Callable[[Timeline, str], None] = getattr(self, request.param)
        return found

    @pytest.mark.parametrize("tail", [False, True])
    def test_a_view_of_the_owner_dates_no_report(
        self, copy: Timeline, owner: Callable[[Timeline, str], None], tail: bool
    ) -> None:
        copy.refresh()
        if tail:
            copy.append([REPORT | {"claim": "4 billion USD"}])
            copy.append([REPORT | {"claim": "2 billion USD"}])
        owner(copy, self.FORGED)
        copy.append([{name: value for name, value in REPORT.items() if name != "reported"}])
        [(evidence, reported)] = copy.sql(
            "SELECT evidence_at, reported_at FROM events ORDER BY position DESC LIMIT 1"
        ).rows()
        assert str(evidence)[:10] == str(reported)[:10] == "2026-02-21"

    def test_events_that_the_owner_hides_are_known_all_the_same(
        self, copy: Timeline, owner: Callable[[Timeline, str], None]
    ) -> None:
        copy.refresh()
        copy.append([REPORT])
        first = copy.append([REPORT | {"claim": "3 billion USD"}])
        hidden = "FROM generation.store.events WHERE false"
        owner(copy, f"CREATE OR REPLACE VIEW memory.store.events AS {hidden}")
        with copy.connect() as con:
            con.execute("DROP TABLE tail.appended CASCADE")
        again = copy.append([REPORT | {"claim": "3 billion USD"}])
        assert (again.number, copy.head()) == (first.number, first)
        assert copy.belief(FACT) is not None

    def test_neither_sees_what_the_other_made(self, store: Timeline) -> None:
        with store.connect() as one, store.connect() as other:
            one.execute("CREATE TABLE mine AS SELECT 1 AS a")
            one.execute("CREATE TEMP TABLE also AS SELECT 2 AS a")
            assert one.sql("FROM mine UNION ALL FROM also ORDER BY a").fetchall() == [(1,), (2,)]
            one.execute("CREATE OR REPLACE VIEW memory.main.statuses AS SELECT 1 AS a")
            with pytest.raises(duckdb.CatalogException):
                other.execute("FROM mine")
            assert len(other.sql("FROM statuses").fetchall()) > 1
        with pytest.raises(BadInput, match="mine does not exist"):
            store.sql("FROM mine")
        assert store.sql("FROM statuses").height > 1

    def test_an_owner_reads_files(self, store: Timeline, tmp_path: Path) -> None:
        path = tmp_path / "mine.csv"
        path.write_text("fact\nnvidia/investment/openai\n")
        query = f"SELECT count(*) FROM beliefs JOIN '{path}' USING (fact)"
        assert store.snapshot().sql(query, unsafe=True).rows == [(1,)]
        assert store.snapshot().explain_sql(query, unsafe=True).rows_answered == 1
        with store.connect() as con:
            assert con.sql(query).fetchall() == [(1,)]
        refused(store, query)

    def test_queries_follow_what_is_appended(self, copy: Timeline) -> None:
        query = "SELECT count(*) AS n FROM events"
        before = copy.sql(query)["n"].item()
        for nth, claim in enumerate(("3 billion USD", "2 billion USD"), start=1):
            copy.append([REPORT | {"claim": claim}])
            assert copy.sql(query)["n"].item() == copy.snapshot().sql(query).rows[0][0] == before + nth
        copy.rebuild()
        assert copy.sql(query)["n"].item() == before + 2


class TestTwoColumnsOfOneName:
    QUERY: Final = "SELECT 1 AS a, 2 AS a"

    def asked(
        self, bundled: Timeline, monkeypatch: pytest.MonkeyPatch, *options: str, query: str = QUERY
    ) -> int:
        monkeypatch.setattr("sys.argv", ["timeline", "sql", query, "--store", str(bundled.path), *options])
        return run()

    @pytest.mark.parametrize("format", ["json", "jsonl", "parquet"])
    @pytest.mark.parametrize("query", [QUERY, f"{QUERY} WHERE false"])
    def test_refused_where_values_are_found_by_name(
        self,
        bundled: Timeline,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        tmp_path: Path,
        format: str,
        query: str,
    ) -> None:
        out = tmp_path / "answer"
        out.write_text("before")
        for options in (["--format", format], ["--format", format, "--output", str(out)]):
            assert self.asked(bundled, monkeypatch, *options, query=query) == 2
            printed = capsys.readouterr()
            assert printed.out == ""
            assert "the answer has 2 columns named 'a'" in printed.err
            assert "name each with AS" in printed.err
        assert (out.read_text(), [path.name for path in tmp_path.iterdir()]) == ("before", ["answer"])

    @pytest.mark.parametrize(
        ("format", "lines"),
        [
            ("table", ["a  a", "1  2"]),
            ("csv", ["a,a", "1,2"]),
            ("markdown", ["| a | a |", "| 1 | 2 |"]),
        ],
    )
    def test_both_are_shown_in_rows(
        self,
        bundled: Timeline,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        format: str,
        lines: list[str],
    ) -> None:
        assert self.asked(bundled, monkeypatch, "--format", format) == 0
        assert set(lines) <= set(capsys.readouterr().out.splitlines())

    def test_in_python(self, bundled: Timeline) -> None:
        answer = bundled.snapshot().sql(self.QUERY)
        assert (answer.columns, answer.rows) == (["a", "a"], [(1, 2)])
        with pytest.raises(BadInput, match="2 columns named 'a'"):
            answer.dicts()
        with pytest.raises(BadInput, match="2 columns named 'a'"):
            bundled.sql(self.QUERY)
        with pytest.raises(BadInput, match="2 columns named 'fact'"):
            bundled.sql("SELECT * FROM beliefs AS b JOIN claims AS c ON b.fact = c.fact")
        # A data frame would name the second column A_1.
        with pytest.raises(BadInput, match="2 columns named 'a'"):
            bundled.sql("SELECT 1 AS a, 2 AS A")


class TestOnTheCommandLine:
    @pytest.fixture(autouse=True)
    def in_the_project(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("TIMELINE_STORE", raising=False)
        monkeypatch.chdir(project)

    @staticmethod
    def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
        monkeypatch.setattr("sys.argv", ["timeline", *arguments])
        return run()

    @pytest.mark.parametrize("unsafe", [False, True])
    def test_a_named_query_writes_outside_its_project_for_the_owner_alone(
        self,
        project: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        unsafe: bool,
    ) -> None:
        out = project.parent / "stolen.csv"
        (project / "queries" / "sums.sql").write_text(
            f"-- Sums.\nCOPY (FROM events) TO '{out}'; SELECT 'all is well' AS sums"
        )
        assert self.run(monkeypatch, "query", "sums", *(["--unsafe"] if unsafe else [])) == (
            0 if unsafe else 2
        )
        printed = capsys.readouterr()
        assert out.exists() == unsafe
        assert ("all is well" in printed.out) == unsafe
        if not unsafe:
            assert "got 2 statements; expected one query" in printed.err

    def test_unsafe_sql_and_what_it_read(
        self, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (project / "mine.csv").write_text(f"fact\n{FACT}\n")
        query = "SELECT count(*) AS n FROM beliefs JOIN 'mine.csv' USING (fact)"
        assert self.run(monkeypatch, "sql", query, "--json") == 2
        assert "--unsafe" in capsys.readouterr().err
        assert self.run(monkeypatch, "sql", query, "--unsafe", "--json", "--as-of", "2025-10-15") == 0
        printed = json.loads(capsys.readouterr().out)
        assert (printed["rows"], printed["as_of"]) == ([{"n": 1}], "2025-10-15T23:59:59.999999Z")
        assert self.run(monkeypatch, "sql", query, "--unsafe", "--explain", "--json") == 0
        assert json.loads(capsys.readouterr().out)["rows_answered"] == 1

    @pytest.mark.parametrize("format", ["table", "json", "csv", "markdown"])
    def test_unsafe_statements_that_answer_nothing(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], format: str
    ) -> None:
        statements = "SET threads = 1; CREATE TABLE t (a INTEGER)"
        assert self.run(monkeypatch, "sql", statements, "--unsafe", "--format", format) == 0
        assert capsys.readouterr().out
