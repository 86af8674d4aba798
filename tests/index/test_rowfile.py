"""The row file against the table that it was made from."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from timeline.index.row_file import Damaged, RowFile
from timeline.index.row_writing import write
from timeline.meaning.columns import LOG_COLUMNS, SQL_TYPES
from timeline.meaning.fact import fact_hash

Row = dict[str, Any]

#: What a row file has of each event: the parts of a fact are in its text.
TOLD: Final = tuple(
    name for name in LOG_COLUMNS if name not in ("fact", "subject", "attribute", "object", "period")
)
DAY: Final = datetime(2025, 3, 1, 12, 30, 0, 250_000)  # noqa: DTZ001 - as DuckDB has them
PLAIN: Final[Row] = {
    "event_type": "reported",
    "reported": "2025-03-01",
    "reported_at": DAY,
    "recorded_at": DAY,
    "inherited": 0,
}


def an_id(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def report(fact: str | None, **more: Any) -> Row:
    return PLAIN | {"fact": fact} | more


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def table(con: duckdb.DuckDBPyConnection, rows: Sequence[Row], order: str = "fact_hash NULLS FIRST") -> None:
    """Make `store.events` of rows, at positions from 1 on; hashes may be given, and ids."""
    columns: Mapping[str, str] = {name: SQL_TYPES[kind] for name, kind in LOG_COLUMNS.items()}
    columns = {"fact_hash": "UBIGINT"} | dict(columns)
    con.execute("CREATE SCHEMA IF NOT EXISTS store")
    con.execute(
        f"CREATE OR REPLACE TABLE store.events ({', '.join(f'{n} {kind}' for n, kind in columns.items())})"
    )
    filled = []
    for position, row in enumerate(rows, 1):
        fact = row["fact"]
        least: Row = {"position": position, "place": position, "event_id": an_id(position), "commit": 1}
        filled.append(
            dict.fromkeys(columns) | {"fact_hash": None if fact is None else fact_hash(fact)} | least | row
        )
    if filled:
        types: dict[str, pa.DataType] = {
            "UBIGINT": pa.uint64(),
            "DECIMAL(38,9)": pa.decimal128(38, 9),
            "VARCHAR": pa.string(),
        }
        types |= {"BIGINT": pa.int64(), "BOOLEAN": pa.bool_(), "TIMESTAMP": pa.timestamp("us")}
        schema = pa.schema([(name, types[kind]) for name, kind in columns.items()])
        con.register("filled", pa.Table.from_pylist(filled, schema))
        con.execute("INSERT INTO store.events BY NAME FROM filled")
    con.execute(
        f"CREATE OR REPLACE TABLE store.events AS FROM store.events ORDER BY {order}, reported_at, position"
    )


def written(con: duckdb.DuckDBPyConnection, folder: Path) -> Path:
    [(count,)] = con.execute("SELECT count(*) FROM store.events").fetchall()
    path = folder / "some.rows"
    path.unlink(missing_ok=True)
    assert write(con, path, commit=1, position=count, digest="d")
    return path


def opened(path: Path) -> RowFile:
    file = RowFile.open(path)
    assert file is not None
    return file


def of_table(con: duckdb.DuckDBPyConnection) -> dict[tuple[int, str], list[Row]]:
    """The rows of each fact, by its hash and text, in order of position."""
    found: dict[tuple[int, str], list[Row]] = {}
    told = ", ".join(TOLD)
    rows = con.execute(
        f"SELECT fact_hash, fact, {told} FROM store.events WHERE fact IS NOT NULL ORDER BY position"
    ).fetchall()
    for number, fact, *values in rows:
        found.setdefault((number, fact), []).append(dict(zip(TOLD, values, strict=True)))
    return found


def of_file(file: RowFile, number: int, fact: str) -> list[Row]:
    lines = file.lines(fact, number, 10**6)
    assert lines is not None
    return sorted(map(file.row, lines), key=lambda row: row["position"])


def check(con: duckdb.DuckDBPyConnection, file: RowFile) -> None:
    """Everything in the file is as in the table, and nothing else is."""
    for (number, fact), rows in of_table(con).items():
        assert of_file(file, number, fact) == rows
        assert of_file(file, number, f"{fact}?") == []
    places = con.execute("SELECT event_id, position, place FROM store.events").fetchall()
    known = {event_id: (position, place) for event_id, position, place in places}
    strangers = [an_id(-number) for number in range(1, 50)]
    found = file.find([*strangers, *known])
    assert file.with_places(found) == known
    assert {file.event_id(position) for position, _ in known.values()} == set(known)
    asked = [*known, *strangers]
    ids = pa.array([bytes.fromhex(one) for one in asked], pa.binary())
    prefixes = pa.array([int(one[:16], 16) for one in asked], pa.uint64())
    positions = [position for position, _ in known.values()] + [None] * len(strangers)
    assert file.find_all(ids, prefixes).to_pylist() == positions


@pytest.mark.parametrize("rows", [[], [report(None, subject="acme")] * 3, [report("a/b")]])
def test_few_rows_or_none(con: duckdb.DuckDBPyConnection, tmp_path: Path, rows: list[Row]) -> None:
    table(con, rows)
    file = opened(written(con, tmp_path))
    check(con, file)
    assert file.lines("x/y", fact_hash("x/y"), 10) == []
    assert (file.commit, file.position, file.digest) == (1, len(rows), "d")


def test_a_fact_may_fill_many_blocks(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    facts = ["a/b"] * 5_000 + ["a/c"] * 3 + ["d/e"] * 2_000
    table(con, [report(fact, claim=f"{number} USD {number**7}") for number, fact in enumerate(facts)])
    file = opened(written(con, tmp_path))
    check(con, file)
    assert file.lines("a/b", fact_hash("a/b"), 5_000) is not None
    assert file.lines("a/b", fact_hash("a/b"), 4_999) is None


def test_facts_end_anywhere_in_a_block(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    drawn = random.Random(3)
    rows = [
        report(f"subject-{number}/says", claim="x" * drawn.randrange(400), source=f"wire-{nth}")
        for number in range(300)
        for nth in range(drawn.choice((1, 1, 2, 7, 90)))
    ]
    drawn.shuffle(rows)
    table(con, rows)
    check(con, opened(written(con, tmp_path)))


def test_facts_of_one_hash_are_told_apart(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    rows = [
        report(fact, fact_hash=number, claim="y" * 50)
        for _ in range(300)
        for number, fact in ((7, "a/b"), (7, "a/bc"), (7, "b/a"), (6, "a/d"), (2**64 - 1, "a/e"), (0, "f"))
    ]
    table(con, rows)
    check(con, opened(written(con, tmp_path)))


def test_every_kind_of_value(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    values: list[Row] = [
        {
            "amount": Decimal("12345678901234567890123456789.123456789"),
            "amount_low": Decimal("-0.000000001"),
            "approximate": True,
            "inferred": False,
            "valid_from": datetime(1, 1, 1),  # noqa: DTZ001
            "valid_to": datetime(9999, 12, 31, 23, 59, 59, 999_999),  # noqa: DTZ001
            "reported_from": datetime(1969, 12, 31, 23, 59, 59, 999_999),  # noqa: DTZ001
        },
        {"amount": Decimal(0), "approximate": False, "void": True, "commit": 2**62},
        {"reported": "2025-03-01T12:30:00.250000Z"},
        {"reported": "2025-03-01T12:30:00.25Z"},
        {"reported": "\\T"},
        {"reported": "2025-03-02", "reported_at": None},
        {"reported": None, "place": 1, "event_type": "corrected"},
    ]
    for wanted in ([*values], values[:5], values[:1], [{}, *values], [{}] * 3_000 + values):
        table(con, [report("a/b", **value) for value in wanted])
        check(con, opened(written(con, tmp_path)))


texts = st.none() | st.text() | st.text("\\\n\x1f\x00TDsen é", max_size=4)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(texts, texts, st.text(max_size=3), texts), min_size=1, max_size=8))
def test_texts_may_hold_anything(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, rows: list[tuple[str | None, str | None, str, str | None]]
) -> None:
    table(
        con,
        [
            report(f"a{fact}/b", statement=statement, claim=claim, reported=reported)
            for statement, claim, fact, reported in rows
        ],
    )
    check(con, opened(written(con, tmp_path)))


def test_ids_that_begin_alike(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """So many that they go over pages, of which one begins with them and another ends."""
    alike = ["ab" * 8 + an_id(number)[16:] for number in range(700)]
    ids = [*(an_id(number) for number in range(500)), *alike]
    random.Random(4).shuffle(ids)
    table(con, [report("a/b" if n % 2 else None, event_id=one) for n, one in enumerate(ids)])
    file = opened(written(con, tmp_path))
    check(con, file)
    assert file.find(["ab" * 8 + "0" * 48, "00" * 32, "ff" * 32]) == {}


@pytest.mark.parametrize("order", ["position DESC", "fact_hash DESC NULLS FIRST"])
def test_a_table_in_another_order_has_no_row_file(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, order: str
) -> None:
    table(con, [report(f"{number}/a") for number in range(50)], order)
    path = tmp_path / "some.rows"
    assert not write(con, path, commit=1, position=50, digest=None)
    assert not path.exists()


def test_what_is_missing_from_the_log_has_no_row_file(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    table(con, [report("a/b", position=number) for number in (1, 2, 4)])
    assert not write(con, tmp_path / "some.rows", commit=1, position=3, digest=None)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def some(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> Path:
    rows = [report(f"{number % 40}/a", claim=f"{number}", place=max(number, 1)) for number in range(400)]
    table(con, rows)
    return written(con, tmp_path)


def test_a_file_cut_short_is_none(some: Path, tmp_path: Path) -> None:
    content = some.read_bytes()
    for length in (0, 1, 100, len(content) // 2, len(content) - 1):
        (tmp_path / "short.rows").write_bytes(content[:length])
        assert RowFile.open(tmp_path / "short.rows") is None
    (tmp_path / "long.rows").write_bytes(content + b"\0")
    assert RowFile.open(tmp_path / "long.rows") is None
    assert RowFile.open(tmp_path / "missing.rows") is None
    assert RowFile.open(tmp_path) is None


def test_a_changed_byte_changes_no_answer(con: duckdb.DuckDBPyConnection, some: Path, tmp_path: Path) -> None:
    content = some.read_bytes()
    damaged, unharmed = 0, 0
    for at in range(3, len(content), 97):
        changed = bytearray(content)
        changed[at] ^= 1 << at % 8
        path = tmp_path / f"{at}.rows"
        path.write_bytes(changed)
        file = RowFile.open(path)
        try:
            if file is not None:
                check(con, file)
                unharmed += 1
                continue
        except Damaged:
            pass
        finally:
            path.unlink()
        damaged += 1
    # Between the parts, and in the magic at the beginning, there is nothing to change.
    assert damaged > 4 * unharmed
