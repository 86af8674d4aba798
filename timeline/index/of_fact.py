"""The events of one fact: from the row store of the generation and the tail, or from the tables."""

from __future__ import annotations

from typing import Any, Final

from timeline.index.reader import Reader
from timeline.index.rows import Damaged, RowStore
from timeline.log.paths import quoted
from timeline.meaning.columns import LOG_COLUMNS
from timeline.meaning.fact import FACT_PARTS, fact_hash, fact_parts

__all__ = ["events_in_rows", "events_in_table", "events_of"]

_READ: Final = tuple(name for name in LOG_COLUMNS if name == "fact" or name not in FACT_PARTS)

_Row = dict[str, Any]


def events_of(reader: Reader, fact: str, most: int) -> list[_Row] | None:
    """Return all events of a fact in log order, instants as naive datetimes; None of more than `most`."""
    number = fact_hash(fact)
    if reader.rows is None:
        return events_in_table(reader, fact, number, most)
    try:
        return events_in_rows(reader, reader.rows, fact, number, most)
    except Damaged:
        reader.leave_rows()
        return events_of(reader, fact, most)


def events_in_rows(reader: Reader, store: RowStore, fact: str, number: int, most: int) -> list[_Row] | None:
    """Return what `events_of` does; `number` is the hash of the fact. Raises Damaged."""
    lines = store.lines(fact, number, most)
    if lines is None:
        return None
    of_fact = fact_parts(fact)
    events = [of_fact | store.row(line) for line in lines]
    if reader.tail_touches(number):
        rows = reader.prepared(
            f"appended_{most}",
            f"SELECT {', '.join(_READ)} FROM tail.appended WHERE fact = $1::VARCHAR LIMIT {most + 1}",
            quoted(fact),
        )
        events += [of_fact | dict(zip(_READ, row, strict=True)) for row in rows]
    if len(events) > most:
        return None
    return sorted(events, key=lambda row: int(row["position"]))


def events_in_table(reader: Reader, fact: str, number: int, most: int) -> list[_Row] | None:
    """Return what `events_in_rows` does, without a row store."""
    relation = reader.relation("events", number)
    rows = reader.prepared(
        f"events_{most}_in_" + relation.replace(".", "_"),
        f"SELECT {', '.join(_READ)} FROM {relation} WHERE fact_hash = $1::UBIGINT LIMIT {most + 1}",
        f"{number}::UBIGINT",
    )
    if len(rows) > most:
        return None
    of_fact = fact_parts(fact)
    events = [of_fact | dict(zip(_READ, row, strict=True)) for row in rows]
    return sorted((row for row in events if row["fact"] == fact), key=lambda row: int(row["position"]))
