"""Every error that Timeline raises on purpose.

    TimelineError                 1   our fault: a bug, or a state that should not occur
    ├── BadInput                  2   what was given is wrong; names the place and what was expected
    │   └── BadRows               2   several such places in one ingest, all named at once
    ├── Conflict                  3   right in itself, but at odds with what the store holds
    ├── Corruption                4   what the store holds is not what was written
    └── NotFound                  5   the question is right and nothing answers it

The number is the exit code of the command line. A message says what was got, what was
expected, where, and what to do next.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = [
    "BadInput",
    "BadRows",
    "Conflict",
    "Corruption",
    "NotFound",
    "Place",
    "TimelineError",
    "brief",
    "first_lines",
    "nearest",
]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file. Lines, columns and rows count from 1.

    >>> str(Place("events/a.yaml", line=12, column=3))
    'events/a.yaml:12:3'
    >>> str(Place("reports.parquet", row=7))
    'reports.parquet: row 7'
    """

    file: str
    line: int | None = None
    column: int | None = None
    row: int | None = None

    def __str__(self) -> str:
        text = self.file
        if self.line is not None:
            text += f":{self.line}"
            if self.column is not None:
                text += f":{self.column}"
        elif self.row is not None:
            text += f": row {self.row}"
        return text


class TimelineError(Exception):
    """Base of every error raised on purpose; by itself it means that Timeline is at fault."""

    exit_code = 1


class BadInput(TimelineError):
    """What was given cannot be taken.

    >>> print(BadInput("no such unit: 'GWW'", Place("events/a.yaml", line=4)))
    events/a.yaml:4: no such unit: 'GWW'
    """

    exit_code = 2

    def __init__(self, message: str, place: Place | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.place = place

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message

    def at(self, place: Place) -> BadInput:
        """Return the same error with its place, unless it already has one."""
        return self if self.place else BadInput(self.message, place)


#: Of many bad rows, the text of an error names so many.
_NAMED_AT_MOST = 20


class BadRows(BadInput):
    """Every bad row of one ingest, in the order of the file: `problems` has all, the text the first 20.

    >>> print(BadRows([BadInput(f"bad {row}", Place("a.csv", row=row)) for row in range(1, 31)]))
    ... # doctest: +ELLIPSIS
    a.csv: row 1: bad 1
    ...
    a.csv: row 20: bad 20
    … and 10 more
    30 bad events; nothing was recorded
    """

    def __init__(self, problems: Sequence[BadInput]) -> None:
        self.problems = tuple(problems)
        rows = "1 bad event" if len(self.problems) == 1 else f"{len(self.problems)} bad events"
        super().__init__(f"{rows}; nothing was recorded")

    def __str__(self) -> str:
        return "\n".join([*first_lines(self.problems), self.message])


def first_lines(problems: Sequence[object]) -> list[str]:
    """Return the first 20 of some problems, a line each, and how many more there are."""
    lines = list(map(str, problems[:_NAMED_AT_MOST]))
    if len(problems) > _NAMED_AT_MOST:
        lines.append(f"… and {len(problems) - _NAMED_AT_MOST:,} more")
    return lines


class Conflict(TimelineError):
    """The store already holds something that this contradicts, or has moved on since it was read."""

    exit_code = 3


class Corruption(TimelineError):
    """A file of the log is missing, cut short or changed."""

    exit_code = 4


class NotFound(TimelineError):
    """Nothing in the store answers to that name."""

    exit_code = 5


#: Of what was given, a message shows so many characters.
_SHOWN_AT_MOST = 60


def brief(value: object) -> str:
    """Return a value as a message shows it: as Python writes it, cut short; never fails.

    >>> brief("nvidia"), brief(10**5000), brief("a" * 100)[-6:]
    ("'nvidia'", 'a value of type int', 'aaa...')
    """
    try:
        text = repr(value)
    except Exception:
        return f"a value of type {type(value).__name__}"
    return text if len(text) <= _SHOWN_AT_MOST else f"{text[: _SHOWN_AT_MOST - 3]}..."


def nearest(name: str, known: Iterable[str], *, most: int = 3) -> str:
    """Return a hint for a mistyped name, empty when nothing is near.

    >>> nearest("nvida", ["nvidia", "openai"])
    "; did you mean 'nvidia'?"
    """
    found = difflib.get_close_matches(name, list(known), n=most, cutoff=0.6)
    if not found:
        return ""
    return f"; did you mean {' or '.join(map(repr, found))}?"
