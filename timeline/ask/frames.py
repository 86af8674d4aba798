"""Answers as polars frames and Arrow tables, from rows at hand or from a relation of DuckDB's."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from timeline.ask.answers import Rows, Source, text_of
from timeline.meaning.columns import check_names
from timeline.meaning.times import FIRST_INSTANT, LAST_INSTANT

if TYPE_CHECKING:
    import duckdb
    import polars as pl
    import pyarrow as pa

__all__ = ["AtHand", "PlainChanges", "Statement", "fetch"]

T = TypeVar("T")


class Run(Protocol):
    """Calls a function with a connection to ask, and returns its result."""

    def __call__(self, ask: Callable[[duckdb.DuckDBPyConnection], T], /) -> T: ...


def fetch(con: duckdb.DuckDBPyConnection, sql: str, parameters: Any = ()) -> Rows:
    """Run a statement and return all of its answer in plain Python."""
    con.execute(sql, parameters)
    description = con.description or []
    names, types = ([str(column[nth]) for column in description] for nth in (0, 1))
    return Rows(names, types, con.fetchall())


@dataclass(frozen=True, slots=True)
class Statement:
    """The answer to a statement, which runs once for each form that is asked for."""

    run: Run
    sql: str
    parameters: Any = ()

    @property
    def shape(self) -> None:
        """Nothing: it was not run yet."""

    def fetch(self) -> Rows:
        """Return the answer in plain Python."""
        return self.run(lambda con: fetch(con, self.sql, self.parameters))

    def part(self, offset: int, limit: int) -> Statement:
        """Return the statement that answers with some of the rows."""
        return replace(self, sql=f"{self.sql} LIMIT {int(limit)} OFFSET {int(offset)}")

    def size(self) -> int:
        """Return how many rows the answer has."""
        counted = f"SELECT count(*) FROM ({self.sql})"
        return int(self.run(lambda con: fetch(con, counted, self.parameters)).rows[0][0])

    def frame(self) -> pl.DataFrame:
        """Return the answer as a frame, its instants marked as the UTC that they are."""
        return self._with_relation(_frame_of)

    def arrow(self) -> pa.Table:
        """Return the answer as an Arrow table; columns of types that few readers know become text."""
        table = self._with_relation(_arrow_of)
        return AtHand(self.fetch()).arrow() if table is None else table

    def _with_relation(self, convert: Callable[[duckdb.DuckDBPyRelation], T]) -> T:
        def ask(con: duckdb.DuckDBPyConnection) -> T:
            relation = con.sql(self.sql, params=self.parameters)
            check_names(relation.columns)
            # Relations are lazy: some of what is wrong with a query shows only now.
            return convert(relation)

        return self.run(ask)


def _frame_of(relation: duckdb.DuckDBPyRelation) -> pl.DataFrame:
    return _in_utc(relation.pl())


def _arrow_of(relation: duckdb.DuckDBPyRelation) -> pa.Table | None:
    if not all(_is_known(str(kind)) for kind in relation.types):
        return None
    table = relation.to_arrow_table()
    return table if all(map(_are_datetimes, table.columns)) else None


def _are_datetimes(column: pa.ChunkedArray[Any]) -> bool:
    """Whether a column holds no instant that no datetime of Python can be."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_timestamp(column.type):
        return True
    instants = column.cast(pa.int64())
    bounds: list[int | None] = [pc.min(instants).as_py(), pc.max(instants).as_py()]
    return all(bound is None or FIRST_INSTANT <= bound <= LAST_INSTANT for bound in bounds)


def _in_utc(frame: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    naive = [name for name, kind in frame.schema.items() if kind == pl.Datetime("us", None)]
    return frame.with_columns(pl.col(*naive).dt.replace_time_zone("UTC")) if naive else frame


@dataclass(frozen=True, slots=True)
class AtHand:
    """The answer that rows at hand are."""

    rows: Rows

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows and columns there are."""
        return len(self.rows.rows), len(self.rows.columns)

    def fetch(self) -> Rows:
        """Return the rows."""
        return self.rows

    def part(self, offset: int, limit: int) -> AtHand:
        """Return some of the rows."""
        return AtHand(self.rows._replace(rows=self.rows.rows[offset : offset + limit]))

    def size(self) -> int:
        """Return how many rows there are."""
        return len(self.rows.rows)

    def frame(self) -> pl.DataFrame:
        """Return the rows as a frame, of few rows in less time than DuckDB takes."""
        import polars as pl

        kinds: dict[str, Any] = {
            "BIGINT": pl.Int64,
            "BOOLEAN": pl.Boolean,
            "DECIMAL(38,9)": pl.Decimal(38, 9),
            "TIMESTAMP": pl.Datetime("us"),
            "VARCHAR": pl.String,
        }
        check_names(self.rows.columns)
        if not kinds.keys() >= set(self.rows.types):
            found = pl.from_arrow(self.arrow())
            assert isinstance(found, pl.DataFrame)
            return _in_utc(found)
        schema = {name: kinds[kind] for name, kind in zip(self.rows.columns, self.rows.types, strict=True)}
        frame = pl.DataFrame(self.rows.rows, schema=schema, orient="row")
        # All at once: each step of polars takes as long as a whole row.
        return frame.with_columns(pl.col(pl.Datetime("us", None)).dt.replace_time_zone("UTC"))

    def arrow(self) -> pa.Table:
        """Return the rows as an Arrow table; columns of types that few readers know become text."""
        import pyarrow as pa

        names, types, rows = self.rows
        check_names(names)
        columns = list(zip(*rows, strict=True)) or [()] * len(names)
        arrays = [_arrow_column(pa, kind, values) for kind, values in zip(types, columns, strict=True)]
        return pa.Table.from_arrays(arrays, names=names)


_ARROW: Final = {
    "BOOLEAN": "bool_",
    "TINYINT": "int8",
    "SMALLINT": "int16",
    "INTEGER": "int32",
    "BIGINT": "int64",
    "UTINYINT": "uint8",
    "USMALLINT": "uint16",
    "UINTEGER": "uint32",
    "UBIGINT": "uint64",
    "FLOAT": "float32",
    "DOUBLE": "float64",
    "DATE": "date32",
    "BLOB": "binary",
    "VARCHAR": "string",
}
_DECIMAL: Final = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")


def _is_known(kind: str) -> bool:
    """Whether a type of DuckDB's becomes the same type of Arrow, whatever the values are."""
    return kind in _ARROW or kind in ("TIMESTAMP", "VARCHAR[]") or _DECIMAL.fullmatch(kind) is not None


def _arrow_column(pa: Any, kind: str, values: Sequence[Any]) -> Any:
    if kind.startswith("TIMESTAMP") and not any(isinstance(value, str) for value in values):
        # DuckDB hands out those as texts that no datetime can be.
        naive = [v.astimezone(UTC).replace(tzinfo=None) if v and v.tzinfo else v for v in values]
        return pa.array(naive, pa.timestamp("us"))
    if decimal := _DECIMAL.fullmatch(kind):
        return pa.array(values, pa.decimal128(int(decimal[1]), int(decimal[2])))
    if kind in _ARROW:
        return pa.array(values, getattr(pa, _ARROW[kind])())
    if kind == "VARCHAR[]":
        return pa.array(values, pa.list_(pa.string()))
    return pa.array([None if value is None else text_of(value) for value in values], pa.string())


@dataclass(frozen=True, slots=True)
class PlainChanges:
    """Changes that a plain statement finds in half the time, unless a fact has several beliefs at a time."""

    plain: Statement
    full: Statement

    @property
    def shape(self) -> None:
        """Nothing: neither was run yet."""

    def fetch(self) -> Rows:
        return self.full.fetch()

    def part(self, offset: int, limit: int) -> Source:
        return self.full.part(offset, limit)

    def size(self) -> int:
        return self.full.size()

    def arrow(self) -> pa.Table:
        return self.full.arrow()

    def frame(self) -> pl.DataFrame:
        found = self.plain.frame()
        if found["is_bounded"].any():
            return self.full.frame()
        # Sorted here, because it takes half as long.
        return found.drop("is_bounded").sort("fact")
