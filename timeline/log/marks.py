"""The marks of an erasure in a log: objects by which processes and machines learn of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from timeline.errors import Conflict
from timeline.log.objects import Objects

__all__ = ["ErasureMarks"]

#: The objects that mark an erasure under way, and the last that was done; and what they say.
ERASING_MARK: Final = ".erasing"
ERASED_MARK: Final = ".erased"
_ERASING: Final = "An erasure was begun. Where no process is at it, `timeline erase` finishes it.\n"
_ERASED: Final = "Events were erased. Written again each time, so that readers open the store again.\n"


class ErasureMarks:
    """The part of a log that marks erasures: one is under way, and the last that was done."""

    folder: Path
    place: str
    is_shared: bool
    objects: Objects
    #: What the mark of this process says.
    _erasing: bytes = b""

    def erasures(self) -> tuple[int, int] | None:
        """Return what is another value once events were erased: what was read before may still hold them."""
        try:
            found = os.stat(self.folder / ERASED_MARK)
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns

    def erased_mark(self) -> bytes | None:
        """Return what the last erasure wrote, which no other did; None where there was none."""
        try:
            return (self.folder / ERASED_MARK).read_bytes()
        except FileNotFoundError:
            return None

    def is_erasing(self) -> bool:
        """Whether an erasure was begun that is not done: it is under way, or its process died."""
        return self.objects.has(ERASING_MARK)

    def begin_erasure(self, *, finish: bool = False) -> None:
        """Mark an erasure as begun, under the maintenance lock, before anything is recorded of it.

        From then on no machine merges files. Raises Conflict where another machine has begun one, unless it
        is to `finish` what that one began.
        """
        mark = f"{_ERASING}{os.urandom(16).hex()}\n".encode()
        if not self.is_shared:
            # Who holds the lock is alone: an older mark is of a process that died.
            self.objects.replace(ERASING_MARK, memoryview(mark))
        elif not self.objects.put_if_absent(ERASING_MARK, memoryview(mark)):
            if not (finish or self._is_own_mark()):
                raise Conflict(
                    f"{self.place}: another erasure is under way, on another machine; try again when it is "
                    "done. Where its process died, `timeline erase` without events finishes it"
                )
            self.objects.replace(ERASING_MARK, memoryview(mark))
        self._erasing = mark

    def _is_own_mark(self) -> bool:
        """Whether an erasure was begun on this machine, by a process that must have died."""
        try:
            own = (self.folder / ERASING_MARK).read_bytes()
            return own == self.objects.get(ERASING_MARK).read_bytes()
        except FileNotFoundError:
            return False

    def end_erasure(self) -> bool:
        """Mark it as done, when no file and no index has the events any more: readers are to look again.

        Returns False where another machine took it over meanwhile: then begin again, and look whether files
        have the events still.
        """
        if self.is_shared:
            self.objects.forget([ERASING_MARK])
            if not self.is_erasing() or self.objects.get(ERASING_MARK).read_bytes() != self._erasing:
                return False
        self.objects.replace(ERASED_MARK, memoryview(f"{_ERASED}{os.urandom(16).hex()}\n".encode()))
        self.objects.remove([ERASING_MARK])
        return True
