"""Rows in memory: what a notebook hands over becomes the events that a file with the same rows would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from timeline import BadInput, Timeline
from timeline.intake.batch import Batch
from timeline.intake.files import read_batches, table_batch
from timeline.intake.mapping import mapping_from

ROWS: list[dict[str, Any]] = [
    {"fact": "gold/price", "amount": 1.5, "unit": "USD", "reported": "2025-01-05", "source": "desk"},
    {"fact": "tin/price", "amount": 2.0, "unit": "EUR", "reported": "2025-01-06", "source": "desk"},
]
COLUMNS: dict[str, list[Any]] = {key: [row[key] for row in ROWS] for key in ROWS[0]}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Timeline]:
    with Timeline.create(tmp_path / "desk") as tl:
        tl.ingest(pa.table(COLUMNS), register_unknown=True)
        yield tl


def _generator() -> Iterator[dict[str, Any]]:
    yield from ROWS


def _relation() -> Any:
    frame = pl.DataFrame(COLUMNS)
    return duckdb.connect().from_arrow(frame.to_arrow()) if frame.height else None


_SHAPES: dict[str, Callable[[], Any]] = {
    "pandas": lambda: pd.DataFrame(COLUMNS),
    "pandas with an index": lambda: pd.DataFrame(COLUMNS, index=pd.Index(["x", "y"], name="id")),
    "pandas filtered": lambda: pd.DataFrame(COLUMNS).iloc[::-1].iloc[::-1],
    "pandas indexed by a key": lambda: pd.DataFrame(COLUMNS).set_index("fact"),
    "pandas with days": lambda: pd.DataFrame(COLUMNS).assign(
        reported=lambda frame: pd.to_datetime(frame["reported"])
    ),
    "pandas categories": lambda: pd.DataFrame(COLUMNS).astype({"unit": "category"}),
    "polars": lambda: pl.DataFrame(COLUMNS),
    "polars lazy": lambda: pl.LazyFrame(COLUMNS),
    "DuckDB": _relation,
    "Arrow reader": lambda: pa.table(COLUMNS).to_reader(),
    "Arrow batch": lambda: pa.RecordBatch.from_pydict(COLUMNS),
    "dicts": lambda: ROWS,
    "a tuple of dicts": lambda: tuple(ROWS),
    "a generator": _generator,
    "dicts with dates": lambda: [row | {"reported": date.fromisoformat(row["reported"])} for row in ROWS],
    "dicts of other types": lambda: [ROWS[0] | {"amount": Decimal("1.5")}, ROWS[1] | {"amount": 2}],
    "dicts with gaps": lambda: [ROWS[0] | {"speaker": None}, ROWS[1]],
}


@pytest.mark.parametrize("shape", _SHAPES)
def test_whatever_holds_the_rows_they_are_the_same_events(desk: Timeline, shape: str) -> None:
    result = desk.ingest(_SHAPES[shape]())
    assert (result.new, result.known) == (0, 2)


@pytest.mark.parametrize("shape", _SHAPES)
def test_and_so_with_a_mapping(desk: Timeline, shape: str) -> None:
    mapping = {key: f"{{{key}}}" for key in COLUMNS}
    assert desk.ingest(_SHAPES[shape](), mapping=mapping).known == 2


def column_of(batch: Batch, name: str) -> list[Any]:
    assert isinstance(batch.table, pa.Table)
    found: list[Any] = batch.table.column(name).to_pylist()
    return found


def test_an_index_that_pandas_has_written_is_left_out(tmp_path: Path) -> None:
    pd.DataFrame(COLUMNS, index=["x", "y"]).to_parquet(tmp_path / "a.parquet")
    assert "__index_level_0__" in pq.read_schema(tmp_path / "a.parquet").names
    [batch] = read_batches(tmp_path / "a.parquet")
    assert batch.table is not None
    assert batch.table.column_names == list(COLUMNS)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_instants_that_are_all_midnight_are_days(unit: Any) -> None:
    midnights = pa.array([datetime(2025, 1, 5), None], pa.timestamp(unit))  # noqa: DTZ001 - as frames have them
    batch = table_batch(pa.table({"fact": ["a/b"] * 2, "text": ["x"] * 2, "reported": midnights}))
    assert column_of(batch, "reported") == [date(2025, 1, 5), None]
    later = pa.array([datetime(2025, 1, 5), datetime(2025, 1, 5, 0, 0, 1)], pa.timestamp(unit))  # noqa: DTZ001
    table = pa.table({"fact": ["a/b"] * 2, "text": ["x"] * 2, "reported": later})
    with pytest.raises(BadInput, match="column reported has times of day without a zone"):
        table_batch(table)
    # A mapping may name the zone.
    mapping = {"fact": "{fact}", "text": "{text}", "reported": "{reported}"}
    with pytest.raises(BadInput, match=r'column .reported. has times of day without .*timezone = "America'):
        table_batch(table, mapping=mapping_from(mapping))
    mapped = table_batch(table, mapping=mapping_from(mapping | {"timezone": "Europe/Berlin"}))
    assert column_of(mapped, "reported") == ["2025-01-04T23:00:00Z", "2025-01-04T23:00:01Z"]


def test_dicts_keep_exact_numbers() -> None:
    rows = [
        {"fact": "a/b", "unit": "USD", "amount": value}
        for value in (12345678901234567890, Decimal("0.1"), 0.1, "7", None)
    ]
    batch = table_batch(rows)
    assert column_of(batch, "amount") == ["12345678901234567890", "0.1", "0.1", "7", None]
    aware: list[dict[str, object]] = [
        {"fact": "a/b", "text": "x", "reported": datetime(2025, 1, 5, tzinfo=UTC)}
    ]
    [instant] = column_of(table_batch(aware), "reported")
    assert instant == datetime(2025, 1, 5, tzinfo=UTC)


class _Failing:
    """What cannot give its rows after all."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        raise RuntimeError("no rows today")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"fact": "a/b"}, "table is one dict; expected a pandas or polars frame"),
        (b"fact", "table is a bytes; expected"),
        (7, "table is a int; expected"),
        (None, "table is a NoneType; expected"),
        ([], "table has no rows"),
        ([{"fact": "a/b"}, 7], "table: row 2: is a int; expected"),
        ([{1: "a/b"}], "table: row 1: 1 is no name of a column"),
        (_Failing(), "table cannot be read: RuntimeError: no rows today"),
        (pl.LazyFrame({"a": [1]}).select("b"), "table cannot be read: ColumnNotFoundError"),
        (pa.table({"fact": ["a/b"], "fakt": ["x"]}), "unknown columns: 'fakt'"),
    ],
)
def test_what_holds_no_rows_is_refused(tmp_path: Path, given: Any, message: str) -> None:
    with Timeline.create(tmp_path / "desk") as tl, pytest.raises(BadInput) as caught:
        tl.ingest(given)
    assert message in str(caught.value)


@pytest.mark.parametrize(("frequency", "period"), [("Q", "2024-Q1"), ("M", "2024-03"), ("Y", "2024")])
def test_periods_of_pandas_are_what_they_are_in_a_mapping_too(
    tmp_path: Path, frequency: str, period: str
) -> None:
    frame = pd.DataFrame({"when": pd.PeriodIndex(["2024-03-05"], freq=frequency), "v": [1.5]})
    mapping = mapping_from({"fact": "a/b@{when}", "amount": "{v}", "unit": "USD"})
    assert column_of(table_batch(frame, mapping=mapping), "period") == [period]
    # In a file as well, where its numbers alone would be years.
    frame.to_parquet(tmp_path / "a.parquet")
    [batch] = read_batches(tmp_path / "a.parquet", mapping=mapping)
    assert column_of(batch, "period") == [period]
