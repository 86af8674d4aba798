"""Which events a store holds already: by their ids, at a cost that hardly depends on how many it has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import duckdb

__all__ = ["KnownEvents", "one_of"]

_WRITTEN_OUT: Final = 1_000
#: So many ids are looked up one by one: each is a few row groups of `store.ids`, which are sorted.
_ONE_BY_ONE: Final = 8
#: Whoever asks for more at once that often gets the ids into memory, eight bytes each.
_OFTEN: Final = 3


def one_of(kind: str, values: Sequence[int] | Sequence[str]) -> tuple[str, list[object]]:
    """The condition of being one of these values of an SQL type, and its parameters.

    A few values are written out: scans can be narrowed by them, as they cannot by a parameter.

    >>> one_of("VARCHAR", ["a'b", "c"])
    ("IN ('a''b', 'c')", [])
    """
    if len(values) > _WRITTEN_OUT:
        return f"IN (SELECT unnest($1::{kind}[]))", [list(values)]
    texts = ("'" + one.replace("'", "''") + "'" if isinstance(one, str) else str(one) for one in values)
    return f"IN ({', '.join(texts)})", []


class KnownEvents:
    """The events of one state of the store, which `con` shows."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._asked = 0
        self._prefixes: Any = None
        self._has_statement = False

    def among(self, event_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Position and place of those of the events that the store holds."""
        wanted = set(event_ids)
        candidates = self._candidates(sorted(int(event_id[:16], 16) for event_id in wanted))
        if not candidates:
            return {}
        condition, parameters = one_of("BIGINT", [position for position, _ in candidates])
        facts = {number for _, number in candidates}
        if len(facts) <= _ONE_BY_ONE:
            # Events lie by their fact: of a few facts, a few row groups.
            known = ", ".join(str(number) for number in facts if number is not None) or "NULL"
            condition += f" AND (fact_hash IN ({known}){' OR fact_hash IS NULL' if None in facts else ''})"
        found = self._con.execute(
            f"SELECT event_id, position, place FROM store.events WHERE position {condition}", parameters
        ).fetchall()
        return {event_id: (position, place) for event_id, position, place in found if event_id in wanted}

    def _candidates(self, prefixes: Sequence[int]) -> list[tuple[int, int | None]]:
        """Position and hash of the fact of events whose ids begin alike, in order; `prefixes` are sorted."""
        if len(prefixes) > _ONE_BY_ONE:
            self._asked += 1
            if self._asked < _OFTEN:
                return self._places("IN (SELECT unnest($1::UBIGINT[]))", [prefixes])
            prefixes = self._held(prefixes)
        if len(prefixes) > 8 * _ONE_BY_ONE:
            return self._places("IN (SELECT unnest($1::UBIGINT[]))", [prefixes])
        found = [place for prefix in prefixes for place in self._places_of(prefix)]
        return sorted(found, key=lambda place: place[0])

    def _places_of(self, prefix: int) -> list[tuple[int, int | None]]:
        # Planned once: to plan it takes longer than to look.
        if not self._has_statement:
            self._con.execute(
                "PREPARE places_of AS SELECT position, fact_hash FROM store.ids WHERE prefix = $1::UBIGINT"
            )
            self._has_statement = True
        return self._con.execute(f"EXECUTE places_of({prefix}::UBIGINT)").fetchall()

    def _places(self, condition: str, parameters: Sequence[object] = ()) -> list[tuple[int, int | None]]:
        found: list[tuple[int, int | None]] = self._con.execute(
            f"SELECT position, fact_hash FROM store.ids WHERE prefix {condition}", list(parameters)
        ).fetchall()
        return sorted(found, key=lambda place: place[0])

    def _held(self, prefixes: Sequence[int]) -> list[int]:
        """Those of the prefixes that any event has."""
        import pyarrow as pa
        import pyarrow.compute

        pc: Any = pyarrow.compute
        if self._prefixes is None:
            held = self._con.sql("SELECT prefix FROM store.ids ORDER BY prefix").to_arrow_table()
            self._prefixes = held["prefix"].combine_chunks()
        if not len(self._prefixes):
            return []
        wanted = pa.array(prefixes, pa.uint64())
        last = pa.scalar(len(self._prefixes) - 1, pa.uint64())
        at = pc.min_element_wise(pc.search_sorted(self._prefixes, wanted), last)
        found: list[Any] = wanted.filter(pc.equal(self._prefixes.take(at), wanted)).to_pylist()
        return found
