"""The problems of a file of a million bad lines: the first thousands in memory, the others on disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, overload

from timeline.errors import BadInput, Place
from timeline.intake.batch import BadRow
from timeline.intake.spool import Spool

__all__ = ["Problems"]

#: The line of a problem that has none.
_NONE: Final = -1


class Problems(Sequence[BadInput]):
    """Problems of one file in order of their lines, made again whenever they are asked for.

    >>> problems = Problems("a.jsonl")
    >>> for line in (3, 7):
    ...     problems.add(BadInput("not JSON", Place("a.jsonl", line, 1)))
    >>> len(problems), [str(problem) for problem in problems]
    (2, ['a.jsonl:3:1: not JSON', 'a.jsonl:7:1: not JSON'])
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._kept = Spool()
        self._last = _NONE
        self._in_order = True

    def add(self, problem: BadInput, keys: dict[str, object] | None = None) -> None:
        """Keep the message of a problem, its place in the file, and what is known of its event."""
        place = problem.place or Place(self._name)
        line = _NONE if place.line is None else place.line
        self._in_order = self._in_order and line >= self._last
        self._last = line
        self._kept.add((line, place.column, problem.message, keys))

    def ordered(self) -> Problems:
        """Return these problems, sorted by their lines."""
        if self._in_order:
            return self
        # Only of documents with several sections, which are in memory as a whole anyway.
        found = Problems(self._name)
        for problem in sorted(self, key=lambda one: _NONE if one.place is None else one.place.line or _NONE):
            found.add(problem, problem.keys if isinstance(problem, BadRow) else None)
        return found

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[BadInput]:
        for line, column, message, keys in self._kept:
            place = Place(self._name, None if line == _NONE else line, column)
            yield BadInput(message, place) if keys is None else BadRow(message, place, keys)

    @overload
    def __getitem__(self, at: int) -> BadInput: ...
    @overload
    def __getitem__(self, at: slice) -> list[BadInput]: ...
    def __getitem__(self, at: int | slice) -> BadInput | list[BadInput]:
        chosen = range(len(self))[at]
        if isinstance(chosen, int):
            return next(islice(self, chosen, None))
        return [*islice(self, chosen.start, chosen.stop, chosen.step)]
