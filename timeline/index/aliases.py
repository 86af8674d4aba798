"""The aliases of entities: which id another name means, in one state of the store."""

from __future__ import annotations

import json
from collections.abc import Collection

import duckdb

from timeline.meaning.likeness import alias_key

__all__ = ["Aliases"]

_DESCRIBED = "store.events WHERE fact_hash IS NULL AND event_type = 'entity-described'"


class Aliases:
    """What other names the entities have, by their latest descriptions; case does not count."""

    def __init__(self) -> None:
        self._ids: dict[str, set[str]] = {}
        self._of: dict[str, set[str]] = {}

    @classmethod
    def of(cls, con: duckdb.DuckDBPyConnection, recorded_as_of: int | None = None) -> Aliases:
        """Return the aliases that `con` shows: with `recorded_as_of`, microseconds, as they were then."""
        by_then = "" if recorded_as_of is None else f" AND recorded_at <= make_timestamp({recorded_as_of})"
        rows = con.execute(
            f"SELECT subject, arg_max(text, position) FROM {_DESCRIBED}{by_then} AND subject IN "
            f"(SELECT subject FROM {_DESCRIBED} AND contains(text, '\"aliases\":')) GROUP BY subject"
        ).fetchall()
        found = cls()
        for entity, text in rows:
            found.describe(entity, _aliases_in(text))
        return found

    def describe(self, entity: str, aliases: Collection[str]) -> None:
        """Have an entity have these aliases, and none that it had before."""
        for key in self._of.pop(entity, ()):
            self._ids[key].discard(entity)
        keys = {alias_key(alias) for alias in aliases}
        if keys:
            self._of[entity] = keys
        for key in keys:
            self._ids.setdefault(key, set()).add(entity)

    def __bool__(self) -> bool:
        return bool(self._of)

    def __contains__(self, name: str) -> bool:
        return bool(self._ids.get(alias_key(name)))

    def meant_by(self, name: str) -> list[str]:
        """Return the ids of the entities that have this alias, in order."""
        return sorted(self._ids.get(alias_key(name), ()))


def _aliases_in(text: str) -> list[str]:
    try:
        aliases = json.loads(text).get("aliases", [])
    except (ValueError, AttributeError):
        return []
    return [alias for alias in aliases if isinstance(alias, str)] if isinstance(aliases, list) else []
