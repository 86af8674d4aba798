"""Every error that Timeline raises on purpose.

    TimelineError                 1   our fault: a bug, or a state that should not occur
    ├── BadInput                  2   what was given is wrong; names the place and what was expected
    │   ├── BadRows               2   several such places in one ingest, all named at once
    │   ├── BadEvent              2   several such places in one event
    │   └── UnknownName           2   a source, entity or attribute that the store does not know
    ├── Conflict                  3   right in itself, but at odds with what the store holds
    ├── Corruption                4   what the store holds is not what was written
    └── NotFound                  5   the question is right and nothing answers it

The number is the exit code of the command line. A message says what was got, what was
expected, where, and what to do next.
"""

from __future__ import annotations

import difflib
import heapq
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = [
    "BadEvent",
    "BadInput",
    "BadRows",
    "Conflict",
    "Corruption",
    "NotFound",
    "Place",
    "TimelineError",
    "UnknownName",
    "brief",
    "first_lines",
    "nearest",
    "problem_lines",
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


#: Of many bad rows, the text of an error names so many; of more, unknown names are counted.
_NAMED_AT_MOST = 20
_COMMONEST = 10


class UnknownName(BadInput):
    """A name that the store does not know and could register; `kind` is source, entity or attribute."""

    def __init__(self, message: str, place: Place | None, kind: str, name: str) -> None:
        super().__init__(message, place)
        self.kind = kind
        self.name = name

    def at(self, place: Place) -> BadInput:
        return self if self.place else UnknownName(self.message, place, self.kind, self.name)


class BadEvent(BadInput):
    """Everything that is wrong with one event, each at its own place."""

    def __init__(self, problems: Sequence[BadInput]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.message for problem in problems), self.problems[0].place)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))

    def at(self, place: Place) -> BadInput:
        return BadEvent([problem.at(place) for problem in self.problems])


class BadRows(BadInput):
    """Every bad event of one ingest, in the order of the file: the text has the first 20.

    `problems` has what is wrong with the first thousands, and `more` says how many events are bad besides.
    An event may have several problems. Of more than 20, those that are unknown names are counted.

    >>> print(BadRows([BadInput(f"bad {row}", Place("a.csv", row=row)) for row in range(1, 31)]))
    ... # doctest: +ELLIPSIS
    a.csv: row 1: bad 1
    ...
    a.csv: row 20: bad 20
    … and 10 more
    30 bad events; nothing was recorded
    """

    def __init__(self, problems: Sequence[BadInput], more: int = 0) -> None:
        count = len(problems) + more
        rows = "1 bad event" if count == 1 else f"{count} bad events"
        self.more = more
        each = [one.problems if isinstance(one, BadEvent) else (one,) for one in problems]
        self.problems = tuple(problem for some in each for problem in some)
        super().__init__(f"{rows}; nothing was recorded")

    def __str__(self) -> str:
        return "\n".join([*problem_lines(self.problems, _NAMED_AT_MOST, more=self.more), self.message])


def first_lines(problems: Sequence[object], more: int = 0) -> list[str]:
    """Return the first 20 of some problems, a line each, and how many there are besides, `more` of them."""
    lines = list(map(str, problems[:_NAMED_AT_MOST]))
    if (more := more + len(problems) - len(lines)) > 0:
        lines.append(f"… and {more:,} more")
    return lines


def problem_lines(
    problems: Sequence[BadInput], at_most: int | None = None, hint: str = "", more: int = 0
) -> list[str]:
    """Return lines for the problems of an ingest, at most so many one by one; a hint where there are more.

    `more` says how many events are bad besides.
    Where there are many, unknown names are counted instead, and the commonest shown.

    >>> problem_lines([UnknownName("unknown entity 'acme' as subject", Place("a.yaml", 3), "entity", "acme")])
    ["a.yaml:3: unknown entity 'acme' as subject"]
    """
    many = at_most is not None and len(problems) > at_most
    unknown = [one for one in problems if isinstance(one, UnknownName)]
    # The default of a file is one place for all its events.
    first = {str(one): id(one) for one in reversed(unknown)}
    again = {id(one) for one in unknown}.difference(first.values())
    left_out = {id(one) for one in unknown} if many else again
    listed = [one for one in problems if id(one) not in left_out]
    lines = [str(one) for one in listed[:at_most]]
    if (more := more + len(listed) - len(lines)) > 0:
        lines.append(f"… and {more:,} more{hint}")
    return lines + (_counted(unknown) if many else [])


def _counted(unknown: Sequence[UnknownName]) -> list[str]:
    """Return lines that count unknown names, the commonest first, and say how to register them."""
    if not unknown:
        return []
    counts = Counter((one.kind, one.name) for one in unknown)
    first = {(one.kind, one.name): one.place for one in reversed(unknown)}
    kinds = dict.fromkeys(kind for kind, _ in counts)
    plural = {"source": "sources", "entity": "entities", "attribute": "attributes"}
    option = ",".join(plural[kind] for kind in plural if kind in kinds)
    lines = [f"{len(counts):,} unknown names in {len(unknown):,} places; the commonest:"]
    for (kind, name), count in counts.most_common(_COMMONEST):
        times = "once" if count == 1 else f"{count:,} times"
        lines.append(f"  {kind} {name!r}, {times}, first at {first[kind, name]}")
    return [*lines, f"describe them, or register them as they come with --register-unknown {option}"]


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
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:
        # Polars panics on dates far away.
        return f"a value of type {type(value).__name__}"
    return text if len(text) <= _SHOWN_AT_MOST else f"{text[: _SHOWN_AT_MOST - 3]}..."


#: A longer name was not mistyped, and to compare it takes long.
_COMPARED_AT_MOST: Final = 200
#: How many pairs of characters a search for the nearest name may compare: half a second at worst.
_PAIRS_AT_MOST: Final = 5_000_000


def nearest(name: str, known: Iterable[str], *, most: int = 3) -> str:
    """Return a hint for a mistyped name, empty when nothing is near.

    Of very many known names those are compared that begin or end most like it; a name of more than 200
    characters is near none.

    >>> nearest("nvida", ["nvidia", "openai"])
    "; did you mean 'nvidia'?"
    >>> nearest("NVIDIA", ["nvidia", "openai"])
    "; did you mean 'nvidia'?"
    """
    size = len(name)
    if not 0 < size <= _COMPARED_AT_MOST:
        return ""
    # Names of other lengths have too little in common.
    fitting = [one for one in known if 3 * size <= 7 * len(one) and 3 * len(one) <= 7 * size]
    if len(fitting) > (compared := _PAIRS_AT_MOST // size**2):
        fitting = heapq.nlargest(compared, fitting, key=lambda one: _ends_in_common(name, one))
    found = difflib.get_close_matches(name, fitting, n=most, cutoff=0.6)
    if not found:
        folded = {each.casefold(): each for each in fitting}
        close = difflib.get_close_matches(name.casefold(), list(folded), n=most, cutoff=0.6)
        found = [folded[each] for each in close]
    if not found:
        return ""
    return f"; did you mean {' or '.join(map(repr, found))}?"


def _ends_in_common(name: str, other: str) -> int:
    """Return how many characters two names have in common at their beginnings and their ends."""
    return _beginning_in_common(name, other) + _beginning_in_common(name[::-1], other[::-1])


def _beginning_in_common(name: str, other: str) -> int:
    return next((at for at, (one, two) in enumerate(zip(name, other, strict=False)) if one != two), 0)
