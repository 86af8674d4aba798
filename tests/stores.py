"""Stores whose commits were recorded at instants that never change, so that answers compare word for word."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import count
from pathlib import Path

from timeline import Timeline
from timeline.index.index import Index
from timeline.intake.batch import Batch
from timeline.intake.files import read_batches
from timeline.intake.names import Naming
from timeline.intake.record import Recorder
from timeline.log.log import Log
from timeline.meaning.times import parse_instant


def record(
    path: Path,
    calls: Iterable[Sequence[Batch]],
    clock: Callable[[], int],
    *,
    register_unknown: bool = False,
) -> None:
    """Create a store and record batches in it, call by call, while the clock shows these instants."""
    Timeline.create(path).close()
    log = Log(path / "log", clock=clock)
    recorder = Recorder(log, Index(path / "index", log).open)
    for batches in calls:
        recorder.record(batches, naming=Naming.of(register_unknown))


def record_files(path: Path, events: Path, *, register_unknown: bool = False) -> None:
    """Create a store of a file, or of a folder of files, each commit a microsecond after the one before."""
    instants = count(parse_instant("2026-03-02T08:59:59.999998Z"))
    record(path, [read_batches(events)], lambda: next(instants), register_unknown=register_unknown)
    with Timeline.open(path) as tl:
        tl.refresh()


def lasting(paths: Iterable[Path]) -> list[Path]:
    """Return, sorted, the paths that are no temporary folder of an open store, and in none."""
    return sorted(path for path in paths if not any(part.startswith(".timeline-tmp-") for part in path.parts))
