"""What is measured, and how: medians of interleaved rounds, the memory of a process, the lines of the tables.

Everything that is compared is timed in the same process and the same minutes, one call of each in turn, so
that a busy moment of the machine falls on all of them alike.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

#: Rounds of something slow end when it has taken this many seconds, but never before the third.
PATIENCE = 30.0
FEWEST_ROUNDS = 3

Asked = TypeVar("Asked")


class Differs(Exception):
    """A peer's answer is not Timeline's, so that the peer's time means nothing."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one peer took for one question.

    `seconds` is the median of `runs`, None where `note` says why nothing was measured. `p99` is given where a
    question is asked very often. `ratio` is how many times as long as Timeline it took, in the same rounds.
    """

    workload: str
    name: str
    peer: str
    seconds: float | None
    runs: int = 0
    p99: float | None = None
    ratio: float | None = None
    events: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what Timeline must reach; `met` is None where it could not be measured.

    `value` and `allowed` are in the line's own unit: a ratio, seconds, or bytes.
    """

    what: str
    target: str
    measured: str
    met: bool | None
    value: float | None = None
    allowed: float | None = None
    events: int = 0
    note: str = ""


def at_most(
    what: str, target: str, measured: str, value: float, allowed: float, *, events: int, note: str = ""
) -> Line:
    """Return a line that is met where `value` does not exceed what is allowed."""
    return Line(what, target, measured, value <= allowed, value, allowed, events, note)


def at_least(
    what: str, target: str, measured: str, value: float, wanted: float, *, events: int, note: str = ""
) -> Line:
    """Return a line that is met where `value` does not fall short of what is wanted."""
    return Line(what, target, measured, value >= wanted, value, wanted, events, note)


def unmeasured(what: str, target: str, why: str, *, events: int) -> Line:
    """Return a line that has no measurement, and why."""
    return Line(what, target, why, None, events=events)


Finding = Result | Line


@dataclass(slots=True)
class Timings:
    """The seconds of each call of one function, in the order of the calls."""

    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def p50(self) -> float:
        return self.median

    @property
    def p99(self) -> float:
        """The call that one in a hundred is slower than; the slowest where there are fewer."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]

    @property
    def runs(self) -> int:
        return len(self.seconds)


def timed(function: Callable[[], Any]) -> float:
    """Return the seconds of one call, and of freeing what the call returns, which is part of the work."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def interleaved(
    functions: Mapping[str, Callable[[], Any]],
    *,
    rounds: int = 11,
    patience: float = PATIENCE,
    warm: bool = True,
) -> dict[str, Timings]:
    """Call each function once in every round, and time it; one that is slow sits out the later rounds.

    A call before the first round warms up, unless `warm` is False.
    """
    found = {name: Timings() for name in functions}
    if warm:
        for function in functions.values():
            function()
    gc.collect()
    for nth in range(rounds):
        for name, function in functions.items():
            if nth < FEWEST_ROUNDS or sum(found[name].seconds) < patience:
                found[name].seconds.append(timed(function))
    return found


def called_with(
    functions: Mapping[str, Callable[[Asked], Any]],
    arguments: Sequence[Asked],
    *,
    warm: int = 20,
    patience: float = PATIENCE,
    fewest: int = 50,
) -> dict[str, Timings]:
    """Call each function with every argument in turn, and time each call.

    The first `warm` arguments, or half of them where there are few, only warm up. A function that has taken
    longer than `patience` stops after its `fewest` calls.
    """
    found = {name: Timings() for name in functions}
    warm = min(warm, len(arguments) // 2)
    for argument in arguments[:warm]:
        for function in functions.values():
            function(argument)
    gc.collect()
    for nth, argument in enumerate(arguments[warm:]):
        for name, function in functions.items():
            if nth < fewest or sum(found[name].seconds) < patience:
                start = time.perf_counter()
                function(argument)
                found[name].seconds.append(time.perf_counter() - start)
    return found


def results(
    workload: str,
    name: str,
    timings: Mapping[str, Timings],
    events: int,
    *,
    ours: str = "timeline",
    many: bool = False,
    notes: Mapping[str, str] | None = None,
) -> list[Result]:
    """Return a result for each peer of one question; with `many`, the 99th of a hundred calls too."""
    base = timings[ours].median
    return [
        Result(
            workload=workload,
            name=name,
            peer=peer,
            seconds=found.median,
            runs=found.runs,
            p99=found.p99 if many else None,
            ratio=None if peer == ours else found.median / base,
            events=events,
            note=(notes or {}).get(peer, ""),
        )
        for peer, found in timings.items()
    ]


def against(ours: Timings, theirs: Timings) -> str:
    """Compare two medians for people: `1.27 × (11.0 ms against 8.66 ms)`."""
    return f"{times(ours.median / theirs.median)} ({duration(ours.median)} against {duration(theirs.median)})"


def skipped(workload: str, name: str, peer: str, events: int, why: str) -> Result:
    """Return the result of a peer that was not measured, and why."""
    return Result(workload, name, peer, None, events=events, note=why)


def peak_memory() -> int:
    """Return the most memory, in bytes, that this process has held at once.

    The kernel's high-water mark is of this process alone: `getrusage` begins with what the parent held.
    """
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise OSError("the kernel shows no VmHWM of this process")


def bytes_in(folder: Path) -> int:
    """Return the sizes of all files below a folder, added up."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


# For people


def duration(seconds: float | None) -> str:
    """Return seconds in the unit that a reader would choose, with three figures: `4.21 ms`."""
    if seconds is None:
        return ""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if abs(seconds) >= size:
            return f"{_figures(seconds / size)} {unit}"
    return f"{_figures(seconds * 1e6)} µs"


def size(count: float) -> str:
    """Return bytes as GiB, MiB or KiB, with three figures."""
    for unit, one in (("GiB", 2**30), ("MiB", 2**20)):
        if count >= one:
            return f"{_figures(count / one)} {unit}"
    return f"{_figures(count / 2**10)} KiB"


def times(ratio: float) -> str:
    """Return a ratio with three figures: `1.27 ×`."""
    return f"{_figures(ratio)} ×"


def many(count: int) -> str:
    """Return a round number as people write it: `10 million`, `100 thousand`."""
    for word, one in (("million", 1_000_000), ("thousand", 1_000)):
        if count >= one and count % one == 0:
            return f"{count // one} {word}"
    return f"{count:,}"


def _figures(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
