"""Which events a store holds already: by their ids, at a cost that hardly depends on how many it has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

import duckdb

from timeline.index.reader import Reader
from timeline.index.row_file import Damaged
from timeline.log.paths import quoted

__all__ = ["KnownEvents", "one_of"]

_WRITTEN_OUT: Final = 1_000

#: Who asks more often than this gets the events that are not in the row file into memory, if they are no
#: more than so many.
_OFTEN: Final = 2
_HELD_AT_MOST: Final = 50_000

_Places = dict[str, tuple[int, int]]


def one_of(kind: str, values: Sequence[int] | Sequence[str]) -> tuple[str, list[object]]:
    """The condition of being one of these values of an SQL type, and its parameters.

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
        self._later: _Places | None = None

    def among(self, event_ids: Iterable[str]) -> _Places:
        """Position and place of those of the events that the store holds."""
        wanted = set(event_ids)
        found: _Places = {}
        rows = self._reader.rows
        if rows is not None:
            try:
                found = rows.with_places(rows.find(wanted))
            except Damaged:
                self._reader.rows = None
                return self.among(wanted)
        after = 0 if rows is None else rows.position
        if after < self._reader.position and len(found) < len(wanted):
            found |= self._in_tables(wanted.difference(found), after)
        return found

    def _in_tables(self, wanted: Collection[str], after: int) -> _Places:
        """Those of the events that stand after a position, as the tables tell."""
        self._asked += 1
        if self._later is None:
            if self._asked <= _OFTEN or self._reader.position - after > _HELD_AT_MOST:
                condition, parameters = one_of("VARCHAR", sorted(wanted))
                return self._select(f"position > {after} AND event_id {condition}", parameters)
            self._later = self._select(f"position > {after}", [])
        return {event_id: self._later[event_id] for event_id in wanted if event_id in self._later}

    def _select(self, condition: str, parameters: Sequence[object]) -> _Places:
        rows = self._con.execute(
            f"SELECT event_id, position, place FROM store.events WHERE {condition}", parameters
        ).fetchall()
        return {event_id: (position, place) for event_id, position, place in rows}
