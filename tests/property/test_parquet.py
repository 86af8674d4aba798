"""The Parquet files that are written by hand, against those that pyarrow writes of the same rows."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from timeline.columns import LOG_COLUMNS
from timeline.log import rows_to_table, schema
from timeline.parquet import parquet_of

Row = dict[str, Any]

STATISTICS = ("position", "commit", "event_type", "fact", "reported_at", "amount", "void", "inherited")
METADATA = {"timeline.schema": "1", "empty": "", "long": "é" * 300}

EXACT = Context(prec=60)
VALUES = {
    "integer": st.integers(-(2**63), 2**63 - 1),
    "text": st.text(max_size=200),
    "instant": st.integers(-(2**63), 2**63 - 1),
    "decimal": st.integers(1 - 10**38, 10**38 - 1).map(lambda scaled: Decimal(scaled).scaleb(-9, EXACT)),
    "boolean": st.booleans(),
}
NARROW = {"inherited": st.integers(-(2**31), 2**31 - 1)}


ROWS = st.fixed_dictionaries(
    {},
    optional={name: st.none() | NARROW.get(name, VALUES[kind]) for name, kind in LOG_COLUMNS.items()},
)
FULL = {
    "integer": 2**40,
    "text": "nvidia/ceo",
    "instant": -1,
    "decimal": Decimal("-12.5"),
    "boolean": True,
}


def by_pyarrow(rows: list[Row], target: Path) -> pq.ParquetFile:
    with pq.ParquetWriter(
        target,
        schema(),
        compression="none",
        store_schema=False,
        use_dictionary=False,
        write_statistics=list(STATISTICS),
    ) as writer:
        writer.write_table(rows_to_table(rows))
        writer.add_key_value_metadata(METADATA)
    return pq.ParquetFile(target)


def told(file: pq.ParquetFile) -> Iterator[tuple[Any, ...]]:
    """What a file says of each column: its name, how many values, and their statistics."""
    group = file.metadata.row_group(0)
    for nth in range(group.num_columns):
        column = group.column(nth)
        found = column.statistics
        yield (
            column.path_in_schema,
            column.num_values,
            column.compression,
            found and (found.has_min_max, found.min_raw, found.max_raw, found.null_count),
        )


@example([{}])
@example([{name: FULL[kind] if name != "inherited" else 5 for name, kind in LOG_COLUMNS.items()}] * 199)
@example([{"amount": Decimal("0E+3"), "void": False, "fact": "\U0001f600"}, {"fact": "\uffff", "void": True}])
@given(st.lists(ROWS, min_size=1, max_size=20))
def test_what_is_written_by_hand_is_what_pyarrow_writes(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    mine, theirs = folder / "mine.parquet", folder / "theirs.parquet"
    mine.write_bytes(parquet_of(rows, METADATA, STATISTICS))
    expected = by_pyarrow(rows, theirs)
    with pq.ParquetFile(mine) as found, expected:
        assert found.read().replace_schema_metadata(None).equals(rows_to_table(rows))
        assert found.schema.equals(expected.schema)
        assert found.schema_arrow.equals(expected.schema_arrow)
        assert found.metadata.metadata == expected.metadata.metadata
        assert found.metadata.num_rows == len(rows)
        assert list(told(found)) == list(told(expected))
    assert pl.read_parquet(mine).equals(pl.read_parquet(theirs))
    with duckdb.connect() as con:
        read = [con.sql(f"FROM '{path}'").to_arrow_table() for path in (mine, theirs)]
        assert read[0].equals(read[1])
        described = [con.sql(f"DESCRIBE FROM '{path}'").fetchall() for path in (mine, theirs)]
        assert described[0] == described[1]


@pytest.mark.parametrize("amount", ["1e29", "-1e29", "0.0000000001", "1.0000000000000000000000000000001"])
def test_an_amount_that_does_not_fit_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="is no decimal of 38 digits"):
        parquet_of([{"amount": Decimal(amount)}], {}, ())


def test_statistics_let_readers_pass_files_over(tmp_path: Path) -> None:
    path = tmp_path / "one.parquet"
    path.write_bytes(parquet_of([{"fact": "nvidia/ceo", "position": 7}], {}, ("fact", "position")))
    with duckdb.connect() as con:
        found = con.sql(
            "SELECT path_in_schema, stats_min_value, stats_max_value, stats_null_count "
            f"FROM parquet_metadata('{path}') WHERE stats_min_value IS NOT NULL ORDER BY 1"
        ).fetchall()
    assert found == [("fact", "nvidia/ceo", "nvidia/ceo", 0), ("position", "7", "7", 0)]
    assert (
        pq.read_table(io.BytesIO(path.read_bytes()), filters=[("fact", "<", "a")], pre_buffer=False).num_rows
        == 0
    )
