"""Which sources, entities and attributes a store describes, and what an intake needs to know of each."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection
from typing import Any, Final

import duckdb

from timeline.intake.known import one_of

__all__ = ["KnownNames"]

#: A name and what its latest description says. Of an entity it is enough that there is one.
_QUERIES: Final = {
    "source": "SELECT id, published, origin, numbers, language, timezone FROM sources",
    "attribute": "SELECT id, value, object FROM attributes",
    "entity": "SELECT DISTINCT subject AS id "
    "FROM store.events WHERE fact_hash IS NULL AND event_type = 'entity-described'",
}

#: After so many small look-ups of a kind, all its names are kept in memory, unless there are too many. To
#: read so many descriptions takes about as long as to ask once.
_OFTEN: Final = 3
_READ_PER_QUESTION: Final = 20_000
_HELD_AT_MOST: Final = 1_000_000

#: As many names are found faster by one query than one by one in memory.
_MANY: Final = 1_000


class KnownNames:
    """The names in one state of the store, which `con` shows."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._asked = dict.fromkeys(_QUERIES, 0)
        self._patience: float | None = None
        self._held: dict[str, list[Any]] = {}

    def among(self, kind: str, names: Collection[str]) -> dict[str, tuple[str | None, ...]]:
        """Return what the store says of those of the names that it knows: nothing, of an entity.

        Of a source its date, origin and habits, of an attribute its type of values and whether it takes an
        object.
        """
        if len(names) < _MANY and self._holds(kind):
            known, *said = self._held[kind]
            places = ((name, _place_of(name, known)) for name in names)
            return {name: tuple(each[at].as_py() for each in said) for name, at in places if at is not None}
        condition, parameters = one_of("VARCHAR", sorted(names))
        found = self._con.execute(f"FROM ({_QUERIES[kind]}) WHERE id {condition}", parameters).fetchall()
        return {name: tuple(rest) for name, *rest in found}

    def _holds(self, kind: str) -> bool:
        """Whether all names of a kind are in memory, which is so from some question on."""
        if kind in self._held:
            return True
        self._asked[kind] += 1
        if self._asked[kind] <= _OFTEN:
            return False
        if self._patience is None:
            [(count,)] = self._con.execute(
                "SELECT count(*) FROM store.events WHERE fact_hash IS NULL"
            ).fetchall()
            self._patience = float("inf") if count > _HELD_AT_MOST else count / _READ_PER_QUESTION
        if self._asked[kind] <= self._patience:
            return False
        held = self._con.sql(f"FROM ({_QUERIES[kind]}) ORDER BY id").to_arrow_table()
        self._held[kind] = [column.combine_chunks() for column in held.columns]
        return True


def _place_of(name: str, names: Any) -> int | None:
    """Return the place of a name in an Arrow array that is sorted as UTF-8, as DuckDB and Python sort."""
    at = bisect_left(names, name, key=lambda scalar: str(scalar.as_py()))
    return at if at < len(names) and names[at].as_py() == name else None
