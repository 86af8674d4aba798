"""What comes of an ingest: what was new, known or refused, and why."""

from __future__ import annotations

import heapq
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, overload

from timeline.atomic import writing
from timeline.errors import (
    BadEvent,
    BadInput,
    BadRows,
    Conflict,
    Place,
    TimelineError,
    UnknownName,
    first_lines,
)
from timeline.intake.spool import Spool
from timeline.log.file import Commit

if TYPE_CHECKING:
    from timeline.intake.batch import RowOrigin

__all__ = [
    "KEPT_AT_MOST",
    "GivenEvents",
    "Ingested",
    "Rejected",
    "SpooledRejects",
    "at_origin",
    "at_place",
    "of_erased",
    "raise_for",
    "unread",
]

#: So many erased events are named one by one.
_SAID_OF_AT_MOST = 20


#: Of the bad events of an ingest, so many are kept; the rest are counted.
KEPT_AT_MOST: Final = 5_000


@dataclass(frozen=True, slots=True)
class Rejected:
    """A bad event: where it is, why it is refused, and its keys as written."""

    place: Place
    error: TimelineError
    keys: dict[str, object]

    def problem(self) -> BadInput:
        """Return what is wrong with it, at its place."""
        if isinstance(self.error, BadInput):
            return self.error.at(self.place)
        return BadInput(str(self.error), self.place)


class GivenEvents(Sequence[tuple[str, int]]):
    """The id and position of each of very many events, read from a temporary file."""

    def __init__(self, kept: Spool) -> None:
        self._kept = kept

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return iter(self._kept)

    @overload
    def __getitem__(self, at: int) -> tuple[str, int]: ...
    @overload
    def __getitem__(self, at: slice) -> list[tuple[str, int]]: ...
    def __getitem__(self, at: int | slice) -> tuple[str, int] | list[tuple[str, int]]:
        chosen = range(len(self))[at]
        if isinstance(chosen, int):
            one: tuple[str, int] = next(islice(self._kept, chosen, None))
            return one
        return (
            [self[number] for number in chosen]
            if chosen.step < 0
            else [*islice(self._kept, chosen.start, chosen.stop, chosen.step)]
        )


@dataclass(slots=True)
class Ingested:
    """What came of an ingest.

    `new` events were appended, besides the `registered` descriptions of names never heard of;
    `known` were there already. `rejected` is empty unless rejects were asked for, or it was a dry run; it has
    the first thousands of bad events, and `more_rejected` says how many there are besides.
    `passed_over` has what a folder holds besides what was read, each with why. `events` has the id and
    position of each event that was given, in order, new or known; it is empty for a large table. `erased` has
    the place and the id of each known event that was given and that the store holds erased.
    """

    new: int = 0
    known: int = 0
    registered: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    commits: list[Commit] = field(default_factory=list)
    events: Sequence[tuple[str, int]] = field(default_factory=list)
    erased: list[tuple[Place, str]] = field(default_factory=list)
    more_rejected: int = 0
    #: Where all bad events of a table are to be written: the file that they are in.
    _spooled: SpooledRejects | None = field(default=None, repr=False, compare=False)

    def problems(self) -> tuple[BadInput, ...]:
        """Return everything that is wrong with the rejected events, each problem at its place."""
        return BadRows([one.problem() for one in self.rejected]).problems

    def write_rejects(self, path: str | Path) -> None:
        """Write the bad events to a file, a JSON object a line: where, why, and the keys as written.

        Once others were recorded, it is among the `warnings` that they could not be written.
        """
        try:
            with writing(path) as out:
                lines = map(_line, self.rejected) if self._spooled is None else self._spooled.lines()
                out.writelines(lines)
        except Exception as error:
            if not self.commits:
                raise
            self.warnings.append(f"all is recorded but the bad events: {error}")


def of_erased(erased: Sequence[tuple[Place, str]]) -> list[str]:
    """Return what is to be said of events that were given and that the store holds erased."""
    said = [
        f"{place}: event {event_id[:12]} was erased from the store and is not recorded again; "
        "remove it here too, if it is to be nowhere"
        for place, event_id in erased[:_SAID_OF_AT_MOST]
    ]
    more = len(erased) - _SAID_OF_AT_MOST
    return [*said, f"… and {more:,} more events that were erased"] if more > 0 else said


class SpooledRejects:
    """The bad events of an ingest, all of them, in temporary files, one for each search that found some."""

    def __init__(self) -> None:
        self._files: list[IO[str]] = []

    def begin(self) -> Callable[[Iterable[Rejected], int], None]:
        """Begin a file; return what adds bad events to it, in order of their batches and places."""
        file = tempfile.TemporaryFile("w+", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
        self._files.append(file)

        def write(rejected: Iterable[Rejected], batch: int = 0) -> None:
            # In front of each line is what it is in order of.
            file.writelines(
                f"{batch:08}{one.place.line or one.place.row or 0:012}{_line(one)}" for one in rejected
            )

        return write

    def lines(self) -> Iterator[str]:
        """Yield all of them in order of their batches and places, a JSON object a line."""
        for file in self._files:
            file.seek(0)
        for line in heapq.merge(*self._files, key=lambda line: line[:20]):
            yield line[20:]

    def close(self) -> None:
        for file in self._files:
            file.close()


def unread(problem: BadInput, name: str) -> Rejected:
    """Return a row of a file that could not be read as a bad event."""
    return Rejected(problem.place or Place(name), problem, dict(getattr(problem, "keys", {})))


def at_origin(one: Rejected, origin: RowOrigin | None) -> Rejected:
    """Return a bad event with its row, and its column, in the table that its own was made from."""
    if origin is None or one.place.row is None:
        return one
    row = one.place.row

    def in_column(message: str) -> str:
        column = origin.column(row, one.keys, message)
        return message if column is None else f"column {column!r}: {message}"

    def named(error: BadInput) -> BadInput:
        words = in_column(error.message)
        return (
            UnknownName(words, None, error.kind, error.name)
            if isinstance(error, UnknownName)
            else BadInput(words)
        )

    error: TimelineError
    if isinstance(one.error, BadEvent):
        error = BadEvent([named(problem) for problem in one.error.problems])
    elif isinstance(one.error, BadInput):
        error = named(one.error)
    else:
        error = type(one.error)(in_column(str(one.error)))
    return Rejected(replace(one.place, row=origin.row(row)), error, one.keys)


def at_place(place: Place, origin: RowOrigin | None) -> Place:
    """Return the place of an event in the table that its own was made from."""
    return place if origin is None or place.row is None else replace(place, row=origin.row(place.row))


def raise_for(rejected: Sequence[Rejected], more: int = 0) -> None:
    """Raise what was refused: BadRows, or Conflict where all are conflicts.

    `more` says how many events were, besides those in `rejected`.
    """
    if not rejected:
        return
    if all(isinstance(one.error, Conflict) for one in rejected):
        raise Conflict("\n".join(first_lines([f"{one.place}: {one.error}" for one in rejected], more)))
    raise BadRows([one.problem() for one in rejected], more)


def _line(one: Rejected) -> str:
    """Return a bad event as JSON, on a line: where, why, and its keys as written."""
    place = {"file": one.place.file, "line": one.place.line, "row": one.place.row}
    known = {name: value for name, value in place.items() if value is not None}
    message = one.error.message if isinstance(one.error, BadInput) else str(one.error)
    event = {name: value for name, value in one.keys.items() if value is not None}
    line = {**known, "reason": message, "event": event}
    return json.dumps(line, ensure_ascii=False, default=str) + "\n"
