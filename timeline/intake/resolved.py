"""What an intake made of one batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from timeline.errors import Place
from timeline.index.tail import Appended
from timeline.intake.outcome import Rejected
from timeline.intake.spool import Spool
from timeline.intake.taken import Row
from timeline.meaning.described import DESCRIPTIONS
from timeline.meaning.times import Edtf, parse_edtf

__all__ = ["Resolved", "Row", "begun_elsewhere", "in_words"]

#: Where every day begins first.
_FIRST_ZONE: Final = "Pacific/Kiritimati"


@dataclass(slots=True)
class Resolved:
    """What an intake made of one batch: rows for the log in order, and what it did not take.

    `events` has the id and position of each event that was given and not rejected, known ones among them.
    Of rejected ones `keep` are kept, or all; `more_rejected` says how many there are besides. Before the
    others are let go, all are handed to `written`, some thousands at a time, in order of their places.
    """

    rows: Sequence[Row] = field(default_factory=list)
    events: Spool = field(default_factory=Spool)
    known: int = 0
    registered: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    more_rejected: int = 0
    keep: int | None = None
    warnings: list[str] = field(default_factory=list)
    erased: list[tuple[Place, str]] = field(default_factory=list)
    written: Callable[[Sequence[Rejected]], None] | None = None
    #: What the rows come to, and the type and id of each description among them.
    appended: Appended = field(default_factory=Appended)
    described: list[tuple[str, str]] = field(default_factory=list)
    _found: list[Rejected] = field(default_factory=list)

    def note(self, rows: Sequence[Row]) -> None:
        """Note what some new rows come to."""
        self.appended += Appended.of(rows)
        self.described += [
            (row["event_type"], row["subject"]) for row in rows if row["event_type"] in DESCRIPTIONS
        ]

    def reject(self, one: Rejected) -> None:
        """Add a bad event to those that were found since `settle`."""
        # What an error was raised from has the event once more, and all that worked on it.
        one.error.__traceback__ = one.error.__context__ = None
        self._found.append(one)

    def settle(self) -> None:
        """Keep the bad events that were found, as many as are kept, and count the others."""
        found = sorted(self._found, key=lambda one: one.place.line or one.place.row or 0)
        if self.written is not None and found:
            self.written(found)
        room = len(found) if self.keep is None else max(0, self.keep - len(self.rejected))
        self.rejected += found[:room]
        self.more_rejected += len(found[room:])
        self._found.clear()


def in_words(content: dict[str, object]) -> str:
    """Return what an event says as text, for people to compare."""
    return ", ".join(
        f"{name} {value}" for name, value in content.items() if name not in ("key", "event_type")
    )


def begun_elsewhere(edtf: Edtf, zone: str | None, recorded_at: int) -> str:
    """Return what to do about a date that has begun in another zone; empty where it has in none."""
    earliest = parse_edtf(edtf.text, _FIRST_ZONE).reported_from
    if edtf.is_instant or earliest is None or earliest > recorded_at:
        return ""
    return (
        f"; in {zone or 'UTC'} that date has not begun: give the source, the file or timeline.toml the "
        "`timezone` in whose calendar it is dated, such as Asia/Tokyo"
    )
