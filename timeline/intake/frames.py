"""Rows in memory as an Arrow table: frames, relations, whatever speaks Arrow, and dicts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

from timeline.errors import BadInput, brief
from timeline.intake.batch import FLAT_COLUMNS

__all__ = ["arrow_table"]

_EXPECTED: Final = (
    "expected a pandas or polars frame, a DuckDB relation, an Arrow table or reader, or dicts, one a row"
)


def arrow_table(rows: Any, name: str = "table", wanted: Iterable[str] = ()) -> pa.Table:
    """Return rows as an Arrow table, under the names of their columns.

    Takes pandas and polars frames (lazy ones are collected), DuckDB relations, what speaks Arrow, and dicts,
    one a row, in a list or as they come. The index of a pandas frame is left out, unless its name is that of
    a key or of a column that is `wanted`. Raises BadInput for anything else.

    >>> arrow_table([{"fact": "nvidia/ceo"}, {"fact": "openai/ceo", "entity": "sam-altman"}]).to_pylist()
    [{'fact': 'nvidia/ceo', 'entity': None}, {'fact': 'openai/ceo', 'entity': 'sam-altman'}]
    """
    try:
        # What a lazy frame or a relation fails with is its library's own, of any kind.
        table = _arrow(rows)
    except pa.ArrowException as error:
        raise BadInput(f"{name} cannot be read: {error}") from None
    except Exception as error:
        raise BadInput(f"{name} cannot be read: {type(error).__name__}: {error}") from error
    if table is not None:
        return _without_index(table, wanted)
    if isinstance(rows, Mapping | str | bytes) or not isinstance(rows, Iterable):
        one = "one" if isinstance(rows, Mapping) else "a"
        raise BadInput(f"{name} is {one} {type(rows).__name__}; {_EXPECTED}")
    return _of_dicts(rows, name)


def _arrow(rows: Any) -> pa.Table | None:
    """Return what speaks Arrow, or can be made to, as a table; None for what else."""
    if type(rows).__module__.split(".")[0] == "polars" and hasattr(rows, "collect"):
        rows = rows.collect()
    if hasattr(rows, "__arrow_c_stream__") or hasattr(rows, "__arrow_c_array__"):
        return pa.table(rows)
    for method in ("to_arrow_table", "to_table"):
        if hasattr(rows, method):
            found = getattr(rows, method)()
            return found if isinstance(found, pa.Table) else pa.table(found)
    return None


def _without_index(table: pa.Table, wanted: Iterable[str]) -> pa.Table:
    """Return a table without the columns that were the index of a pandas frame."""
    described = table.schema.pandas_metadata or {}
    indexes = [each for each in described.get("index_columns", ()) if isinstance(each, str)]
    kept = {*FLAT_COLUMNS, *wanted}
    return table.drop_columns([each for each in indexes if each in table.column_names and each not in kept])


# Dicts


def _of_dicts(rows: Iterable[Any], name: str) -> pa.Table:
    columns: dict[str, list[Any]] = {}
    count = 0
    for count, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            raise BadInput(f"{name}: row {count}: is a {type(row).__name__}; {_EXPECTED}")
        for key, value in row.items():
            if not isinstance(key, str):
                raise BadInput(f"{name}: row {count}: {key!r} is no name of a column; expected text")
            if key not in columns:
                columns[key] = [None] * (count - 1)
            columns[key].append(value)
        for values in columns.values():
            if len(values) < count:
                values.append(None)
    if not count:
        raise BadInput(f"{name} has no rows")
    made = {}
    for key, values in columns.items():
        try:
            made[key] = _column(values)
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            # A half of a surrogate pair, or what no text can be made of.
            raise BadInput(f"{name}: column {brief(key)} cannot be read: {error}") from None
    try:
        return pa.table(made)
    except UnicodeEncodeError:
        raise BadInput(f"{name}: the name of a column holds half of a surrogate pair") from None


def _column(values: list[Any]) -> pa.Array[Any]:
    """Return values as a column: of their own type where all have one, else of text."""
    kinds = {type(value) for value in values if value is not None}
    if len(kinds) <= 1 and not any(issubclass(kind, dict | list | tuple) for kind in kinds):
        try:
            found: pa.Array[Any] = pa.array(values)
            return found
        except (pa.ArrowException, OverflowError, TypeError, ValueError):
            pass
    return pa.array([None if value is None else _text(value) for value in values], pa.string())


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float):
        return format(Decimal(repr(float(value))), "f")
    return str(value)
