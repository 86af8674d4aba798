"""The row store against the table that it was made from."""

from __future__ import annotations

import hashlib
import os
import random
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import thinned
from timeline.index.rows import Damaged, RowStore, UpTo, grow, write
from timeline.meaning.columns import LOG_COLUMNS, SQL_TYPES
from timeline.meaning.fact import fact_hash

Row = dict[str, Any]

#: What a row store has of each event: the parts of a fact are in its text.
STORED: Final = tuple(
    name for name in LOG_COLUMNS if name not in ("fact", "subject", "attribute", "object", "period")
)
DAY_0: Final = datetime(1970, 1, 1)  # noqa: DTZ001
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
    assert write(con, path, UpTo(1, count, "d"), "store.events")
    return path


def opened(path: Path) -> RowStore:
    rows = RowStore.open(path)
    assert rows is not None
    return rows


def of_table(con: duckdb.DuckDBPyConnection) -> dict[tuple[int, str], list[Row]]:
    """Return the rows of each fact, by its hash and text, in order of position."""
    found: dict[tuple[int, str], list[Row]] = {}
    columns = ", ".join(STORED)
    rows = con.execute(
        f"SELECT fact_hash, fact, {columns} FROM store.events WHERE fact IS NOT NULL ORDER BY position"
    ).fetchall()
    for number, fact, *values in rows:
        found.setdefault((number, fact), []).append(dict(zip(STORED, values, strict=True)))
    return found


#: The rows of each fact, and the position and place of each event.
Expected = tuple[dict[tuple[int, str], list[Row]], dict[str, tuple[int, int]]]


def expected_of(con: duckdb.DuckDBPyConnection) -> Expected:
    places = con.execute("SELECT event_id, position, place FROM store.events").fetchall()
    return of_table(con), {event_id: (position, place) for event_id, position, place in places}


def is_plain(row: Row) -> bool:
    unset = (row["valid_from"], row["valid_to"]) == (None, None)
    return row["event_type"] in ("reported", "withdrawn") and row["reported_at"] is not None and unset


def check_against(expected: Expected, store: RowStore) -> None:
    """Check that everything in the row store is as expected, and that nothing else is in it."""
    facts, known = expected
    for (number, fact), rows in facts.items():
        lines = store.lines(fact, number, 10**6)
        assert lines is not None
        assert sorted(map(store.row, lines), key=lambda row: row["position"]) == rows
        assert store.lines(f"{fact}?", number, 10**6) == []
        ordered = store.ordered(lines)
        assert (ordered is not None) == all(map(is_plain, rows))
        if ordered is not None:
            orders = [(DAY_0 + timedelta(microseconds=at), position) for at, position, _ in sorted(ordered)]
            assert orders == sorted((row["reported_at"], row["position"]) for row in rows)
    strangers = [an_id(-number) for number in range(1, 50)]
    assert store.find([*strangers, *known]) == known


def check(con: duckdb.DuckDBPyConnection, store: RowStore) -> None:
    check_against(expected_of(con), store)


@pytest.mark.parametrize("rows", [[], [report(None, subject="acme")] * 3, [report("a/b")]])
def test_few_rows_or_none(con: duckdb.DuckDBPyConnection, tmp_path: Path, rows: list[Row]) -> None:
    table(con, rows)
    store = opened(written(con, tmp_path))
    check(con, store)
    assert store.lines("x/y", fact_hash("x/y"), 10) == []
    assert store.upto == (1, len(rows), "d")


def test_a_fact_may_fill_many_blocks(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    facts = ["a/b"] * 5_000 + ["a/c"] * 3 + ["d/e"] * 2_000
    table(con, [report(fact, claim=f"{number} USD {number**7}") for number, fact in enumerate(facts)])
    store = opened(written(con, tmp_path))
    check(con, store)
    assert store.lines("a/b", fact_hash("a/b"), 5_000) is not None
    assert store.lines("a/b", fact_hash("a/b"), 4_999) is None


@pytest.mark.parametrize(
    "more", [{}, {"key": "k"}, {"source": "wire"}, {"reported": "2025-03-01T12:30:00.250000Z"}]
)
def test_withdrawals_leave_a_fact_plain_and_corrections_do_not(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, more: Row
) -> None:
    for types in (["withdrawn"] * 3, ["reported", "withdrawn", "reported"], ["reported", "corrected"]):
        table(con, [report("a/b", event_type=event_type, **more) for event_type in types])
        store = opened(written(con, tmp_path))
        check(con, store)
        ordered = store.ordered(store.lines("a/b", fact_hash("a/b"), 10) or [])
        assert (ordered is None) == ("corrected" in types)


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


def test_facts_of_one_hash_are_distinguished(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
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
        {"reported": "0T", "claim": "", "text": "\\x"},
        {"amount": Decimal("5.5"), "unit": "USD", "claim": "5.5 USD"},
        {"amount": Decimal("5.5"), "unit": "USD", "claim": None},
        {"amount": Decimal("5.5"), "unit": None, "claim": "5.5 USD"},
        {"amount": Decimal("1e-9"), "unit": "USD", "claim": "0.000000001 USD", "amount_low": None},
        {"event_type": "withdrawn"},
        {"event_type": "withdrawn", "key": "k", "reported": None},
        {"reported": "2025-03-02", "reported_at": None},
        {"reported": None, "place": 1, "event_type": "corrected"},
    ]
    for wanted in ([*values], values[:5], values[:1], [{}, *values], [{}] * 3_000 + values):
        table(con, [report("a/b", **value) for value in wanted])
        check(con, opened(written(con, tmp_path)))


#: An event may hold any character but these, which are refused when it is recorded.
SIGNS: Final = st.characters(exclude_characters="\x1e\x1f", exclude_categories=["Cs"])
texts = st.none() | st.text(SIGNS) | st.text("\\\n\x00\x1d01A é", max_size=4)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(texts, texts, st.text(SIGNS, max_size=3), texts), min_size=1, max_size=8))
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


@pytest.mark.parametrize("sign", "\x1e\x1f")
@pytest.mark.parametrize("name", ["fact", "statement", "reported", "actor"])
def test_texts_with_a_separator_have_no_row_store(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, name: str, sign: str
) -> None:
    table(con, [report("a/b"), report("a/c") | {name: f"x{sign}y"}])
    assert not write(con, tmp_path / "some.rows", UpTo(1, 2, None), "store.events")
    assert list(tmp_path.iterdir()) == []


def test_a_fact_that_looks_like_a_line_is_none(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    table(con, [report("a/b", source="wire")])
    store = opened(written(con, tmp_path))
    [line] = store.lines("a/b", fact_hash("a/b"), 10) or []
    asked = f"a/b\x1f{line.rpartition(chr(31))[0]}"
    assert store.lines(asked, fact_hash("a/b"), 10) == []


def test_ids_that_begin_alike(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """So many ids that they fill several pages, of which one begins with them and another ends with them."""
    alike = ["ab" * 8 + an_id(number)[16:] for number in range(700)]
    ids = [*(an_id(number) for number in range(500)), *alike]
    random.Random(4).shuffle(ids)
    table(con, [report("a/b" if n % 2 else None, event_id=one) for n, one in enumerate(ids)])
    store = opened(written(con, tmp_path))
    check(con, store)
    assert store.find(["ab" * 8 + "0" * 48, "00" * 32, "ff" * 32]) == {}


@pytest.mark.parametrize("order", ["position DESC", "fact_hash DESC NULLS FIRST"])
def test_a_table_in_another_order_is_sorted_if_asked(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, order: str
) -> None:
    table(con, [report(f"{number}/a") for number in range(50)], order)
    path = tmp_path / "some.rows"
    assert not write(con, path, UpTo(1, 50, None), "store.events")
    assert not path.exists()
    assert write(con, path, UpTo(1, 50, None), "store.events", is_sorted=False)
    check(con, opened(path))


@pytest.mark.parametrize("positions", [(1, 2, 4), (1, 2), (0, 1, 2), (2, 3, 4)])
def test_what_is_missing_from_the_log_has_no_row_store(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, positions: tuple[int, ...]
) -> None:
    table(con, [report("a/b", position=number) for number in positions])
    assert not write(con, tmp_path / "some.rows", UpTo(1, 3, None), "store.events")
    assert list(tmp_path.iterdir()) == []


def test_positions_go_up_to_32_bits(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    table(con, [report("a/b"), report("a/b", place=2**32)])
    assert not write(con, tmp_path / "some.rows", UpTo(1, 2, None), "store.events")
    assert list(tmp_path.iterdir()) == []


# Growing


def grown(con: duckdb.DuckDBPyConnection, folder: Path, steps: Sequence[int], count: int) -> Path:
    path = folder / "grown.rows"
    path.unlink(missing_ok=True)
    first = f"(FROM store.events WHERE position <= {steps[0]})"
    assert write(con, path, UpTo(1, steps[0], "d"), first)
    for number, (start, end) in enumerate(pairwise((*steps, count)), 2):
        events = f"(FROM store.events WHERE position BETWEEN {start + 1} AND {end})"
        assert grow(con, path, UpTo(number, end, f"d{number}"), events)
    return path


def check_like_one_built_at_once(con: duckdb.DuckDBPyConnection, path: Path, folder: Path) -> None:
    other = folder / "other.rows"
    other.unlink(missing_ok=True)
    store = opened(path)
    assert write(con, other, store.upto, "store.events", like=store)
    assert store.is_like(opened(other))
    assert opened(other).is_like(store)


@pytest.mark.parametrize("steps", [(1,), (400,), (1_000, 1_001), (1_999,), (100, 700, 701, 1_500)])
def test_one_that_grew_holds_what_one_built_at_once_holds(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, steps: tuple[int, ...]
) -> None:
    drawn = random.Random(5)
    more: list[Row] = [
        {},
        {"event_type": "withdrawn"},
        {"event_type": "corrected", "place": 1, "target": an_id(1)},
        {"claim": "5 USD", "unit": "USD", "amount": Decimal(5)},
        {"claim": "x" * 900, "statement": ""},
        {"valid_from": DAY, "origin": "o"},
    ]
    facts = [None, "hot/fact", "hot/fact", *(f"{number}/says" for number in range(300))]
    rows = [report(drawn.choice(facts), commit=number // 50, **drawn.choice(more)) for number in range(2_000)]
    table(con, rows)
    path = grown(con, tmp_path, steps, len(rows))
    check(con, opened(path))
    assert opened(path).upto == (len(steps) + 1, 2_000, f"d{len(steps) + 1}")
    check_like_one_built_at_once(con, path, tmp_path)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 12), texts, texts), min_size=2, max_size=40), st.data())
def test_one_that_grew_by_anything(
    con: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    rows: list[tuple[int, str | None, str | None]],
    data: st.DataObject,
) -> None:
    table(con, [report(f"{fact}/b" if fact else None, claim=claim, unit=unit) for fact, claim, unit in rows])
    at = data.draw(st.integers(1, len(rows) - 1))
    path = grown(con, tmp_path, (at,), len(rows))
    check(con, opened(path))
    check_like_one_built_at_once(con, path, tmp_path)


@pytest.mark.parametrize("missing", [10, 20])
def test_one_does_not_grow_past_a_gap(con: duckdb.DuckDBPyConnection, tmp_path: Path, missing: int) -> None:
    table(con, [report(f"{number}/a") for number in range(30)])
    path = tmp_path / "some.rows"
    assert write(con, path, UpTo(1, 9, None), "(FROM store.events WHERE position < 10)")
    events = f"(FROM store.events WHERE position >= 10 AND position <> {missing})"
    assert not grow(con, path, UpTo(2, 30, None), events)
    assert list(tmp_path.iterdir()) == []


def test_it_says_what_another_holds_besides(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    rows = [report(f"{number % 40}/a", claim=f"{number}") for number in range(400)]
    table(con, rows)
    path = written(con, tmp_path)
    store = opened(path)
    other = tmp_path / "other.rows"
    for changed in (
        {"claim": "x"},
        {"fact": "0/b"},
        {"event_id": an_id(1_000)},
        {"place": 3},
        {"fact": None},
    ):
        table(con, [*rows[:-1], rows[-1] | changed])
        assert write(con, other, store.upto, "store.events", like=store)
        assert not store.is_like(opened(other)), changed
        assert not opened(other).is_like(store), changed
        other.unlink()
    for edit in (
        "CREATE TABLE more (one)",
        "INSERT INTO lines VALUES (1, x'00')",
        "INSERT INTO ids VALUES (-1, x'00')",
        "INSERT INTO meta VALUES (2, x'00')",
        "CREATE INDEX more ON lines (content)",
    ):
        content = path.read_bytes()
        (tmp_path / "edited.rows").write_bytes(content)
        with closing(sqlite3.connect(tmp_path / "edited.rows")) as db:
            db.execute(edit)
            db.commit()
        assert not opened(tmp_path / "edited.rows").is_like(store), edit


# Damage


@pytest.fixture
def some(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> Path:
    rows = [report(f"{number % 40}/a", claim=f"{number}", place=max(number, 1)) for number in range(400)]
    table(con, rows)
    return written(con, tmp_path)


def is_right(expected: Expected, path: Path) -> bool:
    """Return whether a row store answers, and check its answers; False if it is damaged or does not open."""
    store = RowStore.open(path)
    if store is None:
        return False
    with closing(store):
        try:
            check_against(expected, store)
            for bucket in range(1 << 6):
                assert store.find([f"{bucket << 2:02x}" + "0" * 62]) == {}
                assert store.lines("x", bucket << 58, 1) == []
        except Damaged:
            return False
    return True


def test_a_file_cut_short_is_none_or_damaged(
    con: duckdb.DuckDBPyConnection, some: Path, tmp_path: Path
) -> None:
    content = some.read_bytes()
    path = tmp_path / "short.rows"
    for length in (0, 1, 100, 4_096, len(content) // 2, len(content) - 4_096):
        path.write_bytes(content[:length])
        assert not is_right(expected_of(con), path)
    assert RowStore.open(tmp_path / "missing.rows") is None
    assert RowStore.open(tmp_path) is None
    os.mkfifo(tmp_path / "pipe.rows")
    assert RowStore.open(tmp_path / "pipe.rows") is None


def flipped(content: bytes, at: int) -> bytes:
    changed = bytearray(content)
    changed[at] ^= 1 << at % 8
    return bytes(changed)


def test_no_changed_byte_changes_an_answer(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    table(con, [report(f"{number % 7}/a", claim=f"{number}", place=max(number, 1)) for number in range(40)])
    content = written(con, tmp_path).read_bytes()
    expected = expected_of(con)
    # SQLite reads no long run of zeros; bytes at its ends are tried for all of it.
    places = [at for at in range(len(content)) if content[max(at - 8, 0) : at + 8].strip(b"\0")]
    damaged = unharmed = 0
    for at in thinned(places):
        path = tmp_path / "changed.rows"
        path.write_bytes(flipped(content, at))
        if is_right(expected, path):
            unharmed += 1
        else:
            damaged += 1
    # Bytes that are not checked hold no content: counters in the header, for example.
    assert damaged > 10 * unharmed


def test_a_block_in_the_place_of_another_is_found(
    con: duckdb.DuckDBPyConnection, some: Path, tmp_path: Path
) -> None:
    for table_name in ("lines", "ids", "meta"):
        path = tmp_path / "swapped.rows"
        path.write_bytes(some.read_bytes())
        with closing(sqlite3.connect(path)) as db:
            [(first,), (second,)] = db.execute(f"SELECT block FROM {table_name} ORDER BY block LIMIT 2")
            for old, new in ((first, -7), (second, first), (-7, second)):
                db.execute(f"UPDATE {table_name} SET block = ? WHERE block = ?", (new, old))
            db.commit()
        assert not is_right(expected_of(con), path)


@pytest.mark.parametrize("value", ["NULL", "'text'", "7", "x''", "x'00'", "zeroblob(400)"])
@pytest.mark.parametrize("table_name", ["lines", "ids", "meta"])
def test_a_block_of_another_kind_is_found(
    con: duckdb.DuckDBPyConnection, some: Path, table_name: str, value: str
) -> None:
    with closing(sqlite3.connect(some)) as db:
        db.execute(f"UPDATE {table_name} SET content = {value}")
        db.commit()
    assert (RowStore.open(some) is None) == (table_name == "meta")
    assert not is_right(expected_of(con), some)


def test_a_damaged_one_does_not_grow(con: duckdb.DuckDBPyConnection, some: Path) -> None:
    with closing(sqlite3.connect(some)) as db:
        db.execute("UPDATE lines SET content = zeroblob(100)")
        db.commit()
    events = "(SELECT * REPLACE (401 AS position) FROM store.events WHERE position = 1)"
    assert not grow(con, some, UpTo(2, 401, None), events)
    assert not some.exists()
