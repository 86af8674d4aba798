"""SpyTime and TPC-BiH, and the versions that the servers hold, at sizes that take no time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from benchmarks.harness.measure import Differs, Result
from benchmarks.peers.servers import SERVERS, Loaded, MariaDB, PostgreSQL, Server, versions_of
from benchmarks.standards import spytime, tpcbih, tpcbih_history
from benchmarks.standards.bitemporal import (
    Duck,
    Question,
    ask,
    geometric_means,
    literal,
    opened_store,
    pieces,
    plain,
    raw_reports,
    resolved,
    resolved_as_of,
    tables,
)
from benchmarks.standards.tpcbih_joins import JOINS, joins

Run = Callable[[int, Path, Sequence[str], int, int], list[Result]]
SIDES = ("timeline", "versions", "mariadb", "postgresql")


@pytest.mark.parametrize(
    ("run", "size", "names", "in_polars"),
    [
        (spytime.run, 400, spytime.SENTENCES, {"Q2"}),
        (tpcbih.run, 1_000, tpcbih.SENTENCES, {n for n in tpcbih.SENTENCES if n[:2] in ("T1", "T2")}),
    ],
)
def test_every_question_has_the_same_answer_everywhere(
    tmp_path: Path, run: Run, size: int, names: dict[str, str], in_polars: set[str]
) -> None:
    found = run(size, tmp_path, ["duckdb", "polars"], 1, 1)

    asked = [(result.name, result.peer) for result in found if result.name != "geometric mean"]
    everywhere = {(name, side) for name in names for side in ("timeline", "duckdb", "duckdb-versions")}
    assert sorted(asked) == sorted(everywhere | {(name, "polars") for name in in_polars})
    assert all(result.seconds is not None and result.seconds > 0 for result in found)
    means = {result.peer for result in found if result.name == "geometric mean"}
    assert means == {"timeline", "duckdb", "duckdb-versions"}


def test_a_store_is_made_once(tmp_path: Path) -> None:
    path = spytime.write_reports(tmp_path / "reports.parquet", 50)
    with opened_store(tmp_path, path) as made:
        head = made.head()
    path.unlink()
    with opened_store(tmp_path, path) as again:
        assert head is not None
        assert again.head() == head


@pytest.mark.parametrize("side", SIDES)
def test_every_side_has_sql_for_every_question(side: str) -> None:
    assert set(spytime.SENTENCES) <= set(pieces("spytime", side))

    tpcbih_pieces = {name if name.startswith("T6") else name.split(".")[0] for name in tpcbih.SENTENCES}
    asked = (tpcbih_pieces - {"B3"}) | {piece for piece, _, _ in JOINS.values()}
    assert asked <= set(pieces("tpcbih", side)) | set(joins(side))


def test_the_sql_for_raw_reports_is_for_questions_that_there_are() -> None:
    for workload, others in (("spytime", {}), ("tpcbih", joins("versions"))):
        assert set(pieces(workload, "duckdb")) <= {*pieces(workload, "versions"), *others}


# Differences


@pytest.fixture
def numbers() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(":memory:")


def asked_of(numbers: duckdb.DuckDBPyConnection, ours: str, theirs: str) -> list[Result]:
    sides = [Duck("timeline", numbers, {"Q": ours}), Duck("other", numbers.cursor(), {"Q": theirs})]
    return ask("numbers", Question("Q", "which numbers", "Q", [{"least": 2}]), sides, 3, 10)


def test_the_order_of_rows_and_the_types_of_numbers_are_no_difference(
    numbers: duckdb.DuckDBPyConnection,
) -> None:
    found = asked_of(
        numbers,
        "SELECT * FROM (VALUES (1), (2), (3)) AS of_them (n) WHERE n >= $least",
        "SELECT * FROM (VALUES (3.00), (2.00)) AS of_them (n)",
    )
    assert [(result.peer, result.runs) for result in found] == [("timeline", 3), ("other", 3)]


@pytest.mark.parametrize(
    ("theirs", "message"),
    [
        ("SELECT 2 UNION ALL SELECT 2", r"only there: \(Decimal\('2'\),\), only here: \(Decimal\('3'\),\)"),
        ("SELECT 2", "other has 1 rows, Timeline 2; only there: None"),
        ("FROM (VALUES (2), (3), (3))", "other has 3 rows, Timeline 2"),
    ],
)
def test_a_difference_is_an_error_that_names_it(
    numbers: duckdb.DuckDBPyConnection, theirs: str, message: str
) -> None:
    with pytest.raises(Differs, match=message):
        asked_of(numbers, "FROM (VALUES (2), (3)) AS of_them (n) WHERE n >= $least", theirs)


def test_a_question_without_an_answer_compares_nothing(numbers: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(Differs, match="compares nothing"):
        asked_of(numbers, "SELECT 1 WHERE 1 > $least", "SELECT 1 WHERE false")


def test_one_that_takes_too_long_is_left_out_and_reported(numbers: duckdb.DuckDBPyConnection) -> None:
    slow = "SELECT count(*) FROM range(100000) AS a (x), range(100000) AS b (x) WHERE a.x * b.x % 7 = 1"
    sides = [Duck("timeline", numbers, {"Q": "SELECT 1"}), Duck("other", numbers.cursor(), {"Q": slow})]
    found = ask("numbers", Question("Q", "one", "Q", [{}]), sides, 3, 10, patience=0.05)
    assert [(result.peer, result.seconds is None) for result in found] == [
        ("timeline", False),
        ("other", True),
    ]
    assert "more than" in found[1].note


def test_a_mean_is_of_those_that_answered_everything() -> None:
    found = [
        Result("w", "A", "timeline", 1.0),
        Result("w", "B", "timeline", 4.0),
        Result("w", "A", "other", 9.0),
        Result("w", "B", "other", None, note="too slow"),
        Result("w", "A", "third", 4.0),
        Result("w", "B", "third", 4.0),
    ]
    means = geometric_means("w", found, ["A", "B"], 10)
    assert [mean.peer for mean in means] == ["timeline", "third"]
    assert [mean.seconds for mean in means] == pytest.approx([2.0, 4.0])
    assert means[0].ratio is None
    assert means[1].ratio == pytest.approx(2.0)


def test_parameters_are_written_as_every_side_reads_them() -> None:
    assert literal(datetime(2025, 1, 2, 3, 4, 5, 6)) == "TIMESTAMP '2025-01-02 03:04:05.000006'"  # noqa: DTZ001
    assert literal(date(2025, 1, 2)) == "DATE '2025-01-02'"
    assert [literal(value) for value in ("spy-1", 7, Decimal("1.50"))] == ["'spy-1'", "7", "1.50"]


def test_an_end_that_never_comes_compares_as_none() -> None:
    never = datetime(2038, 1, 19, 3, 14, 7, 999999)  # noqa: DTZ001
    assert plain((1, Decimal("1.00"), 1.0, never, "1")) == (1, 1, 1, None, "1")


# What the peers hold


def reports(rows: str, path: Path) -> Path:
    duckdb.execute(
        f"""
        COPY (
            SELECT
                type, subject, text, make_timestamptz(epoch_us(valid_from::TIMESTAMP)) AS valid_from,
                make_timestamptz(epoch_us(valid_to::TIMESTAMP)) AS valid_to,
                make_timestamptz(epoch_us(reported::TIMESTAMP)) AS reported
            FROM (VALUES {rows}) AS given (type, subject, text, valid_from, valid_to, reported)
        ) TO '{path}' (FORMAT parquet)
        """
    )
    return path


def days(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Return rows with their instants, all in January 2025, as numbers of days; 0 is no end."""
    return sorted(tuple(cell.day if isinstance(cell, datetime) else cell for cell in row) for row in rows)


@pytest.fixture
def known(tmp_path: Path) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(":memory:")
    path = reports(
        """
        ('reported', 'a', 'Oslo', '2025-01-01', '2025-01-11', '2025-01-01'),
        ('reported', 'a', 'Rome', '2025-01-05', '2025-01-07', '2025-01-04'),
        ('reported', 'a', 'Bonn', '2025-01-06', '2025-01-09', '2025-01-03'),
        ('withdrawn', 'a', NULL, '2025-01-05', '2025-01-06', '2025-01-08'),
        ('reported', 'b', 'Oslo', '2025-01-01', '2025-01-02', '2025-01-05'),
        ('reported', 'b', 'Rome', '2025-01-01', '2025-01-02', '2025-01-05')
        """,
        tmp_path / "reports.parquet",
    )
    raw_reports(con, path)
    return con


SHOWN = "subject, text, valid_from, valid_to"


def test_a_row_is_closed_and_what_is_left_begins_again(known: duckdb.DuckDBPyConnection) -> None:
    query = resolved("reports", ["subject"], "text")
    rows = known.execute(
        f"SELECT {SHOWN}, known_from, if(known_to = 'infinity', NULL, known_to) FROM ({query})"
    ).fetchall()
    assert days([(*row[:-1], row[-1] or 0) for row in rows]) == [
        # Bonn came late, between the two others, and Rome took a day from it on the next.
        ("a", "Bonn", 6, 9, 3, 4),
        ("a", "Bonn", 7, 9, 4, 0),
        ("a", "Oslo", 1, 5, 4, 0),
        ("a", "Oslo", 1, 6, 3, 4),
        ("a", "Oslo", 1, 11, 1, 3),
        ("a", "Oslo", 9, 11, 3, 0),
        # A day of Rome was taken back on the 8th.
        ("a", "Rome", 5, 7, 4, 8),
        ("a", "Rome", 6, 7, 8, 0),
        # Of two reports of one instant the later in the file counts, and the other never did.
        ("b", "Rome", 1, 2, 5, 0),
    ]


@pytest.mark.parametrize("day", range(1, 10))
def test_one_instant_is_resolved_as_all_are(known: duckdb.DuckDBPyConnection, day: int) -> None:
    instant = f"TIMESTAMP '2025-01-{day:02d}'"
    everything = resolved("reports", ["subject"], "text")
    then = known.execute(
        f"SELECT {SHOWN} FROM ({everything}) WHERE known_from <= {instant} AND {instant} < known_to"
    ).fetchall()
    assert days(known.execute(resolved_as_of("reports", ["subject"], "text", instant)).fetchall()) == days(
        then
    )


def test_tables_are_made_once_out_of_views(tmp_path: Path) -> None:
    con = duckdb.connect(":memory:")
    con.execute("CREATE VIEW few AS SELECT 1 AS n")
    with tables(con, tmp_path / "few.duckdb", ["few"]) as kept:
        assert kept.execute("FROM few").fetchall() == [(1,)]
    con.execute("CREATE OR REPLACE VIEW few AS SELECT 2 AS n")
    with tables(con, tmp_path / "few.duckdb", ["few"]) as kept:
        assert kept.execute("FROM few").fetchall() == [(1,)]


def test_versions_for_servers_end_where_the_next_report_begins(tmp_path: Path) -> None:
    path = tmp_path / "reports.parquet"
    duckdb.execute(
        f"""
        COPY (
            SELECT
                type, fact, amount, 'USD' AS unit,
                make_timestamptz(epoch_us(reported::TIMESTAMP)) AS reported, 'wire' AS source
            FROM (VALUES
                ('reported', 'a/b', 1, '2025-01-01'),
                ('reported', 'a/b', 2, '2025-01-05'),
                ('reported', 'a/b', 3, '2025-01-03'),
                ('withdrawn', 'a/b', NULL, '2025-01-07'),
                ('reported', 'a/b', 4, '2025-01-09'),
                ('reported', 'a/b', 5, '2025-01-09'),
                ('withdrawn', 'c/d', NULL, '2025-01-01')
            ) AS given (type, fact, amount, reported)
        ) TO '{path}' (FORMAT parquet)
        """
    )
    rows = duckdb.execute(
        f"SELECT amount, day(believed_from), coalesce(day(believed_until), 0) FROM ({versions_of(path)})"
    ).fetchall()
    assert sorted(rows) == [(1, 1, 3), (2, 5, 7), (3, 3, 5), (5, 9, 0)]


def test_what_a_peer_could_load_is_a_file_of_its_own(tmp_path: Path) -> None:
    source = tmp_path / "all.parquet"
    duckdb.execute(
        f"COPY (SELECT chr(97 + range::INT % 5) AS fact FROM range(20)) TO '{source}' (FORMAT parquet)"
    )
    loaded = Loaded(events=12, facts=3, versions=12, last_fact="c", complete=False, seconds=1.0)
    selected = duckdb.execute(f"FROM '{loaded.select(source, tmp_path / 'some.parquet')}'").fetchall()
    assert len(selected) == loaded.events
    assert {fact for (fact,) in selected} == {"a", "b", "c"}


def test_servers_are_the_peers_that_are_named_so() -> None:
    assert set(SERVERS) == {"mariadb", "postgresql"}


@pytest.mark.parametrize("server", [MariaDB, PostgreSQL])
def test_a_server_that_runs_elsewhere_finds_its_folder(
    server: type[Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    # To write the commands of a server, it need not be installed.
    monkeypatch.setattr("benchmarks.peers.servers._postgres", str)
    named = server(Path(".benchmarks/servers/data"), 1 << 30)
    try:
        data = str(tmp_path / ".benchmarks" / "servers" / "data")
        for command in (named._initialise(), named._serve()):
            assert [part.removeprefix("--datadir=").removeprefix("--pgdata=") for part in command].count(
                data
            ) == 1
    finally:
        named.stop()


# Generated histories


@pytest.mark.parametrize(
    "write", [spytime.write_reports, tpcbih_history.write_reports], ids=["spytime", "tpcbih"]
)
def test_a_history_is_of_the_size_asked_for_and_always_the_same(
    tmp_path: Path, write: Callable[[Path, int], Path]
) -> None:
    first, second = (write(tmp_path / f"{name}.parquet", 2_000) for name in ("first", "second"))
    assert duckdb.execute(f"SELECT count(*) FROM '{first}'").fetchall() == [(2_000,)]
    assert duckdb.execute(f"FROM '{first}' EXCEPT ALL FROM '{second}'").fetchall() == []


def test_the_history_of_orders_is_in_order(tmp_path: Path) -> None:
    path = tpcbih_history.write_reports(tmp_path / "history.parquet", 2_000)
    [(behind,)] = duckdb.execute(
        f"SELECT count(*) FROM (SELECT reported < lag(reported) OVER () AS behind FROM '{path}') WHERE behind"
    ).fetchall()
    assert behind == 0
