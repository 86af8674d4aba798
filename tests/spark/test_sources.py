"""What `timeline.spark` takes for a log or for published beliefs, and what it refuses."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tests.logs import row
from tests.spark.compared import ask, expected, same
from timeline import BadInput, Corruption, NotFound, Timeline
from timeline.index.catalog import sql_object
from timeline.log.log import Log, rows_to_table
from timeline.meaning.times import LAST_DAY, parse_instant
from timeline.spark.asking import glob_as_regex

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def many(desk: Timeline) -> Timeline:
    """Return a store whose first 32 commits were merged, with two behind."""
    for number in range(34):
        desk.append(
            [{"fact": f"acme/orders@{number % 5 + 2020}", "claim": f"{number} USD", "reported": "2026-02-01"}
             | {"source": "order-book", "origin": f"desk {number % 3}"}],
            register_unknown=True,
        )  # fmt: skip
    return desk


def answers_alike(spark: SparkSession, tl: Timeline, source: object) -> None:
    for name, arguments in (("beliefs_as_of", {"policy": "by-origin"}), ("belief_spans", {})):
        assert same(ask(spark, name, source, **arguments), expected(tl, name, arguments), source) >= 5


def test_a_log_is_read_by_its_widest_files_wherever_it_lies(
    spark: SparkSession, many: Timeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = many.path / "log"
    merged = log / "000000000001-000000000032.parquet"
    assert merged.exists()
    answers_alike(spark, many, log)
    # As long as it is merged, what it was merged from is there too, and perhaps only some of it.
    shutil.copy(log / "000000000033.parquet", log / "000000000005.parquet")
    # A writer that sleeps has a file of another name.
    (log / ".tmp-1-000000000035.parquet").write_bytes(b"PAR1")
    (log / "notes.txt").write_text("no file of the log")
    answers_alike(spark, many, log)
    answers_alike(spark, many, many.path)
    monkeypatch.chdir(many.path)
    answers_alike(spark, many, "log/")
    answers_alike(spark, many, log.as_uri())
    odd = tmp_path / "a log, of odd names & ünïcode" / "log"
    shutil.copytree(log, odd)
    answers_alike(spark, many, odd)


def test_what_is_no_log_is_refused(spark: SparkSession, many: Timeline, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="engines take a path with"):
        ask(spark, "beliefs_as_of", tmp_path / "[a]" / "log")
    with pytest.raises(NotFound, match="expected the folder of a log"):
        ask(spark, "beliefs_as_of", tmp_path / "nowhere")
    with pytest.raises(NotFound, match=re.escape(str(tmp_path))):
        ask(spark, "belief_spans", tmp_path)
    (many.path / "log" / "000000000001-000000000032.parquet").unlink()
    with pytest.raises(Corruption, match=r"commits 1 to 32 are missing, though 000000000033\.parquet"):
        ask(spark, "beliefs_as_of", many.path)
    pa.parquet.write_table(pa.table({"position": [1]}), tmp_path / "000000000001.parquet")
    with pytest.raises(Corruption, match="have no column commit, event_id"):
        ask(spark, "beliefs_as_of", tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"policy": "ranked"}, "no such policy on Spark: 'ranked'; expected latest or by-origin"),
        ({"policy": "newest"}, "no such policy: 'newest'"),
        ({"basis": "sure"}, "no such basis: 'sure'"),
        ({"as_of": "22/02/2025"}, "is not an EDTF date"),
        ({"valid_at": "soon"}, "is not an EDTF date"),
        ({"recorded_as_of": "#four"}, "'#four' is not a commit; expected # and its number"),
        ({"fact": 5}, "5 is no fact"),
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_refused(
    spark: SparkSession, bundled: Timeline, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadInput, match=re.escape(message)):
        ask(spark, "beliefs_as_of", bundled.path, **arguments)


def test_instants_that_no_reader_can_show_are_read_as_an_index_reads_them(
    spark: SparkSession, tmp_path: Path
) -> None:
    early, late = -(2**56), 2**56
    day = parse_instant("2026-02-01")
    rows = []
    for number, (start, text) in enumerate(
        {
            "2024-03-05": "2024-03-05T00:00:00Z/9999-12-31",
            "2024-03-01": "2024-03-01T00:00:00Z/9999-12-31",
            "2024-01-01": "2024-01-01/9999-12-31",
            "2024-03-06": "2024-03-06/..",
        }.items()
    ):
        # Of the last the end is none already.
        rows.append(
            row(number, fact=f"acme/orders@{text}", subject="acme", attribute="orders", period=text)
            | {"period_from": parse_instant(start), "period_to": None if number == 3 else LAST_DAY}
        )
    rows.append(row(4, valid_from=early, valid_to=late, date_from=early, date_to=late))
    rows.append(row(5, valid_to=LAST_DAY, reported_from=early, value_type="date"))
    dates = {"reported_at": day, "reported_from": day, "evidence_at": day, "origin": "desk", "void": False}
    with Timeline.create(tmp_path / "store"):
        pass
    Log(tmp_path / "store" / "log").append(lambda head, at: rows_to_table([dates | each for each in rows]))
    with Timeline.open(tmp_path / "store") as tl:
        for arguments in ({}, {"basis": "possible"}, {"as_of": "9999-12-31"}):
            table = ask(spark, "beliefs_as_of", tl.path, **arguments)
            assert same(table, expected(tl, "beliefs_as_of", arguments), arguments) == len(rows)
    assert pc.count_distinct(table["fact"]).as_py() == len(rows)


@pytest.mark.parametrize(
    "glob",
    [
        "*",
        "nvidia/*",
        "*/ceo",
        "n?idia/*",
        "[nm]*/revenue@202[4-6]*",
        "[!a-m]*",
        "*@2024-Q1",
        "*.+(|^${1}",
        "*\\\\/b",
        "a\\/*",
    ],
)
def test_a_glob_finds_what_it_finds_in_sql(bundled: Timeline, glob: str) -> None:
    con = bundled.connect()
    con.execute("CREATE TABLE known AS SELECT DISTINCT fact FROM events WHERE fact IS NOT NULL")
    con.execute("INSERT INTO known VALUES ('a.+(|^${1}'), ('a\\/b'), ('a/b' || chr(10) || 'c')")
    facts = [fact for (fact,) in con.execute("FROM known").fetchall()]
    meant = {fact for (fact,) in con.execute("FROM known WHERE fact GLOB $1", [glob]).fetchall()}
    assert {fact for fact in facts if re.search(glob_as_regex(glob), fact)} == meant


#: Names of DuckDB's own that are easily reached for.
NOT_PORTABLE = re.compile(
    r"\bQUALIFY\b|\bASOF\b|\bEXCLUDE\b|\bBY NAME\b|\bGROUP BY ALL\b|::|//|\bepoch_us\b|\bmake_timestamp\b"
    r"|\barg_max\b|\bstarts_with\b|\blist_\w+\(|^\s*FROM\b(?![^;]*\bSELECT\b)",
    re.IGNORECASE,
)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "timeline/sql/spark").glob("*.sql")), ids=lambda path: path.stem
)
def test_the_sql_for_spark_has_nothing_of_duckdb(path: Path) -> None:
    assert not NOT_PORTABLE.search(re.sub(r"--.*", "", sql_object(f"spark/{path.stem}")))
