"""Machines on real buckets are killed before a request, or sleep there while another one merges and appends.

What `test_bucket_races.py` tries in memory, pair by pair, is tried here on servers: each request of a writer
whose commit fills a block, and of merging and appending at once. Whatever the order, no commit is lost or
doubled. A run tries one server and one step, others each time; TIMELINE_LONG=1 all of them.
"""

from __future__ import annotations

import json
import os
import random
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.buckets import SERVERS, Server, server, use
from tests.examples import LONG, some
from tests.logs import append, events_of, small_blocks
from tests.services import before_request
from tests.workers import Workers, say
from timeline.log.folder import FolderObjects
from timeline.log.log import Log, log_at
from timeline.log.service import Service

#: The process in which writers are killed, which asks no bucket itself.
WRITERS = """
from tests.logs import small_blocks
from tests.promises.test_bucket_steps import write
from tests.workers import serve
with small_blocks():
    serve(write)
"""


@pytest.fixture(autouse=True)
def of_few_commits() -> Iterator[None]:
    with small_blocks():
        yield


@pytest.fixture(params=some(SERVERS, 3))
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    found: Server = server(request.param)
    use(found, monkeypatch, tmp_path / "caches")
    return found.url(f"{tmp_path.parent.name}-{tmp_path.name}".lower())


class World:
    """Logs of some commits in a bucket, none merged, and machines on them, each with a folder of its own."""

    def __init__(self, url: str, folder: Path, commits: int) -> None:
        self.url = url
        self.folder = folder
        self.commits = commits
        first = Log(folder / "first", objects=FolderObjects.create(folder / "first"))
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Log, "_compact_quietly", lambda log: None)
            for number in range(1, commits + 1):
                append(first, 10_000 + number)
        self._files = {path.name: path.read_bytes() for path in (folder / "first").glob("*.parquet")}
        self._machines = 0

    def log(self, name: object) -> str:
        """Put one more log; returns its URL."""
        service = Service(f"{self.url}/{name}")
        for file, content in self._files.items():
            assert service.put_new(f"log/{file}", content)
        return service.url

    def machine(self, url: str) -> Log:
        self._machines += 1
        return log_at(url, self.folder / f"machine-{self._machines}")

    def check(self, url: str, events: int) -> None:
        """Check that a log has so many events, each once, on two machines that never saw it; and goes on."""
        one, other = self.machine(url), self.machine(url)
        found = one.verify()
        assert found.events == events
        one.compact()
        last = append(one, 9_999)
        assert last.number == found.commits + 1
        rows = events_of(other)
        assert rows["position"].to_pylist() == list(range(1, events + 2))
        assert len(set(rows["event_id"].to_pylist())) == events + 1
        assert other.verify().digest == last.digest


def drawn(steps: int) -> Sequence[int]:
    every = range(1, steps + 1)
    return every if LONG else [random.choice(every)]


def write(line: str) -> None:
    """Append, and be killed before the request of a number; of 0 never, and then say what was asked."""
    url, folder, at = json.loads(line)
    with before_request(at, lambda: os.kill(os.getpid(), signal.SIGKILL)) as seen:
        append(log_at(url, Path(folder)), 1)
    say(f"answer {json.dumps(seen)}")


def test_a_writer_killed_before_any_request_loses_and_doubles_nothing(url: str, tmp_path: Path) -> None:
    """Its commit fills a block, so that it merges, too."""
    world = World(url, tmp_path, 3)
    with Workers(WRITERS) as workers:

        def line(url: str, at: int) -> str:
            return json.dumps([url, str(tmp_path / f"writer-{at}"), at])

        whole = json.loads(workers.ask(line(world.log("whole"), 0)))
        commit, merged = (f"put_new log/{name}.parquet" for name in ("0" * 11 + "4", f"{1:012}-{4:012}"))
        assert commit in whole
        assert merged in whole
        for at in drawn(len(whole)):
            print(f"killed before request {at} of {len(whole)}: {whole[at - 1]}")
            there = world.log(at)
            workers.start(line(there, at))
            assert workers.next() == ("over", str(-signal.SIGKILL))
            # What was put was acknowledged, or would have been.
            world.check(there, 3 + (commit in whole[: at - 1]))


def merge(log: Log) -> int:
    log.compact()
    return 0


def append_one(log: Log) -> int:
    append(log, 1)
    return 1


def append_many(log: Log) -> int:
    for number in range(2_000, 2_010):
        append(log, number)
    return 10


#: (what the first machine does, what the second one does meanwhile, commits before)
PAIRS = [
    (merge, append_many, 6),
    (merge, merge, 6),
    (append_one, merge, 7),
    (append_one, append_many, 3),
]


@pytest.mark.parametrize(
    ("first", "second", "commits"), some(PAIRS, 4), ids=lambda value: getattr(value, "__name__", None)
)
def test_merging_and_appending_at_once_lose_and_double_nothing(
    url: str,
    tmp_path: Path,
    first: Callable[[Log], int],
    second: Callable[[Log], int],
    commits: int,
) -> None:
    world = World(url, tmp_path, commits)

    def asleep(name: object, at: int) -> tuple[str, int, list[str]]:
        """Disturb the first machine; returns the log, how many events it has to have, and what was asked."""
        there = world.log(name)
        log = world.machine(there)
        # As a machine has it that answered questions before.
        assert events_of(log).num_rows == commits
        others: list[int] = []
        with before_request(at, lambda: others.append(second(world.machine(there)))) as seen:
            appended = first(log)
        assert len(others) == (at > 0)
        return there, commits + appended + sum(others), seen

    *_, whole = asleep("whole", 0)
    for at in drawn(len(whole)):
        print(f"{second.__name__} before request {at} of {len(whole)} of {first.__name__}: {whole[at - 1]}")
        there, events, _ = asleep(at, at)
        world.check(there, events)
