"""The problems of a file of a million bad lines, in a few bytes each."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import overload

from timeline.errors import BadInput, Place

__all__ = ["Problems"]

#: Of so many different messages each is kept once.
_SHARED_AT_MOST = 10_000
_NONE = -1


class Problems(Sequence[BadInput]):
    """Problems of one file in order of their lines, made again whenever they are asked for.

    >>> problems = Problems("a.jsonl")
    >>> for line in (7, 3):
    ...     problems.add(BadInput("not JSON", Place("a.jsonl", line, 1)))
    >>> len(problems), [str(problem) for problem in problems.ordered()]
    (2, ['a.jsonl:3:1: not JSON', 'a.jsonl:7:1: not JSON'])
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lines, self._columns = array("q"), array("q")
        self._messages: list[str] = []
        self._shared: dict[str, str] = {}

    def add(self, problem: BadInput) -> None:
        """Keep a problem that has a message and a place in the file, and nothing else."""
        place = problem.place or Place(self._name)
        self._lines.append(_NONE if place.line is None else place.line)
        self._columns.append(_NONE if place.column is None else place.column)
        if len(self._shared) < _SHARED_AT_MOST:
            self._shared.setdefault(problem.message, problem.message)
        self._messages.append(self._shared.get(problem.message, problem.message))

    def ordered(self) -> Problems:
        """Return these problems, sorted by their lines."""
        lines = self._lines
        if any(lines[at] > lines[at + 1] for at in range(len(lines) - 1)):
            order = sorted(range(len(lines)), key=lines.__getitem__)
            self._lines = array("q", (lines[at] for at in order))
            self._columns = array("q", (self._columns[at] for at in order))
            self._messages = [self._messages[at] for at in order]
        return self

    def __len__(self) -> int:
        return len(self._messages)

    @overload
    def __getitem__(self, at: int) -> BadInput: ...
    @overload
    def __getitem__(self, at: slice) -> list[BadInput]: ...
    def __getitem__(self, at: int | slice) -> BadInput | list[BadInput]:
        if isinstance(at, slice):
            return [self[one] for one in range(len(self))[at]]
        line, column = self._lines[at], self._columns[at]
        place = Place(self._name, None if line == _NONE else line, None if column == _NONE else column)
        return BadInput(self._messages[at], place)
