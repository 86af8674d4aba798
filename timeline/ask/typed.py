"""The answers to SQL that people write, whatever types of DuckDB's are in them.

Each type leaves as one that Python, Arrow and polars have:

    INTERVAL                        a duration; text where one has months, which are of no fixed length
    TIMESTAMP of any unit or zone   an instant of UTC in microseconds; in nanoseconds where it has any
    DATE, TIME                      as they are
    HUGEINT, UHUGEINT               whole numbers; beyond 38 digits text in Arrow, 128 bits in polars
    LIST, ARRAY, STRUCT, TUPLE      as they are, of what leaves in them
    MAP                             a map, or text where its keys are lists, structures or the like
    UNION, ENUM, UUID, BIT, BIGNUM, TIMETZ, TIME_NS, GEOMETRY, VARIANT, TYPE    text

A column becomes text as a whole where one of its values is none of Python's: an infinite date or one outside
the years 1 to 9999, 24:00:00, an interval that 64 bits of microseconds do not hold. The text is DuckDB's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute

from timeline.ask.answers import Rows, Source
from timeline.ask.frames import AtHand, fetch
from timeline.ask.sandbox import is_query
from timeline.meaning.columns import check_names
from timeline.meaning.times import FIRST_INSTANT, LAST_INSTANT

if TYPE_CHECKING:
    import duckdb
    import polars as pl

__all__ = ["Fetched", "fetched", "last_of"]

#: Its stubs know fewer kinds of values than it does.
pc: Any = pyarrow.compute
#: Arrow's arrays, whose kinds of values are known only where they are looked at.
_Values = Any
_Column = Any

#: Ids of DuckDB's types that leave as they are, if only their values do.
_KEPT: Final = frozenset(
    (
        *("boolean", "tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint", "uinteger"),
        *("ubigint", "float", "double", "decimal", "varchar", "blob", "null", "hugeint", "interval"),
        *("date", "time", "timestamp", "timestamp with time zone"),
    )
)
_SECONDS: Final = ("timestamp_s", "timestamp_ms")
_WIDE: Final = ("hugeint", "uhugeint")

_DAY: Final = 86_400_000_000
#: Whole numbers of so many digits fit into a decimal of Arrow's.
_DIGITS: Final = 38


_TEXT: Final = "{}::VARCHAR"
#: Arrow counts nanoseconds, of which 64 bits hold less. There are none where an interval has months.
_MICROSECONDS: Final = (
    "struct_pack(us := CASE WHEN date_part('year', {}) = 0 AND date_part('month', {}) = 0 "
    "THEN TRY(epoch_us({})) END, is_there := {} IS NOT NULL)"
)


class _Unfit(Exception):
    """A value of a column is none of Python's."""


def fetched(run: Callable[[str], duckdb.DuckDBPyRelation], sql: str) -> Fetched:
    """Run a query, and return its answer.

    `run` binds a query, which it does not begin to run. What it raises, and what running it raises, is
    DuckDB's.
    """
    relation = run(sql)
    names, kinds = [str(name) for name in relation.columns], list(relation.types)
    casts = [_cast_of(kind) for kind in kinds]
    # All of it is run again as text where a value needs that: one answer is of one run.
    for _ in range(2):
        table = _leaving(run, relation, sql, casts).to_arrow_table()
        found: list[_Column] = []
        unfit = False
        for nth, (kind, column) in enumerate(zip(kinds, table.columns, strict=True)):
            try:
                found.append(_converted(kind, column))
            except _Unfit:
                casts[nth], unfit = _TEXT, True
        if not unfit:
            return Fetched(names, [str(kind).replace('"NULL"', "NULL") for kind in kinds], found)
    raise AssertionError("a column of text holds what is no text")


def last_of(con: duckdb.DuckDBPyConnection, sql: str, parameters: Any) -> Source:
    """Run statements of any kind, and return the answer of the last, which alone has parameters."""
    statements = con.extract_statements(sql)
    for statement in statements[:-1]:
        con.execute(statement)
    if statements and is_query(con, statements[-1]):
        return fetched(lambda query: con.sql(query, params=parameters), statements[-1].query)
    return AtHand(fetch(con, statements[-1].query if statements else sql, parameters))


def _leaving(
    run: Callable[[str], duckdb.DuckDBPyRelation],
    relation: duckdb.DuckDBPyRelation,
    sql: str,
    casts: Sequence[str | None],
) -> duckdb.DuckDBPyRelation:
    if not any(casts):
        return relation
    # By place, since two columns may have one name. On lines of its own, as it may end in a comment.
    columns = [f"c{nth}" for nth in range(len(casts))]
    chosen = [(cast or "{}").replace("{}", name) for name, cast in zip(columns, casts, strict=True)]
    return run(f"SELECT {', '.join(chosen)} FROM (\n{_unended(sql)}\n) AS answer({', '.join(columns)})")


def _unended(query: str) -> str:
    """Return a query up to the semicolon that ends it."""
    import duckdb

    written = query.encode()
    ends = (
        at
        for at, kind in duckdb.tokenize(query)
        if kind == duckdb.token_type.operator and written[at : at + 1] == b";"
    )
    return written[: next(ends, None)].decode()


def _cast_of(kind: Any) -> str | None:
    """Return the expression that a column leaves as, None where that is the column itself."""
    if kind.id == "interval":
        return _MICROSECONDS
    if kind.id == "timestamptz_ns":
        return "{}::TIMESTAMP_NS"
    leaves = str(kind) if kind.id == "timestamp_ns" else _leaving_as(kind)
    return None if leaves == str(kind) else f"{{}}::{leaves}"


def _leaving_as(kind: Any) -> str:
    """Return the type as which a type of DuckDB's leaves, also within others."""
    name = kind.id
    if name in _SECONDS:
        return "TIMESTAMP"
    if name in _KEPT:
        return str(kind)
    if name not in ("list", "array", "struct", "tuple", "map") or not kind.children:
        return "VARCHAR"
    if name in ("list", "array"):
        size = f"{kind.children[1][1]}" if name == "array" else ""
        return f"{_leaving_as(kind.children[0][1])}[{size}]"
    if name == "map":
        (_, key), (_, value) = kind.children
        # Two keys might become one text.
        if key.id not in _KEPT - {"interval", "hugeint"}:
            return "VARCHAR"
        return f"MAP({key}, {_leaving_as(value)})"
    members = [(member, _leaving_as(inner)) for member, inner in kind.children]
    if all(leaves == str(inner) for (_, leaves), (_, inner) in zip(members, kind.children, strict=True)):
        return str(kind)
    if name == "tuple":
        return f"TUPLE({', '.join(leaves for _, leaves in members)})"
    quoted = (('"' + member.replace('"', '""') + '"', leaves) for member, leaves in members)
    return f"STRUCT({', '.join(f'{member} {leaves}' for member, leaves in quoted)})"


# Values of Arrow


def _converted(kind: Any, column: _Column) -> _Column:
    """Return a column with instants of UTC, and durations for intervals; raises _Unfit."""
    if kind.id == "interval" and pa.types.is_struct(column.type):
        micros, is_there = pc.struct_field(column, [0]), pc.struct_field(column, [1])
        if pc.any(pc.and_(pc.is_null(micros), is_there)).as_py():
            raise _Unfit
        return micros.cast(pa.duration("us"))
    if kind.id == "uhugeint":
        # Arrow reads more digits than fit without a word.
        longest = pc.max(pc.utf8_length(column)).as_py() or 0
        return column.cast(pa.decimal128(_DIGITS, 0)) if longest <= _DIGITS else column
    if not _is_looked_at(column.type):
        return column
    chunks = [_fitting(chunk) for chunk in column.chunks]
    found = pa.chunked_array(chunks, chunks[0].type if chunks else _fitting(_none_of(column.type)).type)
    if pa.types.is_timestamp(found.type) and found.type.unit == "ns":
        whole = found.cast(pa.timestamp("us"), safe=False)
        exact = pc.all(pc.equal(whole.cast(pa.timestamp("ns")), found)).as_py()
        return found if exact is False else whole
    return found


def _none_of(kind: pa.DataType) -> _Values:
    return pa.array([], kind)


def _is_looked_at(kind: pa.DataType) -> bool:
    """Whether some values of an Arrow type are none of Python's."""
    types = pa.types
    if types.is_decimal128(kind):
        return bool(kind.precision == _DIGITS)
    if types.is_temporal(kind) or types.is_interval(kind):
        return True
    return any(_is_looked_at(kind.field(nth).type) for nth in range(kind.num_fields))


def _fitting(values: _Values) -> _Values:
    types, kind = pa.types, values.type
    if not _is_looked_at(kind):
        return values
    if types.is_interval(kind):
        return _durations(values)
    if types.is_timestamp(kind):
        naive = pa.timestamp(kind.unit)
        bounds = (FIRST_INSTANT, LAST_INSTANT) if kind.unit == "us" else (1 - 2**63 + 1, 2**63 - 2)
        return _within(values.cast(pa.int64()), *bounds).cast(naive)
    if types.is_date(kind):
        _within(values.cast(pa.int32()), FIRST_INSTANT // _DAY, LAST_INSTANT // _DAY)
    elif types.is_time(kind):
        _within(values.cast(pa.int64()), 0, _DAY - 1)
    elif types.is_decimal128(kind):
        most = pa.scalar(10**_DIGITS - 1, pa.decimal256(_DIGITS + 1, 0))
        wide = values.cast(pa.decimal256(_DIGITS + 1 + kind.scale, kind.scale))
        if kind.scale == 0 and pc.any(pc.greater(pc.abs(wide), most)).as_py():
            raise _Unfit
    elif types.is_struct(kind):
        inner = [_fitting(each) for each in values.flatten()]
        named = [pa.field(kind.field(nth).name, each.type) for nth, each in enumerate(inner)]
        return pa.StructArray.from_arrays(inner, fields=named, mask=values.is_null())
    elif types.is_fixed_size_list(kind):
        size = kind.list_size
        # What lies beneath a null is anything.
        inner = _fitting(pc.if_else(_repeated(values.is_valid(), size), values.values, None))
        return pa.FixedSizeListArray.from_arrays(inner, size, mask=values.is_null())
    elif types.is_map(kind):
        keys, items = _fitting(values.keys), _fitting(values.items)
        return pa.MapArray.from_arrays(_offsets(values), keys, items)
    elif types.is_list(kind):
        return pa.ListArray.from_arrays(_offsets(values), _fitting(values.values))
    return values


def _offsets(values: _Values) -> _Values:
    """Return where each list begins, null where there is none."""
    missing = pa.concat_arrays([values.is_null(), pa.array([False])])
    return pc.if_else(missing, pa.scalar(None, pa.int32()), values.offsets)


def _repeated(flags: _Values, times: int) -> _Values:
    return pc.take(flags, pa.array([at for at in range(len(flags)) for _ in range(times)], pa.int64()))


def _within(numbers: _Values, first: int, last: int) -> _Values:
    found = pc.min_max(numbers).as_py()
    if found["min"] is not None and not first <= found["min"] <= found["max"] <= last:
        raise _Unfit
    return numbers


def _durations(intervals: _Values) -> _Values:
    """Return intervals as durations of microseconds; raises _Unfit where one has months, or is too long."""
    *_, buffer = intervals.buffers()
    # Months and days, of 32 bits each, then nanoseconds, of 64.
    halves = pa.Array.from_buffers(
        pa.int64(), 2 * len(intervals), [None, buffer], offset=2 * intervals.offset
    )
    pairs = pa.FixedSizeListArray.from_arrays(halves, 2)
    missing = intervals.is_null()
    first, nanoseconds = (pc.if_else(missing, 0, pc.list_element(pairs, nth)) for nth in (0, 1))
    if pc.any(pc.not_equal(pc.bit_wise_and(first, 2**32 - 1), 0)).as_py():
        raise _Unfit
    try:
        days = pc.multiply_checked(pc.shift_right(first, 32), _DAY)
        micros = pc.add_checked(days, pc.divide(nanoseconds, 1_000))
    except pa.ArrowInvalid:
        raise _Unfit from None
    return pc.if_else(missing, None, micros).cast(pa.duration("us"))


# The forms of an answer


@dataclass(frozen=True)
class Fetched:
    """An answer at hand, its columns in order; two of them may have one name."""

    names: list[str]
    types: list[str]
    columns: list[_Column]

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows and columns there are."""
        return len(self.columns[0]) if self.columns else 0, len(self.columns)

    def fetch(self) -> Rows:
        """Return the answer in plain Python."""
        values = [_plain_values(kind, column) for kind, column in zip(self.types, self.columns, strict=True)]
        return Rows(self.names, self.types, list(zip(*values, strict=True)))

    def part(self, offset: int, limit: int) -> Fetched:
        """Return some of the rows."""
        return Fetched(self.names, self.types, [column.slice(offset, limit) for column in self.columns])

    def size(self) -> int:
        """Return how many rows there are."""
        return self.shape[0]

    def arrow(self) -> pa.Table:
        """Return the answer as an Arrow table."""
        check_names(self.names)
        return self._table

    @cached_property
    def _table(self) -> pa.Table:
        return pa.Table.from_arrays(self.columns, names=self.names)

    def frame(self) -> pl.DataFrame:
        """Return the answer as a frame, its instants marked as the UTC that they are."""
        import polars as pl

        check_names(self.names)
        frame = pl.from_arrow(self._table)
        assert isinstance(frame, pl.DataFrame)
        changed = []
        for name, type_, kind in zip(self.names, self.types, frame.dtypes, strict=True):
            if type_.lower() in _WIDE and kind == pl.String:
                changed.append(pl.col(name).cast(pl.Int128 if type_ == "HUGEINT" else pl.UInt128))
            elif (instants := _in_utc(kind)) != kind:
                changed.append(pl.col(name).cast(instants))
        return frame.with_columns(changed) if changed else frame


def _in_utc(kind: Any) -> Any:
    """Return a type of polars' with its instants, also those within, in UTC."""
    import polars as pl

    if isinstance(kind, pl.Datetime):
        return pl.Datetime(kind.time_unit, "UTC")
    if isinstance(kind, pl.List):
        return pl.List(_in_utc(kind.inner))
    if isinstance(kind, pl.Array):
        return pl.Array(_in_utc(kind.inner), kind.size)
    if isinstance(kind, pl.Map):
        return pl.Map(_in_utc(kind.key), _in_utc(kind.value))
    if isinstance(kind, pl.Struct):
        return pl.Struct({field.name: _in_utc(field.dtype) for field in kind.fields})
    return kind


def _plain_values(type_: str, column: _Column) -> list[Any]:
    if type_.lower() in _WIDE:
        # As text where they do not fit into a decimal.
        return [None if value is None else int(value) for value in column.to_pylist()]
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        return list(pc.strftime(column, format="%Y-%m-%dT%H:%M:%SZ").to_pylist())
    values: list[Any] = column.to_pylist(maps_as_pydicts="lossy")
    return [_whole(value) for value in values] if "HUGEINT" in type_ else values


def _whole(value: Any) -> Any:
    """Return a value with the whole numbers in it, which Arrow has as decimals, as such."""
    if isinstance(value, Decimal):
        return value if value.as_tuple().exponent else int(value)
    if isinstance(value, list):
        return [_whole(each) for each in value]
    if isinstance(value, dict):
        return {name: _whole(each) for name, each in value.items()}
    return value
