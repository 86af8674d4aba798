"""The events that an intake has taken: the last thousands as they are, those before them in a file.

As a Python object an event takes some four kilobytes, so that a million of them would not fit into memory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, overload

import pyarrow as pa
import pyarrow.compute as pc

from timeline.intake.spool import Items
from timeline.meaning.columns import LOG_COLUMNS
from timeline.meaning.personal import key_without_salt

__all__ = ["IN_MEMORY", "Row", "Taken", "TakenRows", "keys_of", "packed", "unpacked"]

#: Of more events than this the earlier ones are on disk.
IN_MEMORY: Final = 10_000

Row = dict[str, Any]

_COLUMNS: Final = (*LOG_COLUMNS, "root")
_KEY: Final = _COLUMNS.index("key")
_DECIMALS: Final = tuple(at for at, kind in enumerate(LOG_COLUMNS.values()) if kind == "decimal")


def packed(row: Row) -> tuple[Any, ...]:
    """Return a row of the log as values that `Items` takes; `unpacked` gives it back.

    >>> unpacked(packed({"event_id": "aa", "amount": Decimal("1.50"), "text": None}))
    {'event_id': 'aa', 'amount': Decimal('1.50')}
    """
    values = [row.get(name) for name in _COLUMNS]
    for at in _DECIMALS:
        if values[at] is not None:
            values[at] = str(values[at])
    return tuple(values)


def unpacked(values: Sequence[Any]) -> Row:
    """Return the row, without what is None in it."""
    row = {name: value for name, value in zip(_COLUMNS, values, strict=True) if value is not None}
    for at in _DECIMALS:
        if values[at] is not None:
            row[_COLUMNS[at]] = Decimal(values[at])
    return row


def keys_of(row: Mapping[str, Any]) -> Iterator[str]:
    """Yield what an event may be called by: its key, also without a random part."""
    key = row.get("key")
    if key is not None:
        yield key
        if (given := key_without_salt(key)) not in (None, key):
            yield given


class Taken:
    """The events that were taken, numbered from 0, and those of the store that they speak of.

    Those at hand are found by id, by key and by fact; `recall` brings back what was written to the file.

    >>> taken = Taken(in_memory=1)
    >>> for nth in range(3):
    ...     taken.add({"event_id": f"id {nth}", "key": f"key {nth}", "fact": "a/b"})
    ...     taken.spill()
    >>> "id 0" in taken.by_id, len(taken), [row["event_id"] for row in taken.since(1)]
    (False, 3, ['id 1', 'id 2'])
    >>> taken.recall(["key 0"])
    >>> taken.by_id[taken.keys["key 0"]]["event_id"]
    'id 0'
    """

    def __init__(self, in_memory: int = IN_MEMORY) -> None:
        self._in_memory = in_memory
        #: The events at hand, and the id of each key that was met.
        self.by_id: dict[str, Row] = {}
        self.keys: dict[str, str] = {}
        self._by_fact: dict[str, list[Row]] = {}
        # The last rows; `_first` is the number of the first of them.
        self._rows: list[Row] = []
        self._first = 0
        self._file = Items()
        # Of the rows in the file, in their order, some thousands at a time.
        self._hashes: dict[str, list[Any]] = {"event_id": [], "key": [], "given_key": [], "fact": []}
        self._ids_on_disk: set[int] | None = None

    def __len__(self) -> int:
        return self._first + len(self._rows)

    @property
    def remembered(self) -> int:
        """How many events there are, those of the store among them."""
        return self._first + len(self.by_id)

    def add(self, row: Row) -> None:
        """Add an event, which is to be recorded."""
        self.by_id[row["event_id"]] = row
        self._rows.append(row)
        if (fact := row.get("fact")) is not None:
            self._by_fact.setdefault(fact, []).append(row)

    def spill(self) -> None:
        """Write the events to the file where there are many; they are no longer at hand."""
        if max(len(self._rows), len(self.by_id), len(self.keys)) <= self._in_memory:
            return
        for row in self._rows:
            self._file.add(packed(row))
        for name, hashes in self._hashes.items():
            if name == "given_key":
                values = [key_without_salt(row.get("key")) for row in self._rows]
            else:
                values = [row.get(name) for row in self._rows]
            hashes.append(pa.array([None if one is None else hash(one) for one in values], pa.int64()))
        if self._ids_on_disk is not None:
            self._ids_on_disk.update(hash(row["event_id"]) for row in self._rows)
        self._first += len(self._rows)
        self._rows.clear()
        self.by_id.clear()
        self.keys.clear()
        self._by_fact.clear()

    def recall(self, names: Collection[str]) -> None:
        """Have the events at hand that were taken with one of these ids or keys."""
        numbers = {
            number for column in ("event_id", "key", "given_key") for number in self._numbers(column, names)
        }
        wanted = set(names) if numbers else set()
        for number in sorted(numbers):
            row = unpacked(self._file[number])
            if row["event_id"] in wanted or not wanted.isdisjoint(keys_of(row)):
                # One of the same id, read since, is that event given again.
                self.by_id[row["event_id"]] = row
                for key in keys_of(row):
                    self.keys.setdefault(key, row["event_id"])

    def __contains__(self, event_id: object) -> bool:
        """Whether an event was taken or looked up. To ask for very many takes 100 bytes for each on disk."""
        if event_id not in self.by_id and self._first and isinstance(event_id, str):
            if self._ids_on_disk is None:
                self._ids_on_disk = {one for some in self._hashes["event_id"] for one in some.to_pylist()}
            if hash(event_id) in self._ids_on_disk:
                self.recall([event_id])
        return event_id in self.by_id

    def _numbers(self, column: str, values: Iterable[str]) -> list[int]:
        """Return the numbers of the rows in the file that likely have one of these values."""
        hashes = self._hashes[column]
        if not hashes:
            return []
        wanted: Any = pa.array([hash(value) for value in values], pa.int64())
        found: Any = pc.indices_nonzero(pc.is_in(pa.chunked_array(hashes), value_set=wanted))
        return list(found.to_pylist())

    def all_keys(self) -> list[str]:
        """Return the keys that were taken, or met in the store."""
        hashes = self._hashes["key"]
        keyed: Any = pc.indices_nonzero(pc.is_valid(pa.chunked_array(hashes))) if hashes else pa.array([])
        on_disk = (key for at in keyed.to_pylist() for key in keys_of({"key": self._file[at][_KEY]}))
        return [*dict.fromkeys([*on_disk, *self.keys])]

    def of_facts(self, facts: Collection[str]) -> Iterator[Row]:
        """Yield the events of some facts, by fact at hand, those in the file first."""
        for number in self._numbers("fact", facts):
            row = unpacked(self._file[number])
            if row["fact"] in facts:
                yield row
        for fact in facts:
            yield from self._by_fact.get(fact, ())

    def of_fact(self, fact: str, at_most: int) -> list[Row] | None:
        """Return the events of a fact in their order; None where there are more than so many."""
        at_hand = self._by_fact.get(fact, [])
        if len(self._numbers("fact", [fact])) + len(at_hand) > at_most:
            return None
        return [*self.of_facts([fact])]

    def since(self, start: int) -> TakenRows:
        """Return the rows from a number on."""
        return TakenRows(self, start, len(self))

    def between(self, start: int, stop: int) -> Iterator[Row]:
        """Yield the rows from one number to another, which is not included."""
        for values in self._file.between(start, min(stop, self._first)):
            yield unpacked(values)
        if stop > self._first:
            yield from self._rows[max(0, start - self._first) : stop - self._first]


class TakenRows(Sequence[Row]):
    """Some of the rows that were taken, in their order; those on disk are read each time."""

    def __init__(self, taken: Taken, start: int, stop: int) -> None:
        self._taken = taken
        self._start, self._stop = start, stop

    def __len__(self) -> int:
        return self._stop - self._start

    def __iter__(self) -> Iterator[Row]:
        return self._taken.between(self._start, self._stop)

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> list[Row]: ...
    def __getitem__(self, at: int | slice) -> Row | list[Row]:
        if isinstance(at, slice):
            return [*self][at]
        number = range(self._start, self._stop)[at]
        return next(self._taken.between(number, number + 1))
