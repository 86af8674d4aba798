"""Which events a store holds already: by their ids, at a cost that hardly depends on how many it has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

import duckdb

from timeline.index.reader import Reader
from timeline.index.rows import Damaged
from timeline.log.paths import quoted
from timeline.meaning.columns import ERASED

__all__ = ["KnownEvents", "one_of"]

_WRITTEN_OUT: Final = 1_000

#: After so many look-ups the events that are not in the row store are cached, if they are no more than that.
_OFTEN: Final = 2
_HELD_AT_MOST: Final = 50_000

_Places = dict[str, tuple[int, int]]


def one_of(kind: str, values: Sequence[int] | Sequence[str]) -> tuple[str, list[object]]:
    """Return the condition of being one of these values of an SQL type, and its parameters.

    A few values are written out: scans can be narrowed by them, as they cannot by a parameter.

    >>> one_of("VARCHAR", ["a'b", "c"])
    ("IN ('a''b', 'c')", [])
    """
    if len(values) > _WRITTEN_OUT:
        return f"IN (SELECT unnest($1::{kind}[]))", [list(values)]
    texts = (quoted(one) if isinstance(one, str) else str(one) for one in values)
    return f"IN ({', '.join(texts)})", []


class KnownEvents:
    """The events of one state of the store, which `con`, a cursor of the reader, shows."""

    def __init__(self, con: duckdb.DuckDBPyConnection, reader: Reader) -> None:
        self._con = con
        self._reader = reader
        self._asked = 0
        self._cached: dict[str, _Places] = {}
        self._erased: frozenset[str] | None = None

    def erased(self) -> frozenset[str]:
        """Return the events that the store holds erased."""
        if self._erased is None:
            rows = self._con.execute(
                f"SELECT target FROM store.events WHERE fact_hash IS NULL AND event_type = '{ERASED}'"
            ).fetchall()
            self._erased = frozenset(target for (target,) in rows)
        return self._erased

    def among(self, event_ids: Iterable[str]) -> _Places:
        """Return position and place of those of the events that the store holds."""
        wanted = set(event_ids)
        found: _Places = {}
        rows = self._reader.rows
        if rows is not None:
            try:
                found = rows.find(wanted)
            except Damaged:
                self._reader.leave_rows()
                return self.among(wanted)
        if len(found) < len(wanted):
            if rows is None:
                found |= self._in("store.events", self._reader.position, wanted)
            elif self._reader.tail_events:
                found |= self._in("tail.appended", self._reader.tail_events, wanted.difference(found))
        return found

    def _in(self, relation: str, count: int, wanted: Collection[str]) -> _Places:
        """Look the events up in a relation of so many."""
        self._asked += 1
        if relation not in self._cached:
            if self._asked <= _OFTEN or count > _HELD_AT_MOST:
                condition, parameters = one_of("VARCHAR", sorted(wanted))
                return self._select(relation, f"event_id {condition}", parameters)
            self._cached[relation] = self._select(relation, "true", [])
        cached = self._cached[relation]
        return {event_id: cached[event_id] for event_id in wanted if event_id in cached}

    def _select(self, relation: str, condition: str, parameters: Sequence[object]) -> _Places:
        rows = self._con.execute(
            f"SELECT event_id, position, place FROM {relation} WHERE {condition}", parameters
        ).fetchall()
        return {event_id: (position, place) for event_id, position, place in rows}
