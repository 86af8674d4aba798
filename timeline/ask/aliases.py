"""Aliases of entities in what is asked for: resolved where nothing is found under the name itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from timeline.ask.answers import Answer, Rows, Source
from timeline.ask.frames import AtHand
from timeline.errors import BadInput
from timeline.index.aliases import Aliases
from timeline.meaning.fact import is_glob
from timeline.meaning.likeness import alias_key

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

__all__ = ["OrMeant", "meant_by", "with_ids"]


def with_ids(fact: str, ids: dict[str, str]) -> str:
    """Return a fact or glob with the ids that its subject and object mean.

    >>> with_ids("NVIDIA/investment/*@2025", {"NVIDIA": "nvidia"})
    'nvidia/investment/*@2025'
    """
    body, at, period = fact.partition("@")
    parts = body.split("/")
    for place in (0, 2):
        if place < len(parts):
            parts[place] = ids.get(parts[place], parts[place])
    return "/".join(parts) + at + period


def meant_by(
    con: duckdb.DuckDBPyConnection, aliases: Aliases, fact: str, recorded_as_of: int | None
) -> dict[str, str]:
    """Return the ids that the names in a fact or glob mean, of those that are aliases and no ids.

    Raises BadInput for one that means several. `recorded_as_of` is as for `Aliases.of`.
    """
    parts = fact.partition("@")[0].split("/")
    found = {name: aliases.meant_by(name) for name in parts[::2] if not is_glob(name) and name in aliases}
    if not found:
        return {}
    known = _known(con, {*found, *map(alias_key, found)}, recorded_as_of)
    meant = {}
    for name, ids in found.items():
        if name in known:
            continue
        ids = sorted({*ids, *({alias_key(name)} & known)})
        if len(ids) > 1:
            raise BadInput(f"{name!r} may mean {' or '.join(map(repr, ids))}; write which one")
        meant[name] = ids[0]
    return meant


def _known(con: duckdb.DuckDBPyConnection, names: set[str], recorded_as_of: int | None) -> set[str]:
    """Return those of the names that are ids of entities."""
    by_then = "" if recorded_as_of is None else f" AND recorded_at <= make_timestamp({recorded_as_of})"
    rows = con.execute(
        "SELECT DISTINCT subject FROM store.events WHERE fact_hash IS NULL "
        f"AND event_type = 'entity-described' AND subject IN (SELECT unnest($1::VARCHAR[])){by_then}",
        [sorted(names)],
    ).fetchall()
    return {name for (name,) in rows}


@dataclass(frozen=True, slots=True)
class OrMeant:
    """An answer; where it is empty, the one to the question that was meant, if there is such."""

    asked: Answer
    meant: Callable[[], Answer | None]

    @property
    def shape(self) -> None:
        """Nothing: which of the two it is was not asked yet."""

    def fetch(self) -> Rows:
        found = self.asked if self.asked.rows else self.meant() or self.asked
        return Rows(found.columns, found.types, found.rows)

    def part(self, offset: int, limit: int) -> Source:
        some = self.asked.part(offset, limit)
        if some.rows or (offset and self.asked.size()):
            return AtHand(Rows(some.columns, some.types, some.rows))
        meant = self.meant()
        return OrMeant(some if meant is None else meant.part(offset, limit), lambda: None)

    def size(self) -> int:
        meant = None if (found := self.asked.size()) else self.meant()
        return found if meant is None else meant.size()

    def arrow(self) -> pa.Table:
        found = self.asked.arrow()
        meant = None if found.num_rows else self.meant()
        return found if meant is None else meant.arrow()

    def frame(self) -> pl.DataFrame:
        found = self.asked.frame()
        meant = None if found.height else self.meant()
        return found if meant is None else meant.frame()
