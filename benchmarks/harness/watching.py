"""What all processes that this one started take together, looked at five times a second."""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

__all__ = ["Watched", "watching"]

_TICK: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(slots=True)
class Watched:
    """The most bytes that were resident at once, pages that processes share counted in each; CPU seconds."""

    peak: int = 0
    _cpu_of: dict[int, float] = field(default_factory=dict)

    @property
    def cpu(self) -> float:
        """Return the CPU seconds of every process that was seen, up to when it was last seen."""
        return sum(self._cpu_of.values())

    def look(self) -> None:
        resident = 0
        for pid, ticks, pages in _descendants(os.getpid()):
            self._cpu_of[pid] = ticks / _TICK
            resident += pages * _PAGE
        self.peak = max(self.peak, resident)


def _descendants(root: int) -> Iterator[tuple[int, int, int]]:
    """Yield the id, ticks of CPU and resident pages of each process below one."""
    found: dict[int, tuple[int, int]] = {}
    children: dict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # The name of the program may hold blanks and brackets.
            fields = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        children[int(fields[1])].append(int(entry.name))
        found[int(entry.name)] = int(fields[11]) + int(fields[12]), int(fields[21])
    below = [*children[root]]
    while below:
        pid = below.pop()
        below += children[pid]
        yield pid, *found[pid]


@contextmanager
def watching() -> Iterator[Watched]:
    """Yield what the processes take that are started within the block; complete after it."""
    watched = Watched()
    done = threading.Event()

    def run() -> None:
        while not done.wait(0.2):
            watched.look()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield watched
    finally:
        done.set()
        thread.join()
