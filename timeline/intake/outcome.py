"""What comes of an ingest: what was new, known or refused, and why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

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
from timeline.log.file import Commit

if TYPE_CHECKING:
    from timeline.intake.batch import RowOrigin

__all__ = ["Ingested", "Rejected", "at_origin", "raise_for", "unread"]


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


@dataclass(slots=True)
class Ingested:
    """What came of an ingest.

    `new` events were appended, besides the `registered` descriptions of names never heard of;
    `known` were there already. `rejected` is empty unless rejects were asked for, or it was a dry run.
    `passed_over` has what a folder holds besides what was read, each with why. `events` has the id and
    position of each event that was given, in order, new or known; it is empty for a large table.
    """

    new: int = 0
    known: int = 0
    registered: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    commits: list[Commit] = field(default_factory=list)
    events: list[tuple[str, int]] = field(default_factory=list)

    def problems(self) -> tuple[BadInput, ...]:
        """Return everything that is wrong with the rejected events, each problem at its place."""
        return BadRows([one.problem() for one in self.rejected]).problems

    def write_rejects(self, path: str | Path) -> None:
        """Write the bad events to a file, a JSON object a line: where, why, and the keys as written.

        Once others were recorded, it is among the `warnings` that they could not be written.
        """
        try:
            _write_rejects(path, self.rejected)
        except Exception as error:
            if not self.commits:
                raise
            self.warnings.append(f"all is recorded but the bad events: {error}")


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


def raise_for(rejected: Sequence[Rejected]) -> None:
    """Raise what was refused, every event named: BadRows, or Conflict where all are conflicts."""
    if not rejected:
        return
    if all(isinstance(one.error, Conflict) for one in rejected):
        raise Conflict("\n".join(first_lines([f"{one.place}: {one.error}" for one in rejected])))
    raise BadRows([one.problem() for one in rejected])


def _write_rejects(path: str | Path, rejected: Sequence[Rejected]) -> None:
    with writing(path) as out:
        for one in rejected:
            place = {"file": one.place.file, "line": one.place.line, "row": one.place.row}
            known = {name: value for name, value in place.items() if value is not None}
            message = one.error.message if isinstance(one.error, BadInput) else str(one.error)
            event = {name: value for name, value in one.keys.items() if value is not None}
            line = {**known, "reason": message, "event": event}
            out.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
