"""Names that are likely meant to be another one: twins of known names and of each other, and slips.

What it costs is bounded: one pass over the names of a kind that the store knows, in SQL where a few names are
new. Beyond `_NEW_AT_MOST` new names of a kind, or `_KNOWN_AT_MOST` known ones, slips are not looked for, and
beyond `_FOREIGN_AT_MOST` known names in other characters than ASCII, the rest of these has no twins.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from timeline.log.paths import quoted
from timeline.meaning.likeness import difference, is_slip, skeletons, trimmed

__all__ = ["NearNames", "twin_warnings"]

_NEW_AT_MOST: Final = 100_000
_KNOWN_AT_MOST: Final = 1_000_000
_FOREIGN_AT_MOST: Final = 100_000
#: For so few names the store is asked about each.
_FEW: Final = 16
#: So many known names are kept in memory at once, and so many after some questions, for up to `_MANY` new.
_HELD_AT_ONCE: Final = 5_000
_HELD_OFTEN: Final = 50_000
_OFTEN: Final = 3
_MANY: Final = 2_000
#: Of the warnings about twins in one batch, so many are given.
_WARNINGS_AT_MOST: Final = 1_000


class NearNames:
    """The names in one state of the store, which `con` shows, as candidates for what new names mean."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._asked: dict[str, int] = {}
        self._held: dict[str, _Index] = {}
        self._learned: dict[str, set[str]] = {}

    def learn(self, kind: str, names: Iterable[str]) -> None:
        """Have names count as known besides those in the store."""
        learned = self._learned.setdefault(kind, set())
        for name in names:
            learned.add(name)
            if kind in self._held:
                self._held[kind].add(name)

    def _index(self, kind: str) -> _Index | None:
        """Return the known names of a kind in memory, where they are few or asked for often."""
        if kind not in self._held:
            self._asked[kind] = self._asked.get(kind, 0) + 1
            most = _HELD_OFTEN if self._asked[kind] > _OFTEN else _HELD_AT_ONCE
            rows = self._con.execute(f"{_ids(kind)} LIMIT {most + 1}").fetchall()
            if len(rows) > most:
                return None
            self._held[kind] = index = _Index()
            for name in {*(name for (name,) in rows), *self._learned.get(kind, ())}:
                index.add(name)
        return self._held[kind]

    def nearest(self, kind: str, new: Any, also: Collection[str] = ()) -> dict[str, str]:
        """Return the known name that each of the new names, an Arrow array, is a twin or one slip of.

        `also` has names that are known besides those in the store.
        """
        if len(new) <= _MANY and (index := self._index(kind)) is not None:
            return index.nearest(new.to_pylist(), also)
        also = {*also, *self._learned.get(kind, ())}
        slips = self._slips(kind, new.to_pylist(), also) if len(new) <= _NEW_AT_MOST else {}
        return slips | self.twins_of_known(kind, new, also)

    def twins_of_known(self, kind: str, new: Any, also: Collection[str] = ()) -> dict[str, str]:
        """Return the first known twin of each of the new names, an Arrow array, that has one."""
        if not len(new):
            return {}
        if len(new) <= _MANY and (index := self._index(kind)) is not None:
            return index.twins(new.to_pylist(), also)
        also = {*also, *self._learned.get(kind, ())}
        self._con.register("new_keys", _keyed(new))
        self._con.register("foreign_keys", _keyed(pa.array([*self._foreign(kind), *also], pa.string())))
        plain = f"({_ids(kind)} AND strlen(subject) = length(subject))"
        found = self._con.execute(
            f"SELECT n.name, min(k.id) FROM new_keys AS n JOIN ("
            f"SELECT id, lower(id) AS key FROM {plain} UNION ALL "
            f"SELECT id, lower(translate(id, 'I|', 'll')) FROM {plain} WHERE id LIKE '%I%' OR id LIKE '%|%' "
            "UNION ALL SELECT name, key FROM foreign_keys) AS k USING (key) "
            "WHERE n.name <> k.id GROUP BY n.name"
        ).fetchall()
        self._con.unregister("new_keys")
        self._con.unregister("foreign_keys")
        return dict(found)

    def twins_among(self, new: Any) -> dict[str, str]:
        """Return the first twin of each of the names, an Arrow array, that has one before it in order."""
        if len(new) < 2:
            return {}
        self._con.register("new_keys", _keyed(new))
        groups = self._con.execute(
            "SELECT list(name ORDER BY name) FROM new_keys GROUP BY key HAVING count(*) > 1"
        ).fetchall()
        self._con.unregister("new_keys")
        found: dict[str, str] = {}
        for [names] in groups:
            for name in names[1:]:
                found[name] = min(names[0], found.get(name, names[0]))
        return found

    def _foreign(self, kind: str) -> list[str]:
        rows = self._con.execute(
            f"{_ids(kind)} AND strlen(subject) <> length(subject) ORDER BY id LIMIT {_FOREIGN_AT_MOST}"
        ).fetchall()
        return [name for (name,) in rows]

    def _slips(self, kind: str, new: Collection[str], also: Collection[str]) -> dict[str, str]:
        if not new:
            return {}
        if len(new) <= _FEW:
            near = " OR ".join(map(_shares_a_half, sorted(new)))
            known: Iterable[str] = [
                name for (name,) in self._con.execute(f"{_ids(kind)} AND ({near})").fetchall()
            ]
        else:
            [(count,)] = self._con.execute(f"SELECT count(*) FROM ({_ids(kind)})").fetchall()
            if count > _KNOWN_AT_MOST:
                return {}
            known = [name for (name,) in self._con.execute(_ids(kind)).fetchall()]
        by_part: dict[str, list[str]] = {}
        for name in new:
            for part in trimmed(name):
                by_part.setdefault(part, []).append(name)
        found: dict[str, str] = {}
        for other in (*known, *also):
            for part in trimmed(other):
                for name in by_part.get(part, ()):
                    if is_slip(name, other):
                        found[name] = min(other, found.get(name, other))
        return found


class _Index:
    """Known names in memory, by what twins and slips have in common with them."""

    def __init__(self) -> None:
        self._by_key: dict[str, list[str]] = {}
        self._by_part: dict[str, list[str]] = {}

    def add(self, name: str) -> None:
        for key in skeletons(name):
            self._by_key.setdefault(key, []).append(name)
        for part in trimmed(name):
            self._by_part.setdefault(part, []).append(name)

    def twins(self, new: Iterable[str], also: Collection[str]) -> dict[str, str]:
        found = {}
        for name in new:
            keys = skeletons(name)
            others = {other for key in keys for other in self._by_key.get(key, ())}
            others |= {other for other in also if not keys.isdisjoint(skeletons(other))}
            if others := others - {name}:
                found[name] = min(others)
        return found

    def nearest(self, new: Sequence[str], also: Collection[str]) -> dict[str, str]:
        found = {}
        for name in new:
            others = {other for part in trimmed(name) for other in self._by_part.get(part, ())}
            if slips := [other for other in (*others, *also) if is_slip(name, other)]:
                found[name] = min(slips)
        return found | self.twins(new, also)


def _ids(kind: str) -> str:
    return (
        "SELECT DISTINCT subject AS id FROM store.events "
        f"WHERE fact_hash IS NULL AND event_type = '{kind}-described'"
    )


def _shares_a_half(name: str) -> str:
    """Return the condition that a known name may be one slip away: it has the same beginning or end."""
    half = len(name) // 2
    before, behind = quoted(name[: max(half - 1, 0)]), quoted(name[half + 1 :])
    return (
        f"(length(subject) BETWEEN {len(name) - 1} AND {len(name) + 1} "
        f"AND (starts_with(subject, {before}) OR suffix(subject, {behind})))"
    )


def _keyed(names: Any) -> pa.Table:
    """Return the keys of names, a row each: `skeletons`, for ASCII at the speed of columns."""
    is_plain = pc.string_is_ascii(names)
    plain = names.filter(is_plain)
    lower = pc.ascii_lower(plain)
    like_l = pc.ascii_lower(
        pc.replace_substring(
            pc.replace_substring(plain, pattern="I", replacement="l"), pattern="|", replacement="l"
        )
    )
    other = pc.not_equal(lower, like_l)
    odd = [(name, key) for name in names.filter(pc.invert(is_plain)).to_pylist() for key in skeletons(name)]
    columns: list[list[Any]] = [
        [plain, plain.filter(other), pa.array([name for name, _ in odd], pa.string())],
        [lower, like_l.filter(other), pa.array([key for _, key in odd], pa.string())],
    ]
    return pa.table([pa.chunked_array(parts, pa.string()) for parts in columns], names=["name", "key"])


def twin_warnings(near: NearNames, new: Mapping[str, Any]) -> list[str]:
    """Return warnings about new names, arrays by kind, that differ from others in nothing that counts."""
    warnings = []
    for kind in sorted(new):
        names = new[kind]
        known = near.twins_of_known(kind, names)
        for name, other in sorted((near.twins_among(names) | known).items()):
            state = "known" if name in known else "new too"
            warnings.append(
                f"{kind} {name!r} is new, and differs from {other!r}, which is {state}, only in "
                f"{difference(name, other)}"
            )
    if (more := len(warnings) - _WARNINGS_AT_MOST) > 0:
        warnings[_WARNINGS_AT_MOST:] = [f"{more:,} more new names differ from others only so"]
    return warnings
