"""SQL that people send, in a process of its own, which the system limits and which is killed at its time.

DuckDB's own limits do not bound one value, planning or sleeping; those of the system do. A process answers
one query. The next one waits ready, so that a query need not wait for a start. Citations, whose question may
be SQL, are checked in such processes, too.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from timeline.ask.answers import Answer, AsOf
from timeline.errors import BadInput, TimelineError

if TYPE_CHECKING:
    from timeline.store import Timeline

__all__ = ["Bounds", "Busy", "Confined"]

#: What a process writes once it waits for a query, and how long it may take until then, in seconds.
_READY: Final = b"\n"
_START: Final = 120


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a query may take: seconds of time and of CPU, bytes of memory and of its answer, rows."""

    seconds: int = 20
    cpu_seconds: int = 20
    memory: int = 3 * 2**30
    rows: int = 10_000
    answer_bytes: int = 32 * 2**20
    query_bytes: int = 50_000
    #: Of a citation: seconds of time and of CPU, bytes of a file of the copy that certifies it, rows shown.
    check_seconds: int = 60
    copy_bytes: int = 8 * 2**30
    check_rows: int = 1_000


class Confined:
    """Runs queries, each in a process of its own; a few at once, others are refused at once."""

    def __init__(self, store: str | Path, bounds: Bounds | None = None, *, at_once: int = 2) -> None:
        self.store = store
        self.bounds = bounds or Bounds()
        self._places = threading.BoundedSemaphore(at_once)
        self._lock = threading.Lock()
        self._spare: subprocess.Popen[bytes] | None = None
        self._running: set[subprocess.Popen[bytes]] = set()
        self._is_closed = False

    def start(self) -> None:
        """Start the process that waits for the next query."""
        with self._lock:
            if self._spare is None and not self._is_closed:
                self._spare = self._started()

    def close(self) -> None:
        """End the process that waits, and those that still answer."""
        with self._lock:
            self._is_closed = True
            for process in self._running:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
            if self._spare is not None:
                _end(self._spare)
                self._spare = None

    def run(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a query: `columns`, `types`, `rows` and whether it was `cut`.

        `request` has `query` and the arguments of `Timeline.sql`. Raises BadInput for what is no query, or
        takes more than its bounds, and Busy where as many queries as may are running.
        """
        if len(str(request["query"]).encode("utf-8", "surrogatepass")) > self.bounds.query_bytes:
            raise BadInput(f"the query has more than {self.bounds.query_bytes:,} bytes")
        if not self._places.acquire(blocking=False):
            raise Busy("as many queries as may run are running; try again in a moment")
        try:
            with self._lock:
                process, self._spare = self._spare or self._started(), None
                self._running.add(process)
            try:
                return self._answer(process, request)
            finally:
                with self._lock:
                    self._running.discard(process)
                _end(process)
                threading.Thread(target=self._replace, daemon=True).start()
        finally:
            self._places.release()

    def answer(self, request: Mapping[str, Any]) -> tuple[Answer, bool]:
        """Return the answer to a query, and whether rows were left out, as `run` does."""
        found = self.run(request)
        rows = [tuple(row) for row in found["rows"]]
        asked = None if found["asked"] is None else AsOf(**found["asked"])
        return Answer.of(found["columns"], found["types"], rows, asked), found["cut"]

    def check(self, line: str, *, certify: bool) -> dict[str, Any]:
        """Return what becomes of a citation, as `judged` has it; its process may write to a folder.

        Raises BadInput for what is no citation, or takes more than its bounds, and Busy.
        """
        bounds = self.bounds
        if len(line.encode("utf-8", "surrogatepass")) > bounds.query_bytes:
            raise BadInput(f"the citation has more than {bounds.query_bytes:,} bytes")
        if not self._places.acquire(blocking=False):
            raise Busy("as many questions as may be answered are being answered; try again in a moment")
        try:
            # What a process that is killed leaves of its copy goes with the folder.
            with tempfile.TemporaryDirectory(prefix="timeline-check-") as folder:
                process = self._started(folder)
                with self._lock:
                    self._running.add(process)
                try:
                    request = {"citation": line, "certify": certify}
                    return self._answer(process, request, bounds.check_seconds, "check")
                finally:
                    with self._lock:
                        self._running.discard(process)
                    _end(process)
        finally:
            self._places.release()

    def arrow(self, request: Mapping[str, Any]) -> tuple[bytes, bool]:
        """Return the answer to a query as an Arrow stream, and whether rows were left out, as `run` does."""
        found = self.run({**request, "arrow": True})
        return found["arrow"], found["cut"]

    def _replace(self) -> None:
        with suppress(OSError):
            self.start()

    def _started(self, folder: str | None = None) -> subprocess.Popen[bytes]:
        """Start a process that waits for a query; with a folder of its own, for a citation."""
        bounds = self.bounds
        given = [bounds.cpu_seconds, bounds.memory, bounds.rows, bounds.answer_bytes]
        if folder is not None:
            given = [bounds.check_seconds, bounds.memory, bounds.check_rows, bounds.answer_bytes]
        written = 0 if folder is None else bounds.copy_bytes
        return subprocess.Popen(
            [sys.executable, "-m", "timeline.web.confined", str(self.store), json.dumps([*given, written])],
            env=None if folder is None else {**os.environ, "TMPDIR": folder},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _answer(
        self,
        process: subprocess.Popen[bytes],
        request: Mapping[str, Any],
        seconds: int | None = None,
        what: str = "query",
    ) -> dict[str, Any]:
        bounds = self.bounds
        cpu = bounds.cpu_seconds if seconds is None else seconds
        seconds = bounds.seconds if seconds is None else seconds
        _wait_until_ready(process)
        try:
            out, _ = process.communicate(
                json.dumps(request).encode("utf-8", "surrogatepass"), timeout=seconds
            )
        except subprocess.TimeoutExpired:
            raise BadInput(f"the {what} was ended: it took more than {seconds} seconds") from None
        except BrokenPipeError:
            out = b""
        if process.returncode == -signal.SIGXCPU:
            raise BadInput(f"the {what} was ended: it took more than {cpu} seconds of CPU time")
        head, _, behind = out.partition(b"\n")
        try:
            found = json.loads(head)
        except ValueError:
            raise BadInput(
                f"the {what} was ended: it took more than {bounds.memory // 2**20:,} MiB of memory"
            ) from None
        if "error" in found:
            raise BadInput(found["error"])
        return {**found, "arrow": behind} if request.get("arrow") else dict(found)


class Busy(TimelineError):
    """As many queries as may run at once are running."""


def _wait_until_ready(process: subprocess.Popen[bytes]) -> None:
    """Wait until a process has opened the store: its start is not the query's time."""
    assert process.stdout is not None
    # Not `select`, which takes no descriptor above 1,023: each connection of a server has one.
    waiting = select.poll()
    waiting.register(process.stdout, select.POLLIN)
    if not waiting.poll(_START * 1000) or os.read(process.stdout.fileno(), 1) != _READY:
        raise TimelineError("the process that answers queries did not start")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process with all that it started, and wait until it is gone."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()
    process.wait()


# In the process


def _main(store: str, bounds: str, stdin: IO[bytes], stdout: IO[bytes]) -> None:
    """Open the store, wait for a query, and write its answer."""
    import resource

    cpu, memory, most, answer_bytes, written = json.loads(bounds)
    from timeline.store import Timeline

    with Timeline.open(store, read_only=True) as tl:
        tl.snapshot().reader()
        stdout.write(_READY)
        stdout.flush()
        # A process that is to answer must not outlive its parent by waiting for it.
        request = json.loads(stdin.read() or b"null")
        if request is None:
            return
        # What it maps when it is loaded is not the query's.
        _ = importlib.import_module("pyarrow") if request.get("arrow") else None
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        used = int(resource.getrusage(resource.RUSAGE_SELF).ru_utime) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (used + cpu, used + cpu + 1))
        resource.setrlimit(resource.RLIMIT_FSIZE, (written, written))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        behind = b""
        try:
            if "citation" in request:
                from timeline.web.citation import judged

                answer = judged(tl, request["citation"], certify=request["certify"], most=most)
            else:
                fetched = _fetched_arrow if request.pop("arrow", False) else _fetched
                answer, behind = fetched(tl, request, most, answer_bytes)
        except TimelineError as error:
            answer = {"error": str(error)}
        except MemoryError:
            answer = {"error": "it took more memory than it may"}
        # A line of JSON, in which no line ends; behind it an Arrow stream, where one was asked for.
        stdout.write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace") + b"\n" + behind)
        stdout.flush()


def _fetched(
    tl: Timeline, request: dict[str, Any], most: int, answer_bytes: int
) -> tuple[dict[str, Any], bytes]:
    """Return an answer for JSON, and nothing behind it."""
    from timeline.ask.answers import plain

    query = request.pop("query")
    found = tl.snapshot().sql(query, **request)
    rows = [[plain(value) for value in row] for row in found.rows[: most + 1]]
    _check_size(sum(len(str(value)) for row in rows for value in row), answer_bytes)
    asked = None if found.asked is None else asdict(found.asked)
    answer = {
        "columns": found.columns,
        "types": found.types,
        "rows": rows[:most],
        "cut": len(rows) > most,
        "asked": asked,
    }
    return answer, b""


def _fetched_arrow(
    tl: Timeline, request: dict[str, Any], most: int, answer_bytes: int
) -> tuple[dict[str, Any], bytes]:
    """Return whether an answer was cut, and it as an Arrow stream."""
    from timeline.show.formats import arrow_stream

    query = request.pop("query")
    table = tl.snapshot().sql(query, **request).arrow()
    stream = arrow_stream(table.slice(0, most))
    _check_size(len(stream), answer_bytes)
    return {"cut": table.num_rows > most}, stream


def _check_size(size: int, answer_bytes: int) -> None:
    if size > answer_bytes:
        raise BadInput(f"the answer has more than {answer_bytes // 2**20} MiB; ask for fewer rows or columns")


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2], sys.stdin.buffer, sys.stdout.buffer)
    os._exit(0)
