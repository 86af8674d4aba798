"""Answers of a cluster against those of `Timeline`, whole rows and types."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from timeline import Timeline
from timeline.meaning.columns import BELIEF_COLUMNS

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["ask", "expected", "rows_of", "same"]

_SPANS = ("recorded_as_of", "basis", "policy")


def ask(spark: SparkSession, name: str, source: object, **arguments: Any) -> pa.Table:
    """Return what a function of `timeline.spark` answers."""
    import timeline.spark

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table: pa.Table = getattr(timeline.spark, name)(spark, str(source), **arguments).toArrow()
    return table


def expected(tl: Timeline, name: str, arguments: Mapping[str, Any]) -> pa.Table:
    """Return what `Timeline` answers to a question of `timeline.spark`."""
    given = {key: value for key, value in arguments.items() if key != "source"}
    if name == "beliefs_as_of":
        answer: pa.Table = tl.snapshot().beliefs(**given).arrow()
        return answer
    named = ", ".join(f"{key} := '{value}'" for key, value in given.items() if key in _SPANS)
    spans: pa.Table = tl.connect().sql(f"FROM belief_spans_as_of({named})").to_arrow_table()
    return spans


def rows_of(table: pa.Table, names: Iterable[str]) -> Counter[str]:
    """Return how often each row is there; decimals and instants of equal value are equal."""
    return Counter(map(repr, table.select(list(names)).to_pylist()))


def same(found: pa.Table, wanted: pa.Table, question: object) -> int:
    """Check that both have the same columns, types and rows, and return how many rows."""
    names = [*BELIEF_COLUMNS, *(["believed_until"] if "believed_until" in wanted.column_names else [])]
    assert found.column_names == wanted.column_names == names, question
    assert list(map(_plain, found.schema.types)) == list(map(_plain, wanted.schema.types)), question
    there, meant = rows_of(found, names), rows_of(wanted, names)
    assert there == meant, (
        f"{question}: {sum((there - meant).values())} rows too many, such as "
        f"{next(iter(there - meant), None)}; {sum((meant - there).values())} missing, such as "
        f"{next(iter(meant - there), None)}"
    )
    return found.num_rows


def _plain(kind: pa.DataType) -> str:
    return str(kind).removeprefix("large_").removesuffix("_view")
