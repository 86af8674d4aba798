"""What a store takes besides time: memory, disk, and how soon a new process has its first answer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Final

import duckdb

from benchmarks.harness.measure import (
    Finding,
    Timings,
    against,
    at_most,
    bytes_in,
    duration,
    interleaved,
    results,
    size,
    times,
)
from benchmarks.harness.stores import HUGE, Run, in_child
from benchmarks.workloads.points import probes
from benchmarks.workloads.recording import grown
from timeline.log.log import Log

GIB: Final = 2**30
STARTS: Final = 7


def memory(run: Run) -> Iterator[Finding]:
    """Measure the most memory of a process that took in all events, and of one that asked every question."""
    ingest = run.building(run.store())["peak"]
    store, _ = grown(run)
    asked = in_child("questions", store.resolve(), run.facts, run.joined)
    allowed = (20, 20) if run.events >= HUGE else (4, 2)
    yield at_most(
        "memory: bulk ingest",
        f"≤ {allowed[0]} GiB",
        size(ingest),
        ingest,
        allowed[0] * GIB,
        events=run.events,
    )
    until = ", ".join(f"{size(peak)} after {name}" for name, peak in asked["peaks"].items())
    yield at_most(
        "memory: all queries",
        f"≤ {allowed[1]} GiB",
        size(asked["peak"]),
        asked["peak"],
        allowed[1] * GIB,
        events=run.events,
        note=until,
    )


def verifying(run: Run) -> Iterator[Finding]:
    """Measure `verify --quick` beside the hashes of the same files alone, and a whole `verify` of the log."""
    log = run.store() / "log"

    def hash_alone() -> None:
        for path in sorted(log.glob("*.parquet")):
            with path.open("rb") as file:
                hashlib.file_digest(file, "sha256")

    quick, alone = "timeline", "SHA-256 alone"
    found = interleaved(
        {
            quick: lambda: Log(log).verify(quick=True),
            alone: hash_alone,
            "timeline: verify --log-only": lambda: Log(log).verify(),
        },
        rounds=run.rounds,
    )
    yield from results("reports", "verify --quick", found, run.events)
    ratio = found[quick].median / found[alone].median
    held = bytes_in(log)
    yield at_most(
        "verify --quick",
        "≤ 2 × the SHA-256 of the files",
        f"{against(found[quick], found[alone])}, {held / 1e6 / found[quick].median:,.0f} MB/s",
        ratio,
        2,
        events=run.events,
        note=f"a whole verify: {run.events / found['timeline: verify --log-only'].median:,.0f} events/s",
    )


def disk(run: Run) -> Iterator[Finding]:
    """Measure log and index beside the rows of the log as one Parquet file, compressed with zstd."""
    store = run.store()
    taken = bytes_in(store)
    parts = {folder.name: bytes_in(folder) for folder in store.iterdir() if folder.is_dir()}
    of_each = ", ".join(f"{name} {size(count)}" for name, count in sorted(parts.items()))
    with run.scratch("log.parquet") as file:
        with duckdb.connect() as con:
            rows = f"FROM read_parquet('{store}/log/*.parquet')"
            con.execute(f"COPY ({rows}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")
        least = file.stat().st_size
    yield at_most(
        "disk: log + index",
        "≤ 4.4 × the log as one zstd Parquet file",
        f"{times(taken / least)} ({size(taken)} against {size(least)}; {of_each})",
        taken / least,
        4.4,
        events=run.events,
    )
    if run.events >= HUGE:
        yield at_most(
            f"{run.events:,} events: disk", "≤ 60 GB", f"{taken / 1e9:.1f} GB", taken, 60e9, events=run.events
        )


def opening(run: Run) -> Iterator[Finding]:
    """Measure opening a store and its first answer about one fact, in a new process with imports done."""
    asked = [(fact, _written(as_of)) for fact, as_of in probes(run.facts, STARTS)]
    store = run.store().resolve()
    fact, as_of = asked[0]
    modules = ",".join(in_child("first_answer", store, fact, as_of, "")["imported"])
    found = Timings(
        [in_child("first_answer", store, fact, as_of, modules)["seconds"] for fact, as_of in asked]
    )
    yield from results("reports", "a new process, opening to first belief", {"timeline": found}, run.events)
    yield at_most(
        "opening the store to first point answer, warm cache, new process, beyond imports",
        "≤ 60 ms",
        f"{duration(found.median)}, slowest {duration(max(found.seconds))}",
        found.median,
        0.06,
        events=run.events,
    )


def _written(instant: datetime) -> str:
    return instant.isoformat(timespec="microseconds").replace("+00:00", "Z")
