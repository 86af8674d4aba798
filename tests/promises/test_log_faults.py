"""The event log when processes die, race each other, or sleep at the worst moment."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pyarrow as pa
import pytest

from tests.logs import Volatile, append, events_of, names, row
from timeline.errors import Conflict
from timeline.log.folder import FolderObjects
from timeline.log.log import Commit, Log, rows_to_table

ROOT = Path(__file__).resolve().parents[2]


def python(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


# Death

#: Lets a separate process die right after its n-th step on the disk, each time on a fresh copy of a log.
DYING = """
import os, shutil, sys
from pathlib import Path
from tests.logs import append
from timeline.log.log import Log
from timeline.log.folder import FolderObjects

class Dying(FolderObjects):
    left = 0

    def step(self, name):
        self.left -= 1
        if self.left == 0:
            os.write(1, (name + "\\n").encode())
            os._exit(9)

    def _write(self, temporary, content):
        temporary.write_bytes(content[: len(content) // 2])
        self.step("half of a temporary file")
        temporary.unlink()
        super()._write(temporary, content)
        self.step("temporary file")

    def _link(self, temporary, name):
        super()._link(temporary, name)
        self.step("link of a range" if "-" in name else "link of a commit")

    def _sync(self):
        super()._sync()
        self.step("sync")

    def _unlink(self, path):
        super()._unlink(path)
        self.step("unlink of a temporary file" if path.name.startswith(".tmp") else "unlink of a merged file")

    def sweep(self, newest):
        swept = super().sweep(newest)
        self.step("sweep")
        return swept

import pyarrow.parquet
original, copies = Path(sys.argv[1]), Path(sys.argv[2])
for step in map(int, sys.argv[3:]):
    folder = copies / str(step)
    shutil.copytree(original, folder)
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        objects = Dying(folder)
        objects.left = step
        append(Log(folder, objects=objects), 31)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status))
"""


def test_a_writer_may_die_after_any_step(tmp_path: Path) -> None:
    original = tmp_path / "original"
    log = Log.create(original)
    acknowledged = [append(log, number) for number in range(31)]
    steps = [
        *("half of a temporary file", "temporary file", "link of a commit", "unlink of a temporary file"),
        *("sync", "sweep"),
        *("half of a temporary file", "temporary file", "link of a range", "unlink of a temporary file"),
        *("sync", "sync"),
        *["unlink of a merged file"] * 32,
    ]
    deaths = {step: name for step, name in enumerate(steps, 1) if step < 15 or step in (28, 43, 44)}
    process = python(DYING, original, tmp_path, *deaths, len(steps) + 1)
    output, _ = process.communicate()
    assert process.returncode == 0
    assert output.splitlines() == [line for name in deaths.values() for line in (name, "9")] + ["0"]
    for step, death in deaths.items():
        folder = tmp_path / str(step)
        log = Log(folder)
        survived = 31 if step < 3 else 32
        assert log.head_number() == survived, death
        assert log.commits()[:31] == acknowledged, death
        assert log.verify().events == survived, death
        assert events_of(log)["claim"].to_pylist() == [f"{number} USD" for number in range(survived)], death
        while log.head_number() < 33:
            append(log, log.head_number())
        assert events_of(log)["claim"].to_pylist() == [f"{number} USD" for number in range(33)], death
        log.compact()
        assert names(folder) == ["000000000001-000000000032.parquet", "000000000033.parquet"], death
        assert log.verify().commits == 33, death
        shutil.rmtree(folder)


ENDLESS = """
import sys
from tests.logs import append
from timeline.log.log import Log

log = Log(sys.argv[1])
while True:
    commit = append(log, (log.head().number if log.head() else 0) + 1)
    print(commit.number, commit.digest, flush=True)
"""


def test_what_a_killed_writer_acknowledged_is_there(tmp_path: Path) -> None:
    log = Log.create(tmp_path / "log")
    for until in (20, 64, 97):
        process = python(ENDLESS, log.folder)
        assert process.stdout is not None
        acknowledged: dict[int, str] = {}
        for line in process.stdout:
            number, digest = line.split()
            acknowledged[int(number)] = digest
            if int(number) >= until:
                break
        process.send_signal(signal.SIGKILL)
        for line in process.stdout:
            number, digest = line.split()
            acknowledged[int(number)] = digest
        assert process.wait() == -signal.SIGKILL
        process.stdout.close()
        commits = {commit.number: commit.digest for commit in log.commits()}
        assert acknowledged.items() <= commits.items()
        assert log.verify().commits == len(commits)
        assert events_of(log)["claim"].to_pylist() == [f"{at} USD" for at in range(1, len(commits) + 1)]
    append(log, 0)
    log.compact()
    assert not [name for name in names(log.folder) if name.startswith(".")]
    log.verify()


# Races

FIFTY = """
import json, sys
from pathlib import Path
from tests.logs import row
from timeline.log.log import Log, rows_to_table
from timeline.log.folder import FolderObjects

folder, locks, name = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
log = Log(locks, objects=FolderObjects(folder))
sys.stdin.readline()
for number in range(50):
    claim = f"{name} {number}"
    commit = log.append(lambda head, recorded_at: rows_to_table([row(number, claim=claim)]))
    print(json.dumps([commit.first_position, claim]))
"""


@pytest.mark.parametrize("locks", ["shared", "of their own"])
def test_two_writers_lose_nothing(tmp_path: Path, locks: str) -> None:
    """Without shared locks, as two machines may be, the links and the probes alone keep them apart."""
    log = Log.create(tmp_path / "log")
    processes = []
    for name in ("a", "b"):
        own = tmp_path / name
        own.mkdir()
        process = subprocess.Popen(
            [sys.executable, "-c", FIFTY, log.folder, log.folder if locks == "shared" else own, name],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    outputs = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    acknowledged = dict(json.loads(line) for output in outputs for line in output.splitlines())
    assert len(acknowledged) == 100
    rows = events_of(log)
    assert rows["position"].to_pylist() == list(range(1, 101))
    assert dict(zip(rows["position"].to_pylist(), rows["claim"].to_pylist(), strict=True)) == acknowledged
    assert log.verify().commits == 100
    assert log.compact() in (0, 32, 64, 96)
    assert log.verify().commits == 100


def elsewhere(folder: Path, objects: FolderObjects) -> Log:
    """Return a writer whose locks no other writer sees."""
    locks = folder.parent / "elsewhere"
    locks.mkdir(exist_ok=True)
    return Log(locks, objects=objects)


def filled(log: Log, numbers: Iterable[int]) -> Callable[[], None]:
    def fill() -> None:
        for number in numbers:
            append(log, number)

    return fill


class Sleeping(Volatile):
    """A writer's folder: others act while the writer sleeps, once, before or after it links its commit."""

    def __init__(
        self, folder: Path, before: Callable[[], None] | None = None, after: Callable[[], None] | None = None
    ) -> None:
        super().__init__(folder)
        self.before, self.after = before, after

    def _link(self, temporary: Path, name: str) -> None:
        before, self.before = self.before, None
        if before:
            before()
        super()._link(temporary, name)
        after, self.after = self.after, None
        if after:
            after()


def test_a_writer_that_lost_its_number_validates_again(tmp_path: Path) -> None:
    log = Log.create(tmp_path / "log")
    append(log, 1)
    sleeper = elsewhere(log.folder, Sleeping(log.folder, before=filled(log, [2])))
    heads: list[Commit | None] = []

    def prepare(head: Commit | None, recorded_at: int) -> pa.Table:
        heads.append(head)
        return rows_to_table([row(3)])

    commit = sleeper.append(prepare)
    assert commit is not None
    assert commit.number == 3
    assert heads == log.commits()[:2]
    assert log.verify().commits == 3


def test_a_writer_that_lost_its_number_may_find_nothing_left_to_do(tmp_path: Path) -> None:
    log = Log.create(tmp_path / "log")
    sleeper = elsewhere(log.folder, Sleeping(log.folder, before=filled(log, [1])))

    def prepare(head: Commit | None, recorded_at: int) -> pa.Table:
        return rows_to_table([] if head else [row(1)])

    assert sleeper.append(prepare) is None
    assert log.verify().events == 1


def test_a_writer_that_lost_its_number_lost_its_expected_position(tmp_path: Path) -> None:
    log = Log.create(tmp_path / "log")
    sleeper = elsewhere(log.folder, Sleeping(log.folder, before=filled(log, [1])))
    with pytest.raises(Conflict, match="end at position 0, got one that ends at 1"):
        sleeper.append(lambda head, recorded_at: rows_to_table([row(2)]), expected_position=0)
    assert log.verify().events == 1


@pytest.mark.parametrize("others", [31, 1_023])
def test_a_number_taken_and_merged_away_while_the_writer_slept(tmp_path: Path, others: int) -> None:
    """The link succeeds, since the file of that number is gone: the merged file shows that it was taken."""
    log = Log.create(tmp_path / "log")
    log = Log(log.folder, objects=Volatile(log.folder))
    append(log, 0)
    sleeping = Sleeping(log.folder, before=filled(log, range(1, others + 1)))
    heads: list[int] = []

    def prepare(head: Commit | None, recorded_at: int) -> pa.Table:
        heads.append(head.number if head else 0)
        return rows_to_table([row(-1)])

    commit = elsewhere(log.folder, sleeping).append(prepare)
    assert commit is not None
    assert heads == [1, others + 1]
    assert commit.number == others + 2
    assert names(log.folder) == [f"000000000001-{others + 1:012}.parquet", f"{others + 2:012}.parquet"]
    assert events_of(log)["claim"].to_pylist() == [*(f"{at} USD" for at in range(others + 1)), "-1 USD"]
    assert log.verify().commits == others + 2


def test_a_commit_merged_while_its_writer_slept_is_kept(tmp_path: Path) -> None:
    log = Log.create(tmp_path / "log")
    sleeping = Sleeping(log.folder, after=filled(log, range(1, 32)))
    commit = append(elsewhere(log.folder, sleeping), 0)
    assert commit.number == 1
    assert names(log.folder) == ["000000000001-000000000032.parquet"]
    assert events_of(log)["claim"].to_pylist() == [f"{at} USD" for at in range(32)]
    assert log.verify().commits == 32


def test_no_reader_believes_the_file_of_a_writer_that_is_about_to_lose(tmp_path: Path) -> None:
    log = Log.create(tmp_path / "log")
    append(log, 0)
    seen: list[object] = []

    def look() -> None:
        assert "000000000002.parquet" in names(log.folder)
        seen.extend([log.head_number(), events_of(log)["claim"].to_pylist()[1], log.verify().commits])
        # Compaction may even remove the file before its writer does.
        log.compact()
        assert "000000000002.parquet" not in names(log.folder)

    sleeping = Sleeping(log.folder, before=filled(log, range(1, 32)), after=look)
    commit = append(elsewhere(log.folder, sleeping), -1)
    assert seen == [32, "1 USD", 32]
    assert commit.number == 33
    assert log.verify().commits == 33


def test_two_machines_may_merge_the_same_block(tmp_path: Path) -> None:
    log = Log.create(tmp_path / "log")
    with log.maintenance():
        for number in range(64):
            append(log, number)
    commits = log.commits()

    class Slow(Volatile):
        def _link(self, temporary: Path, name: str) -> None:
            log.compact()
            super()._link(temporary, name)

    elsewhere(log.folder, Slow(log.folder)).compact()
    assert len(names(log.folder)) == 2
    assert log.commits() == commits
    assert log.verify().commits == 64
