"""One input against one target: what it comes to, and whether that is as it has to be.

Any input is taken, or refused by an error of `timeline.errors` that is not Timeline's own fault, within a
second of CPU, and with no more than 256 MiB beside what the input has.
"""

from __future__ import annotations

import re
import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.fuzz.targets import Target
from timeline.errors import TimelineError

__all__ = ["MEMORY", "SECONDS", "Found", "shrunk", "tried"]

SECONDS: Final = 1.0
MEMORY: Final = 256 * 2**20


@dataclass(frozen=True, slots=True)
class Found(Exception):
    """An input that was not handled as it has to be, and what happened."""

    data: bytes
    kind: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}\n{self.data!r}"


def tried(target: Target, data: bytes, folder: Path) -> str:
    """Return what an input came to, in words without its own; raises Found where it was not handled."""
    memory = _peak()
    began = time.process_time()
    try:
        answer = target.run(data, folder)
        came = f"answered with {answer}" if isinstance(answer, int) else "taken"
    except TimelineError as error:
        if error.exit_code == 1:
            raise Found(data, "our fault", repr(error)) from error
        try:
            came = _shape(str(error))
        except Exception as worse:
            raise Found(data, "an error that cannot be shown", repr(worse)) from worse
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise Found(data, type(error).__name__, _where(error)) from error
    took = time.process_time() - began
    if took > SECONDS:
        raise Found(data, "too slow", f"{took:.1f} s of CPU, {came}")
    if (more := _peak() - memory) > MEMORY + len(data):
        raise Found(data, "too much memory", f"{more >> 20} MiB, {came}")
    return came


def shrunk(target: Target, found: Found, folder: Path, tries: int = 400) -> Found:
    """Return a smaller input with which the same happens."""
    size = max(len(found.data) // 2, 1)
    at = 0
    while tries and size:
        less = found.data[:at] + found.data[at + size :]
        if at >= len(found.data):
            size, at = size // 2, 0
            continue
        tries -= 1
        try:
            tried(target, less, folder)
            at += size
        except Found as other:
            if other.kind == found.kind:
                found = other
            else:
                at += size
    return found


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _shape(text: str) -> str:
    """Return a message without what it has from the input: quoted texts and numbers."""
    first = text.partition("\n")[0][:300]
    return re.sub(r"'[^']*'?|\"[^\"]*\"?|[0-9]+", "…", first)[:120]


def _where(error: BaseException) -> str:
    """Return an error with the last place of Timeline that it went through."""
    place, trace = "", error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if "/timeline/" in code.co_filename:
            place = f" at {Path(code.co_filename).name}:{trace.tb_lineno} in {code.co_name}"
        trace = trace.tb_next
    return f"{str(error)[:300]}{place}"
