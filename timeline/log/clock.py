"""When a commit is recorded: by this machine's clock, unless that is plainly wrong.

Recorded time only grows, so that one append with a clock in the next century would date all later ones there.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from timeline.errors import BadInput
from timeline.log.file import Commit
from timeline.meaning.times import format_instant, now, parse_instant

__all__ = ["ANY_CLOCK", "recorded_now"]

#: The environment variable by which a clock is taken, whatever it says.
ANY_CLOCK: Final = "TIMELINE_ANY_CLOCK"
_DAY: Final = 86_400_000_000
#: No clock is right that says it is later.
_LAST: Final = parse_instant("2100-01-01")


def recorded_now(clock: Callable[[], int], head: Commit | None, written: Path) -> int:
    """Return the moment at which the commit behind `head` is recorded, in microseconds; later than that.

    `written` is a file of the log without content, whose time becomes the file system's. Raises BadInput
    where the machine's clock is past 2099, more than a day ahead of the file system's, or more than a day
    before the last commit. A clock that is handed over is taken as it is.
    """
    moment = clock()
    if clock is now and not os.environ.get(ANY_CLOCK):
        _check(moment, head, written)
    return moment if head is None else max(moment, head.recorded_at + 1)


def _check(moment: int, head: Commit | None, written: Path) -> None:
    found = None
    if moment >= _LAST:
        found = "which is in the next century"
    elif head is not None and moment < head.recorded_at - _DAY:
        found = f"more than a day before the last commit, {format_instant(head.recorded_at)}"
    else:
        with suppress(OSError):
            stored = written.stat().st_mtime_ns // 1000
            if moment > stored + _DAY:
                # It may be that it was not written for long.
                os.utime(written)
                stored = written.stat().st_mtime_ns // 1000
            if moment > stored + _DAY:
                found = f"more than a day after the file system's, {format_instant(stored)}"
    if found:
        raise BadInput(
            f"this machine's clock says {format_instant(moment)}, {found}; nothing is recorded, since all "
            f"later commits would be dated behind that. Set the clock, or {ANY_CLOCK}=1 where it is right"
        )
