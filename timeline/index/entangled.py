"""Facts that no window resolves, one by one, by the definition itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

import duckdb

from timeline.index import amended
from timeline.index.sweep import sweep
from timeline.meaning import fold
from timeline.meaning.columns import LOG_COLUMNS
from timeline.meaning.fact import fact_hash

__all__ = ["facts_with_events", "resolve_entangled"]

_ENTRY: Final = ", ".join(
    f"epoch_us({name})" if LOG_COLUMNS[name] == "instant" else name for name in fold.ENTRY_COLUMNS
)
#: Facts whose events are asked for at once, and rows that are handed back at once.
_FACTS_AT_ONCE: Final = 10_000
_ROWS_AT_ONCE: Final = 50_000
#: Microseconds as `fold` has them, with its ends of time, as DuckDB has them.
_TO_TIMESTAMP: Final = (
    f"CASE WHEN {{0}} <= {fold.BEGINNING} THEN TIMESTAMP '-infinity' "
    f"WHEN {{0}} >= {fold.END} THEN TIMESTAMP 'infinity' ELSE make_timestamp({{0}}) END"
)


def facts_with_events(
    con: duckdb.DuckDBPyConnection, events: str, chosen: str
) -> Iterator[tuple[str, list[fold.Entry]]]:
    """Yield facts with their events in log order, some facts at a time.

    `events` is a relation of all events, `chosen` one with the `fact` and `fact_hash` of the facts.
    """
    hashes = [
        number
        for (number,) in con.execute(f"SELECT DISTINCT fact_hash FROM {chosen} ORDER BY fact_hash").fetchall()
    ]
    for first in range(0, len(hashes), _FACTS_AT_ONCE):
        some = hashes[first : first + _FACTS_AT_ONCE]
        rows = con.execute(
            f"SELECT {_ENTRY} FROM {events} WHERE fact_hash BETWEEN {some[0]} AND {some[-1]} "
            f"AND fact IN (SELECT fact FROM {chosen}) ORDER BY fact_hash, fact, position"
        ).fetchall()
        for fact, group in groupby(map(fold.entry_of, rows), key=lambda entry: entry.fact):
            yield fact, list(group)


class _Filling:
    """Rows on their way from Python into a table; instants are microseconds of `fold`."""

    def __init__(self, con: duckdb.DuckDBPyConnection, table: str, **columns: str) -> None:
        self._con = con
        self._rows: list[Sequence[Any]] = []
        passed = {"TIMESTAMP": "BIGINT"}
        given = ", ".join(
            f"unnest(${n}::{passed.get(kind, kind)}[]) AS {name}"
            for n, (name, kind) in enumerate(columns.items(), 1)
        )
        kept = ", ".join(
            _TO_TIMESTAMP.format(name) if kind == "TIMESTAMP" else name for name, kind in columns.items()
        )
        self._insert = f"INSERT INTO {table} ({', '.join(columns)}) SELECT {kept} FROM (SELECT {given})"

    def add(self, *row: Any) -> None:
        self._rows.append(row)
        if len(self._rows) >= _ROWS_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        if self._rows:
            self._con.execute(self._insert, [list(values) for values in zip(*self._rows, strict=True)])
            self._rows.clear()


def resolve_entangled(con: duckdb.DuckDBPyConnection, events: str) -> None:
    """Fill `swept`, `amended` and `effects` of the current schema for the facts that no window resolves.

    `events` is a relation of all events, with every column.
    """
    span = {"believed_from": "TIMESTAMP", "believed_until": "TIMESTAMP"}
    swept = _Filling(
        con,
        "swept",
        **{"fact_hash": "UBIGINT", "position": "BIGINT", "valid_from": "TIMESTAMP", "valid_to": "TIMESTAMP"},
        **span,
    )
    effects = _Filling(con, "effects", fact="VARCHAR", position="BIGINT", effect="VARCHAR")
    stretches = _Filling(
        con,
        "amended",
        **{"fact": "VARCHAR", "place": "BIGINT", "position": "BIGINT", "claims": "BOOLEAN"},
        **{"on_basis": "VARCHAR", "recorded_from": "TIMESTAMP", "recorded_until": "TIMESTAMP"},
        **{"counts_from": "TIMESTAMP", "counts_until": "TIMESTAMP"},
    )
    for fact, known in facts_with_events(con, events, "(FROM facts WHERE NOT plain)"):
        number = fact_hash(fact)
        for position, _, *held in sweep(known):
            swept.add(number, position, *held)
        for position, effect in amended.effects(known).items():
            effects.add(fact, position, effect)
        for stretch in amended.standings(known):
            stretches.add(fact, *stretch)
    for filling in (swept, effects, stretches):
        filling.flush()
