"""Which sources, entities and attributes a store describes, and what an intake needs to know of each."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import duckdb

from timeline.errors import BadInput, brief
from timeline.intake.known import one_of
from timeline.meaning.habits import Habits, source_habits
from timeline.meaning.times import Edtf, parse_edtf

__all__ = ["KINDS", "REFUSING", "SAID", "KnownNames", "KnownSource", "Naming", "known_name"]

#: The kinds of names, and the lists of a document that describe them.
KINDS: Final = {"source": "sources", "entity": "entities", "attribute": "attributes"}
_NO_HABITS: Final = Habits()
_EXPECTED: Final = "expected some of sources, entities and attributes, with commas between them"


@dataclass(frozen=True, slots=True)
class Naming:
    """What becomes of names that the store does not know: the kinds that are registered as they come.

    A name that is a twin or one slip of a known one is refused all the same, unless `even_near`. With
    `resolve_aliases` an alias is recorded as the id of its entity.
    """

    register: frozenset[str] = frozenset()
    even_near: bool = False
    resolve_aliases: bool = False

    @classmethod
    def of(
        cls,
        register_unknown: bool | str | Collection[str] = False,
        even_near: bool = False,
        resolve_aliases: bool = False,
    ) -> Naming:
        """Return the rule that arguments name; raises BadInput for what is no kind of names.

        >>> sorted(Naming.of("sources,entities").register)
        ['entity', 'source']
        """
        if isinstance(register_unknown, bool):
            kinds = list(KINDS) if register_unknown else []
        elif isinstance(register_unknown, str):
            kinds = [word.strip() for word in register_unknown.split(",")]
            kinds = list(KINDS) if kinds == ["all"] else kinds
        elif isinstance(register_unknown, Collection):
            kinds = list(register_unknown)
            if not all(type(kind) is str for kind in kinds):
                raise BadInput(f"register_unknown is {brief(register_unknown)}; {_EXPECTED}, or True for all")
        else:
            raise BadInput(f"register_unknown is {brief(register_unknown)}; {_EXPECTED}, or True for all")
        singular = {word: kind for kind, plural in KINDS.items() for word in (kind, plural)}
        for kind in kinds:
            if kind not in singular:
                raise BadInput(f"{brief(kind)} is no kind of names; {_EXPECTED}")
        return cls(frozenset(map(singular.__getitem__, kinds)), bool(even_near), bool(resolve_aliases))


#: Every name that the store does not know is refused, aliases too.
REFUSING: Final = Naming()

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


@dataclass(frozen=True, slots=True)
class KnownSource:
    """What an intake needs to know of a source: its date, its origin, and how it is to be read."""

    published: str | None = None
    origin: str | None = None
    habits: Habits = _NO_HABITS

    def dated(self, zone: str | None) -> Edtf | None:
        """Return its own date, in the calendar of a zone."""
        return None if self.published is None else parse_edtf(self.published, zone)


#: What an intake needs to know of a name, as `KnownNames.among` returns it.
SAID: Final = {
    "source": ("published", "origin", "numbers", "language", "timezone"),
    "entity": (),
    "attribute": ("value", "object"),
}


def known_name(kind: str, *said: str | None) -> Any:
    """Return what an intake keeps of a name of a kind: a KnownSource, a type and `object`, or True."""
    first, second, *habits = said or (None,) * len(SAID[kind]) or (None, None)
    if kind == "source":
        return KnownSource(first or None, second, source_habits(*habits))
    return (first, second) if kind == "attribute" else True
