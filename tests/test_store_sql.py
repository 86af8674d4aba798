"""The SQL surface, on the bundled reports: temporal SQL, connections, and files for other clients."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import duckdb
import polars as pl
import pytest

from timeline import BadInput, Conflict, Timeline
from timeline.index.catalog import OBJECTS, sql_object
from timeline.meaning.columns import BELIEF_COLUMNS, EVENT_COLUMNS, STATUSES

ROOT = Path(__file__).resolve().parents[1]

FACT: Final = "nvidia/investment/openai"
LETTER: Final = datetime(2025, 9, 30, 23, 59, 59, 999_999, tzinfo=UTC)
REPORT: Final[dict[str, object]] = {
    "fact": FACT,
    "claim": "20 billion USD",
    "source": "gate-2026-02-20",
    "reported": "2025-12",
}


def events_of(tl: Timeline) -> int:
    head = tl.head()
    return head.last_position if head else 0


class TestSql:
    def test_temporal_sql(self, bundled: Timeline) -> None:
        query = f"SELECT claim FROM beliefs FOR REPORTED_TIME AS OF DATE '2025-10-15' WHERE fact = '{FACT}'"
        assert bundled.sql(query)["claim"].to_list() == ["up to 100 billion USD"]
        assert bundled.snapshot().sql(query).rows == [("up to 100 billion USD",)]

    def test_defaults(self, bundled: Timeline) -> None:
        query = f"SELECT claim FROM beliefs WHERE fact = '{FACT}'"

        def claims(**defaults: Any) -> list[str]:
            assert bundled.snapshot().sql(query, **defaults).rows == bundled.sql(query, **defaults).rows()
            return bundled.sql(query, **defaults)["claim"].to_list()

        assert claims() == ["30 billion USD"]
        assert claims(as_of="2025-10-15") == ["up to 100 billion USD"]
        assert claims(as_of=LETTER, recorded_as_of="#8") == ["1000 billion USD"]
        assert claims(as_of="2025-09-01", basis="possible") == ["up to 100 billion USD"]
        assert claims(policy="first") == ["up to 100 billion USD"]
        assert len(claims(policy="by-origin")) == 3
        assert claims(valid_at="2024-06-01") == ["30 billion USD"]

    def test_parameters(self, bundled: Timeline) -> None:
        assert bundled.sql("SELECT ? + 1 AS n", params=[1])["n"].to_list() == [2]
        assert bundled.sql("SELECT $n + 1 AS n", params={"n": 1})["n"].to_list() == [2]
        query = "SELECT status FROM beliefs FOR REPORTED_TIME AS OF $day WHERE fact = $fact"
        answer = bundled.sql(query, params={"day": date(2025, 10, 15), "fact": FACT})
        assert answer["status"].to_list() == ["letter-of-intent"]

    def test_instants_are_marked_as_utc(self, bundled: Timeline) -> None:
        frame = bundled.sql("SELECT recorded_at, DATE '2025-01-01' AS day FROM events LIMIT 1")
        assert frame.schema == {"recorded_at": pl.Datetime("us", "UTC"), "day": pl.Date()}

    @pytest.mark.parametrize(
        ("query", "words"),
        [
            ("SELECT nothing FROM beliefs", "nothing"),
            ("FROM believes", "believes"),
            ("SELECT claim::INTEGER FROM beliefs", "Could not convert"),
            ("SELEC 1", "SELEC"),
            ("FROM beliefs FOR REPORTED_TIME AS OF DATE '2025-02-30'", "2025-02-30"),
        ],
    )
    def test_what_is_wrong_with_a_query(self, bundled: Timeline, query: str, words: str) -> None:
        with pytest.raises(BadInput, match=words):
            bundled.sql(query)
        with pytest.raises(BadInput, match=words):
            bundled.snapshot().sql(query).dicts()

    def test_a_query_cannot_change_the_store(self, copy: Timeline) -> None:
        copy.beliefs()
        with pytest.raises(BadInput):
            copy.sql("DELETE FROM store.event_rows")
        assert copy.beliefs().height > 0


#: The objects of the SQL surface and what each answers with, in that order.
SURFACE: Final[dict[str, tuple[str, ...]]] = {
    "events": tuple(EVENT_COLUMNS),
    "beliefs": BELIEF_COLUMNS,
    "claims": BELIEF_COLUMNS,
    "belief_spans": (*BELIEF_COLUMNS, "believed_until"),
    "beliefs_as_of(NULL)": BELIEF_COLUMNS,
    "claims_as_of(NULL)": BELIEF_COLUMNS,
    **dict.fromkeys(
        ("disagreements", "disagreements_as_of(NULL)"),
        (
            *("fact", "period", "valid_from", "valid_to"),
            *("origin_1", "claim_1", "amount_1", "amount_low_1", "amount_high_1", "status_1"),
            *("reported_at_1", "event_id_1"),
            *("origin_2", "claim_2", "amount_2", "amount_low_2", "amount_high_2", "status_2"),
            *("reported_at_2", "event_id_2"),
        ),
    ),
    "changes('2025-01-01', NULL)": (
        *("fact", "valid_from", "valid_to", "change"),
        *("claim_from", "amount_from", "unit_from", "status_from", "event_id_from"),
        *("claim_to", "amount_to", "unit_to", "status_to", "event_id_to"),
    ),
    "history('*')": (*EVENT_COLUMNS, "effect"),
    "sources": (
        *("id", "title", "publisher", "origin", "published", "timezone", "numbers", "url"),
        *("language", "tier", "sha256", "length", "recorded_at", "event_id"),
    ),
    "entities": ("id", "name", "kind", "aliases", "recorded_at", "event_id"),
    "attributes": ("id", "meaning", "value", "object", "recorded_at", "event_id"),
    "statuses": ("status", "meaning"),
    "commits": ("number", "first_position", "count", "recorded_at", "digest", "actor"),
}

#: One date in every form that the macros take, and the same instant.
DATES: Final = (
    "DATE '2026-02-19'",
    "'2026-02-19'",
    "TIMESTAMP '2026-02-19 23:59:59.999999'",
    "'2026-02-19 23:59:59.999999+0000'",
    "TIMESTAMPTZ '2026-02-20 00:59:59.999999+01'",
    "'2026-02-19T23:59:59.999999Z'",
)


@pytest.fixture(scope="module", params=["generation", "tail", "log alone"])
def surface(
    request: pytest.FixtureRequest, bundled: Timeline, tmp_path_factory: pytest.TempPathFactory
) -> Timeline:
    """Return a store whose SQL surface is over a generation, over one and its tail, or over the log alone."""
    if request.param == "generation":
        return bundled
    folder = tmp_path_factory.mktemp("surface") / "store"
    shutil.copytree(bundled.path, folder)
    if request.param == "tail":
        tl = Timeline.open(folder)
        tl.append([REPORT | {"reported": "2024"}])
        assert tl.stats()["tail_events"] == 1
        return tl
    shutil.rmtree(folder / "index")
    return Timeline.open(folder, read_only=True)


class TestConnect:
    @pytest.fixture
    def con(self, surface: Timeline) -> duckdb.DuckDBPyConnection:
        return surface.connect()

    def test_every_object_has_its_columns(self, con: duckdb.DuckDBPyConnection) -> None:
        for name, columns in SURFACE.items():
            assert tuple(con.sql(f"FROM {name}").columns) == columns, name
            assert con.sql(f"SELECT count(*) FROM {name}").fetchall() > [(0,)], name

    def test_amounts_and_instants_have_one_type_each(self, con: duckdb.DuckDBPyConnection) -> None:
        for name in SURFACE:
            relation = con.sql(f"FROM {name}")
            for column, kind in zip(relation.columns, map(str, relation.types), strict=True):
                if re.fullmatch(r"amount(_low|_high)?(_\d|_from|_to)?", column):
                    assert kind == "DECIMAL(38,9)", (name, column)
                elif re.search(
                    r"_(at|until)(_\d)?$|^(valid|date|period|reported|believed)_(from|to)$", column
                ):
                    assert kind == "TIMESTAMP", (name, column)

    def test_events_are_in_log_order(self, con: duckdb.DuckDBPyConnection) -> None:
        positions = [position for (position,) in con.sql("SELECT position FROM events").fetchall()]
        assert positions == list(range(1, len(positions) + 1))

    @pytest.mark.parametrize("policy", ["latest", "ranked"])
    def test_dates_of_every_type(self, con: duckdb.DuckDBPyConnection, policy: str) -> None:
        for written in DATES:
            rows = con.execute(
                f"SELECT status FROM beliefs_as_of({written}, policy := '{policy}') WHERE fact = $1", [FACT]
            ).fetchall()
            assert rows == [("suspended",)], written
        counts = {
            con.execute(f"SELECT count(*) FROM changes('2025-10-15', {written})").fetchall()[0]
            for written in DATES
        }
        assert len(counts) == 1

    def test_dates_do_not_depend_on_the_session_s_zone(self, con: duckdb.DuckDBPyConnection) -> None:
        for zone in ("America/Los_Angeles", "Asia/Tokyo"):
            con.execute(f"SET TimeZone = '{zone}'")
            self.test_dates_of_every_type(con, "latest")

    def test_the_shared_parameters(self, con: duckdb.DuckDBPyConnection) -> None:
        con.execute("SET VARIABLE eighth = (SELECT max(recorded_at) FROM events WHERE commit = 8)")
        for written in ("'#8'", "getvariable('eighth')"):
            rows = con.execute(
                f"SELECT claim FROM beliefs_as_of('2025-10-15', recorded_as_of := {written}, "
                "valid_at := DATE '2025-10-15', basis := 'possible', policy := 'first') WHERE fact = $1",
                [FACT],
            ).fetchall()
            assert rows == [("1000 billion USD",)]

    @pytest.mark.parametrize(
        ("call", "words"),
        [
            ("beliefs_as_of(NULL, policy := 'newest')", "no such policy: newest; expected latest, first"),
            ("beliefs_as_of(NULL, policy := NULL)", "no such policy"),
            ("beliefs_as_of(NULL, basis := 'sure')", "no such basis: sure; expected certain, possible or"),
            ("beliefs_as_of(NULL, recorded_as_of := '#four')", "is not a commit"),
            ("changes('2025-01-01', NULL, policy := 'by-origin')", "changes are between single beliefs"),
        ],
    )
    def test_what_is_refused(self, con: duckdb.DuckDBPyConnection, call: str, words: str) -> None:
        with pytest.raises(duckdb.Error, match=words):
            con.execute(f"FROM {call}").fetchall()

    def test_the_views_are_the_macros_as_of_everything(self, con: duckdb.DuckDBPyConnection) -> None:
        for name in ("beliefs", "claims", "disagreements"):
            for one, other in ((name, f"{name}_as_of(NULL)"), (f"{name}_as_of('9999-12-31')", name)):
                assert con.sql(f"FROM {one} EXCEPT ALL FROM {other}").fetchall() == []

    def test_belief_spans_hold_every_answer(self, con: duckdb.DuckDBPyConnection) -> None:
        for day in ("2025-02-22", "2025-10-15", "2026-02-19"):
            columns = ", ".join(BELIEF_COLUMNS)
            end = f"TIMESTAMP '{day} 23:59:59.999999'"
            spans = (
                f"SELECT {columns} FROM belief_spans WHERE believed_from <= {end} "
                f"AND coalesce({end} < believed_until, true)"
            )
            answer = f"FROM beliefs_as_of('{day}')"
            assert con.sql(f"({spans}) EXCEPT ALL ({answer})").fetchall() == []
            assert con.sql(f"({answer}) EXCEPT ALL ({spans})").fetchall() == []

    def test_descriptions(self, con: duckdb.DuckDBPyConnection) -> None:
        [row] = con.sql("SELECT origin, published, tier FROM sources WHERE id = 'gate-2026-02-20'").fetchall()
        assert row == ("financial-times", "2026-02-20~", 3)
        assert con.sql("SELECT status FROM statuses").fetchall() == [(status,) for status in STATUSES]
        assert con.sql("SELECT object FROM attributes WHERE id = 'investment'").fetchall() == [("yes",)]

    def test_it_keeps_what_it_showed_while_the_store_goes_on(self, copy: Timeline) -> None:
        con = copy.connect()
        [before] = con.sql("SELECT count(*) FROM events").fetchall()
        for claim in ("3 billion USD", "2 billion USD"):
            copy.append([REPORT | {"claim": claim}])
            copy.beliefs(FACT)
        copy.rebuild()
        copy.close()
        assert con.sql("SELECT count(*) FROM events").fetchall() == [before]
        assert con.sql(f"SELECT count(*) FROM beliefs WHERE fact = '{FACT}'").fetchall() == [(1,)]
        con.close()


#: Run by a Python process that imports DuckDB alone.
PLAIN_CLIENT: Final = """
import json, sys
import duckdb

how, path = sys.argv[1:]
if how == "opened":
    con = duckdb.connect(path, read_only=True)
else:
    con = duckdb.connect()
    con.execute(f"ATTACH '{path}' AS store_file (READ_ONLY)")
    con.execute("USE store_file")
print(json.dumps([con.execute(query).fetchall() for query in json.load(sys.stdin)], default=str))
"""


@pytest.fixture(scope="module")
def exported(bundled: Timeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundled.export_duckdb(tmp_path_factory.mktemp("export") / "reports.duckdb")


class TestExport:
    @pytest.mark.parametrize("how", ["opened", "attached"])
    def test_any_client_answers_from_it(
        self, bundled: Timeline, exported: Path, tmp_path: Path, how: str
    ) -> None:
        queries = [
            f"SELECT claim FROM beliefs WHERE fact = '{FACT}'",
            *(f"SELECT status FROM beliefs_as_of({d}) WHERE fact = '{FACT}'" for d in DATES),
            f"SELECT claim FROM beliefs_as_of('2025-10-15', recorded_as_of := '#8') WHERE fact = '{FACT}'",
            *(f"SELECT count(*) FROM {name}" for name in SURFACE),
            *(
                f"SELECT count(*) FROM beliefs_as_of(NULL, policy := '{policy}')"
                for policy in ("first", "by-origin", "ranked", "confirmed:2")
            ),
        ]
        answered = subprocess.run(
            [sys.executable, "-I", "-c", PLAIN_CLIENT, how, exported],
            input=json.dumps(queries),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert answered.stderr == ""
        con = bundled.connect()
        expected = json.loads(json.dumps([con.execute(query).fetchall() for query in queries], default=str))
        assert json.loads(answered.stdout) == expected
        assert expected[:8] == [
            [["30 billion USD"]],
            *[[["suspended"]]] * 6,
            [["1000 billion USD"]],
        ]

    def test_it_is_one_file_that_replaces_nothing_unasked(self, bundled: Timeline, exported: Path) -> None:
        assert [path.name for path in exported.parent.iterdir()] == ["reports.duckdb"]
        with pytest.raises(Conflict, match=r"reports\.duckdb exists; remove it"):
            bundled.export_duckdb(exported)
        with pytest.raises(BadInput, match="no folder"):
            bundled.export_duckdb(exported.parent / "nowhere" / "reports.duckdb")
        with pytest.raises(BadInput, match="cannot be written"):
            bundled.export_duckdb(exported.parent, replace=True)

    def test_replacing(self, copy: Timeline, tmp_path: Path) -> None:
        path = copy.export_duckdb(tmp_path / "reports.duckdb")
        copy.append([REPORT])
        assert copy.export_duckdb(path, replace=True) == path
        with duckdb.connect(str(path), read_only=True) as con:
            assert con.sql("SELECT max(position) FROM events").fetchall() == [(events_of(copy),)]

    def test_an_empty_store(self, desk: Timeline, tmp_path: Path) -> None:
        with duckdb.connect(str(desk.export_duckdb(tmp_path / "empty.duckdb")), read_only=True) as con:
            assert {name: con.sql(f"FROM {name}").fetchall() for name in SURFACE if name != "statuses"} == {
                name: [] for name in SURFACE if name != "statuses"
            }

    @pytest.mark.parametrize("name", OBJECTS)
    def test_macros_speak_what_duckdb_1_5_reads(self, name: str) -> None:
        # A file keeps macros as 2.0 parsed them, in which 1.5 knows neither of these.
        text = re.sub(r"--.*", "", sql_object(name))
        assert not re.search(r"(?<!_)\bif\s*\(", text)
        assert not re.search(r"\b(lead|lag)\(\s*[\w.]+\s*,", text)
