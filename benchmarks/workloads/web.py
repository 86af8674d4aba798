"""What many clients of `timeline serve` get at once: 64 connections for a minute over the bundled reports."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.harness.measure import Finding, at_most, duration, size
from benchmarks.harness.stores import Run
from timeline import Timeline

__all__ = ["Answered", "Taken", "asked_by_many", "serving", "taken", "web"]

CONNECTIONS: Final = 64
SECONDS: Final = 60.0
#: When the memory of the server is first looked at: by then it has what it keeps.
WARM: Final = 20.0

#: What a page and a client ask, by turns: pages, what a page asks as a date is dragged, and the API.
PATHS: Final = (
    "/?as_of=2025-10-15",
    "/fact/nvidia/investment/openai?as_of=2025-10-15",
    "/static/page.js",
    "/promises?as_of=2026-02-28",
    "/api/health",
    "/api/beliefs?as_of=2025-02-22",
    "/api/beliefs?fact=nvidia/*&policy=first",
    "/api/claims?fact=nvidia/investment/openai",
    "/api/disagreements?within=any",
    "/api/history?fact=nvidia/investment/openai",
    "/api/changes?from_date=2025-10-15&to_date=2026-02-28",
    "/api/events?limit=50&offset=50",
    "/api/facts",
    "/api/sources?format=csv",
    "/api/why?fact=nvidia/investment/openai&as_of=2025-10-15",
    "/api/beliefs?format=arrow&as_of=2025-09-30",
)


@dataclass
class Answered:
    """How long each answer took, in seconds, and what went wrong."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def quantile(self, share: float) -> float:
        return sorted(self.seconds)[min(int(len(self.seconds) * share), len(self.seconds) - 1)]


@dataclass(frozen=True, slots=True)
class Taken:
    """What a process takes: bytes of memory, threads, open files, and processes of its own."""

    memory: int
    threads: int
    files: int
    children: int


def taken(process: int) -> Taken:
    """Return what a process takes now."""
    folder = Path(f"/proc/{process}")
    status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line)
    children = (folder / "task" / str(process) / "children").read_text().split()
    return Taken(
        int(status["VmRSS"].split()[0]) * 1024,
        int(status["Threads"]),
        len(os.listdir(folder / "fd")),
        len(children),
    )


@contextmanager
def serving(store: Path) -> Iterator[tuple[int, int]]:
    """Serve a store, and yield the id of the process and its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "timeline", "serve", "--store", str(store), "--port", "0", "--no-browser"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process.pid, int(process.stdout.readline().rstrip("/\n").rsplit(":", 1)[1])
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def asked_by_many(
    port: int,
    paths: Sequence[str],
    *,
    connections: int,
    go_on: Callable[[int, float], bool],
    look: Callable[[float], None] | None = None,
) -> Answered:
    """Ask a server by many connections at once, each of which asks again once it has its answer.

    `go_on` is called with how many requests were sent and the seconds since the start; `look` is called with
    these seconds four times a second.
    """
    # In a thread of its own, since one that runs a loop already can run no other.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(
            lambda: asyncio.run(_asked(port, paths, connections, go_on, look or (lambda seconds: None)))
        ).result()


async def _asked(
    port: int,
    paths: Sequence[str],
    connections: int,
    go_on: Callable[[int, float], bool],
    look: Callable[[float], None],
) -> Answered:
    found = Answered()
    began = time.perf_counter()
    sent = itertools.count()

    async def ask(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for path in itertools.islice(itertools.cycle(paths), number % len(paths), None):
            if not go_on(next(sent), time.perf_counter() - began):
                break
            start = time.perf_counter()
            status, _ = await _answer(reader, writer, port, path)
            found.seconds.append(time.perf_counter() - start)
            if status != 200:
                found.errors.append(f"{path}: {status}")
        writer.close()
        await writer.wait_closed()

    async def watch() -> None:
        while True:
            look(time.perf_counter() - began)
            await asyncio.sleep(0.25)

    watching = asyncio.create_task(watch())
    for outcome in await asyncio.gather(*map(ask, range(connections)), return_exceptions=True):
        if isinstance(outcome, BaseException):
            found.errors.append(repr(outcome))
    watching.cancel()
    return found


async def _answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, path: str
) -> tuple[int, bytes]:
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    await writer.drain()
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = next(line for line in head.split("\r\n") if line.startswith("content-length:"))
    return int(head.split(" ", 2)[1]), await reader.readexactly(int(length.partition(":")[2]))


def web(run: Run) -> Iterator[Finding]:
    """Measure a minute of 64 connections: no error, even answers, and a level memory."""
    with run.scratch("web") as folder:
        with Timeline.create(folder / "store") as tl:
            tl.ingest(Path(__file__).parents[2] / "events")
        with serving(folder / "store") as (process, port):
            looks: list[tuple[float, Taken]] = []
            found = asked_by_many(
                port,
                PATHS,
                connections=CONNECTIONS,
                go_on=lambda sent, seconds: seconds < SECONDS,
                look=lambda seconds: looks.append((seconds, taken(process))),
            )
    events = 0
    note = f"{len(found.seconds):,} answers; load of the machine {os.getloadavg()[0]:.1f}"
    wrong = len(found.errors)
    yield at_most("web: errors", "none", f"{wrong:,}", wrong, 0, events=events, note=note)
    median, slow = statistics.median(found.seconds), found.quantile(0.99)
    yield at_most(
        "web: p99 of an answer",
        "≤ 20 × p50",
        f"{slow / median:.1f} × {duration(median)}",
        slow / median,
        20,
        events=events,
        note=note,
    )
    warm, last = (next(each for when, each in looks if when >= WARM), looks[-1][1])
    yield at_most(
        "web: memory at the end",
        "≤ 1.05 × that after 20 s",
        f"{size(last.memory)} after {size(warm.memory)}",
        last.memory / warm.memory,
        1.05,
        events=events,
        note=f"{last.threads} threads, {last.files} open files, {last.children} processes",
    )
