"""Answers about one fact, from its events alone: a short way, because programs ask very many of them.

The events of a fact come from the row store of the generation, and what came later from the tail. Where they
are plain, the last of them by report is what is believed; else `sweep` and `fold`, the definition itself,
work it out from the few events that a fact has. A fact with more than a few goes the way of SQL, and so does
the plainest question where there is no row store.
"""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from typing import Any, Final, TypeVar, cast

from timeline.ask.answers import Answer, AsOf, timestamp
from timeline.index import amended
from timeline.index.of_fact import events_in_rows, events_in_table
from timeline.index.reader import Reader
from timeline.index.rows import Damaged, RowStore
from timeline.index.sweep import sweep
from timeline.meaning import fold
from timeline.meaning.columns import BELIEF_COLUMNS, EVENT_COLUMNS, LOG_COLUMNS, SQL_TYPES
from timeline.meaning.fact import FACT_PARTS, fact_hash, fact_parts
from timeline.meaning.times import from_naive, to_naive

__all__ = ["about_one"]

#: `fold` looks at every event again at every instant, `amended.effects` only at what came before.
_FOLDED_AT_MOST: Final = 100
_HISTORY_AT_MOST: Final = 1_000
#: So many lines are looked through for the last; so many events are swept before the segments are quicker.
_PLAIN_AT_MOST: Final = 2_000
_SWEPT_AT_MOST: Final = 300

#: Where all events of a fact are of these types, and of no valid time, the last is believed.
_PLAIN_TYPES: Final = frozenset(("reported", "withdrawn"))

_COLUMN_TYPES: Final = {name: SQL_TYPES[kind] for name, kind in EVENT_COLUMNS.items()}
_BELIEF_TYPES: Final = [_COLUMN_TYPES.get(name, "TIMESTAMP") for name in BELIEF_COLUMNS]

#: What a fact's own text says, and the columns that are fetched besides, the fact among them.
_OF_FACT: Final = ("fact", *FACT_PARTS)
_STORED: Final = ("fact", *BELIEF_COLUMNS[len(_OF_FACT) :])
_FROM: Final = _STORED.index("valid_from")
_TO: Final = _STORED.index("valid_to")
_READ_OF_PLAIN: Final = BELIEF_COLUMNS[len(_OF_FACT) :]
assert BELIEF_COLUMNS[: len(_OF_FACT)] == _OF_FACT

_Row = dict[str, Any]
_T = TypeVar("_T")


def about_one(reader: Reader, kind: str, dates: AsOf, fact: str) -> Answer | None:
    """Return beliefs, claims or the history of one fact, as `ask.question` has them.

    None where SQL has to answer.

    `fact` is a key as the store has it, and no glob.
    """
    if kind not in ("beliefs", "claims", "history"):
        return None
    plain = kind == "beliefs" and dates.is_plain
    number = fact_hash(fact)
    if reader.rows is None:
        if plain:
            return _from_segments(reader, dates, fact, number)
        rows = events_in_table(
            reader, fact, number, _HISTORY_AT_MOST if kind == "history" else _FOLDED_AT_MOST
        )
    else:
        try:
            if plain:
                return _plainly(reader, reader.rows, dates, fact, number)
            most = _HISTORY_AT_MOST if kind == "history" else _FOLDED_AT_MOST
            rows = events_in_rows(reader, reader.rows, fact, number, most)
        except Damaged:
            reader.leave_rows()
            return about_one(reader, kind, dates, fact)
    if rows is None:
        return None
    if kind == "history":
        return _history(dates, rows)
    tiers = _tiers(reader, dates) if dates.policy == "ranked" else {}
    return _beliefs(kind, dates, rows, tiers)


def _plainly(reader: Reader, store: RowStore, dates: AsOf, fact: str, number: int) -> Answer:
    """Return what is believed by the default rule, with everything recorded."""
    at = fold.END - 1 if dates.as_of is None else dates.as_of
    if not reader.tail_touches(number):
        lines = store.lines(fact, number, _PLAIN_AT_MOST)
        ordered = None if lines is None else store.ordered(lines)
        if ordered is not None:
            line = _last(ordered, at)
            return _one(dates, None if line is None else store.row(line), fact)
    rows = events_in_rows(reader, store, fact, number, _SWEPT_AT_MOST)
    if rows is None:
        return _from_segments(reader, dates, fact, number)
    if all(map(_is_plain, rows)):
        orders = [(_micros(row["reported_at"]) or 0, row["position"], row) for row in rows]
        return _one(dates, _last(orders, at), fact)
    by_position = {row["position"]: row for row in rows}
    rows_found = [
        _belief(by_position[position], valid_from, valid_to, since)
        for position, _, valid_from, valid_to, since, until in sweep(list(map(_entry, rows)))
        if since <= at < until and (dates.valid_at is None or valid_from <= dates.valid_at < valid_to)
    ]
    rows_found.sort(key=lambda row: (row[_VALID_FROM] is not None, row[_VALID_FROM], row[_ORIGIN]))
    return Answer.of(list(BELIEF_COLUMNS), _BELIEF_TYPES, rows_found, dates)


def _last(ordered: list[tuple[int, int, _T]], at: int) -> _T | None:
    """Return what comes last by report and position, of what was reported by then."""
    reported = (order for order in ordered if order[0] <= at)
    return max(reported, key=lambda order: order[:2], default=(0, 0, None))[2]


def _is_plain(row: _Row) -> bool:
    return (
        row["event_type"] in _PLAIN_TYPES
        and row["reported_at"] is not None
        and row["valid_from"] is None
        and row["valid_to"] is None
    )


def _one(dates: AsOf, row: _Row | None, fact: str) -> Answer:
    """Return the answer of one event of a plain fact, if any, and if it reports."""
    rows_found = []
    if row is not None and row["event_type"] == "reported":
        # Of no valid time, and believed since it was reported.
        row |= {"believed_from": row["reported_at"]}
        rows_found.append((*fact_parts(fact).values(), *map(row.__getitem__, _READ_OF_PLAIN)))
    return Answer.of(list(BELIEF_COLUMNS), _BELIEF_TYPES, rows_found, dates)


def _from_segments(reader: Reader, dates: AsOf, fact: str, number: int) -> Answer:
    moment = "TIMESTAMP '290000-01-01'" if dates.as_of is None else timestamp(dates.as_of)
    relation = reader.relation("segments", number)
    found = reader.prepared(
        "believed_in_" + relation.replace(".", "_"),
        f"SELECT {', '.join(_STORED)} FROM {relation} "
        "WHERE fact_hash = $1::UBIGINT AND segment_from <= $2::TIMESTAMP AND $2::TIMESTAMP < segment_until "
        "AND believed_from <= $2::TIMESTAMP AND $2::TIMESTAMP < believed_until",
        f"{number}::UBIGINT",
        moment,
    )
    of_fact = tuple(fact_parts(fact).values())
    rows = [
        of_fact + row[1:]
        for row in found
        if row[0] == fact and (dates.valid_at is None or _covers(row[_FROM], row[_TO], dates.valid_at))
    ]
    if len(rows) > 1:
        rows.sort(key=lambda row: (row[_VALID_FROM] is not None, row[_VALID_FROM], row[_ORIGIN]))
    return Answer.of(list(BELIEF_COLUMNS), _BELIEF_TYPES, rows, dates)


def _covers(valid_from: datetime | None, valid_to: datetime | None, at: int) -> bool:
    start, end = _micros(valid_from), _micros(valid_to)
    return (start is None or start <= at) and (end is None or at < end)


_VALID_FROM: Final = BELIEF_COLUMNS.index("valid_from")
_ORIGIN: Final = BELIEF_COLUMNS.index("origin")


def _tiers(reader: Reader, dates: AsOf) -> dict[str, int]:
    with closing(reader.quick()) as con:
        rows = con.execute(
            f"SELECT id, tier FROM sources_as_of({timestamp(dates.recorded_as_of)}) WHERE tier IS NOT NULL"
        ).fetchall()
    return dict(rows)


def _micros(instant: datetime | None) -> int | None:
    return None if instant is None else from_naive(instant)


def _entry(row: _Row) -> fold.Entry:
    return fold.entry_of(
        [_micros(row[name]) if LOG_COLUMNS[name] == "instant" else row[name] for name in fold.ENTRY_COLUMNS]
    )


def _instant(micros: int) -> datetime | None:
    return None if micros in (fold.BEGINNING, fold.END) else to_naive(micros)


def _beliefs(kind: str, dates: AsOf, rows: list[_Row], tiers: dict[str, int]) -> Answer:
    by_position = {row["position"]: row for row in rows}
    found = fold.beliefs(
        map(_entry, rows),
        fold.END - 1 if dates.as_of is None else dates.as_of,
        policy="by-origin" if kind == "claims" else dates.policy,
        basis=cast("fold.Basis", dates.basis),
        recorded_as_of=dates.recorded_as_of,
        valid_at=dates.valid_at,
        tiers=tiers,
    )
    # As `ask.question` orders them.
    found.sort(
        key=lambda belief: (
            belief.valid_from,
            belief.entry.reported_at if kind == "claims" else 0,
            belief.entry.origin,
        )
    )
    rows_found = [
        _belief(by_position[one.entry.position], one.valid_from, one.valid_to, one.believed_from)
        for one in found
    ]
    return Answer.of(list(BELIEF_COLUMNS), _BELIEF_TYPES, rows_found, dates)


def _belief(row: _Row, valid_from: int, valid_to: int, believed_from: int) -> tuple[Any, ...]:
    row = row | {
        "valid_from": _instant(valid_from),
        "valid_to": _instant(valid_to),
        "believed_from": _instant(believed_from),
    }
    return tuple(row[name] for name in BELIEF_COLUMNS)


def _history(dates: AsOf, rows: list[_Row]) -> Answer:
    entries = {row["position"]: _entry(row) for row in rows}
    effects = amended.effects(entries.values())
    basis = cast("fold.Basis", dates.basis)
    rows_found = []
    for row in sorted(rows, key=lambda row: (row["reported_at"], row["position"])):
        entry = entries[row["position"]]
        if (
            (dates.recorded_is_head or entry.recorded_at <= dates.recorded_as_of)
            and (dates.as_of is None or fold.counts_from(entry, basis) <= dates.as_of)
            and (dates.valid_at is None or _covers(row["valid_from"], row["valid_to"], dates.valid_at))
        ):
            rows_found.append((*(row[name] for name in EVENT_COLUMNS), effects.get(row["position"])))
    columns = [*EVENT_COLUMNS, "effect"]
    return Answer.of(
        columns, [*(_COLUMN_TYPES[name] for name in EVENT_COLUMNS), "VARCHAR"], rows_found, dates
    )
