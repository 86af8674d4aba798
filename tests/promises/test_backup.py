"""A backup is a store up to some commit, whatever happens meanwhile; a copy by hand verifies up to one."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import pytest

from tests import commands
from tests.commands import Done, environment
from tests.examples import counted, thinned
from tests.logs import Volatile, append, names
from timeline import BadInput, Conflict, Corruption, NotFound, Timeline
from timeline.log.log import Log

EVENT: Final = {"fact": "acme/motto", "text": "x", "source": "s", "reported": "2024-05"}


def run(folder: Path, *words: str) -> Done:
    return commands.run(folder, words)


def digests(store: Path) -> list[str]:
    return [commit.digest for commit in Log(store / "log").commits()]


def answers(store: Path) -> list[Any]:
    with Timeline.open(store) as tl:
        return [tl.sql("FROM events ORDER BY position").rows(), tl.beliefs().rows(), tl.history("*").rows()]


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.name.startswith((".timeline-tmp-", ".tmp-"))]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a store of three commits."""
    folder = tmp_path_factory.mktemp("made") / "desk"
    (folder / "events" / "deep").mkdir(parents=True)
    (folder / "queries").mkdir()
    (folder / "timeline.toml").write_text('[project]\nname = "desk"\n')
    (folder / "events" / "deep" / "notes.txt").write_text("kept")
    (folder / "events" / "secret").symlink_to("/etc/hostname")
    (folder / "queries" / "all.sql").write_text("-- All\nFROM beliefs")
    with Timeline.create(folder / ".timeline") as tl:
        for number in range(3):
            tl.append([EVENT | {"reported": f"2024-0{number + 1}"}], register_unknown=True)
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "desk", symlinks=True))


def log_of(store: Path, commits: int) -> Log:
    """Make a store of small commits without a sync."""
    Timeline.create(store).close()
    log = Log(store / "log", objects=Volatile(store / "log"))
    for number in range(commits):
        append(log, number)
    return log


# There and back


def test_a_backup_gives_the_same_store_and_project(project: Path, tmp_path: Path) -> None:
    backed = run(project, "backup", str(tmp_path / "backup"), "--json")
    assert backed.code == 0
    assert json.loads(backed.out)["commit"] == 3
    done = run(tmp_path, "restore", "backup", "--store", "again", "--json")
    assert (done.code, json.loads(done.out)["digest"]) == (0, digests(project / ".timeline")[-1])
    assert digests(tmp_path / "again" / ".timeline") == digests(project / ".timeline")
    assert answers(tmp_path / "again" / ".timeline") == answers(project / ".timeline")
    kept = {
        path.relative_to(tmp_path / "again") for path in (tmp_path / "again").rglob("*") if path.is_file()
    }
    assert {str(path) for path in kept if path.parts[0] != ".timeline"} == {
        *("timeline.toml", "events/deep/notes.txt", "queries/all.sql")
    }
    assert run(tmp_path, "verify", "--store", "again").code == 0
    # A backup answers by itself, too.
    assert answers(tmp_path / "backup") == answers(project / ".timeline")
    assert not leftovers(tmp_path)


def test_a_project_that_lost_its_store_gets_it_back(project: Path, tmp_path: Path) -> None:
    before = digests(project / ".timeline")
    with Timeline.open(project) as tl:
        tl.backup(tmp_path / "backup")
    (project / "queries" / "all.sql").write_text("-- Changed\nFROM claims")
    shutil.rmtree(project / ".timeline")
    assert run(project / "events", "restore", "../../backup").code == 0
    assert digests(project / ".timeline") == before
    assert "Changed" in (project / "queries" / "all.sql").read_text()
    again = run(project, "restore", "../backup")
    assert (again.code, "has something in it" in again.err) == (3, True)


def test_the_next_backup_copies_what_is_new(tmp_path: Path) -> None:
    log = log_of(tmp_path / "store", 30)
    with Timeline.open(tmp_path / "store") as tl:
        assert tl.backup(tmp_path / "backup").copied == 30
        assert tl.backup(tmp_path / "backup").copied == 0
        append(log, 30)
        found = tl.backup(tmp_path / "backup")
        assert (found.copied, found.files) == (1, 31)
        # The 32nd commit merges the block.
        append(log, 31)
        append(log, 32)
        found = tl.backup(tmp_path / "backup")
        assert (found.copied, found.files) == (2, 2)
        assert names(tmp_path / "backup" / "log") == names(tmp_path / "store" / "log")
        assert digests(tmp_path / "backup") == digests(tmp_path / "store")
        assert tl.backup(tmp_path / "linked", link=True).copied == 2
        for path in (tmp_path / "linked" / "log").glob("*.parquet"):
            assert path.samefile(tmp_path / "store" / "log" / path.name)


def test_an_empty_store_is_backed_up_and_restored(tmp_path: Path) -> None:
    with Timeline.create(tmp_path / "store") as tl:
        assert tl.backup(tmp_path / "backup").commit is None
    assert Timeline.restore(tmp_path / "backup", tmp_path / "again").commit is None
    with Timeline.open(tmp_path / "again") as tl:
        tl.append([EVENT], register_unknown=True)
        assert tl.verify().commits == 1


def test_an_erasure_reaches_the_next_backup(project: Path, tmp_path: Path) -> None:
    with Timeline.open(project) as tl:
        tl.append([EVENT | {"text": "a secret word", "key": "k"}])
        tl.backup(tmp_path / "backup")
        tl.backup(tmp_path / "linked", link=True)
        before = digests(tmp_path / "backup")
        tl.erase("k", reason="asked for")
        assert tl.backup(tmp_path / "backup").copied == 2
        tl.backup(tmp_path / "linked", link=True)
    for backup in (tmp_path / "backup", tmp_path / "linked"):
        assert digests(backup)[:-1] == before
        assert not [path for path in backup.rglob("*.parquet") if b"a secret word" in path.read_bytes()]
    restored = Timeline.restore(tmp_path / "backup", tmp_path / "again")
    assert restored.commit is not None
    with Timeline.open(tmp_path / "again") as tl:
        assert tl.verify().erased == 1


# What is refused


def test_a_backup_goes_nowhere_else(project: Path, tmp_path: Path) -> None:
    log_of(tmp_path / "other", 5)
    with Timeline.open(project) as tl, Timeline.open(tmp_path / "other") as other:
        tl.backup(tmp_path / "backup")
        with pytest.raises(Conflict, match="backup of another store"):
            other.backup(tmp_path / "backup")
        with pytest.raises(Conflict, match="is no backup"):
            tl.backup(project)
        with pytest.raises(Conflict, match="is no backup"):
            tl.backup(tmp_path / "other")
        with pytest.raises(BadInput, match="within the store"):
            tl.backup(project / ".timeline" / "backup")
        with pytest.raises(BadInput, match="there is no folder"):
            tl.backup(tmp_path / "nowhere" / "backup")
        (tmp_path / "file").touch()
        with pytest.raises(BadInput, match="is no folder"):
            tl.backup(tmp_path / "file")
        # The store lost its last commit, which the backup has.
        shutil.rmtree(project / ".timeline" / "index", ignore_errors=True)
        (project / ".timeline" / "log" / "000000000003.parquet").unlink()
    with Timeline.open(project) as tl, pytest.raises(Conflict, match="has lost its last commits"):
        tl.backup(tmp_path / "backup")
    assert len(digests(tmp_path / "backup")) == 3
    assert not leftovers(tmp_path)


def test_a_restore_goes_nowhere_else(project: Path, tmp_path: Path) -> None:
    with Timeline.open(project) as tl:
        tl.backup(tmp_path / "backup")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(Conflict, match="has something in it"):
        Timeline.restore(tmp_path / "backup", tmp_path / "full")
    with pytest.raises(Conflict, match="has something in it"):
        Timeline.restore(tmp_path / "backup", project)
    with pytest.raises(NotFound, match="no backup at"):
        Timeline.restore(tmp_path / "full", tmp_path / "again")
    # What a backup has besides no later one would clean, also of what was erased since.
    for within in (tmp_path / "backup" / "again", tmp_path / "full" / ".." / "backup" / "log"):
        with pytest.raises(BadInput, match="is within the backup"):
            Timeline.restore(tmp_path / "backup", within)
    (tmp_path / "backup" / "backup.json").write_text("{}")
    with pytest.raises(BadInput, match="no manifest"):
        Timeline.restore(tmp_path / "backup", tmp_path / "again")
    (tmp_path / "empty").mkdir()
    (tmp_path / "backup" / "backup.json").unlink()
    assert Timeline.restore(tmp_path / "backup", tmp_path / "empty").files == 3
    assert not (tmp_path / "again").exists()
    assert not leftovers(tmp_path)


# Damage


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 1
    file.write_bytes(content)


def test_a_damaged_store_makes_no_backup(project: Path, tmp_path: Path) -> None:
    with Timeline.open(project) as tl:
        flip(project / ".timeline" / "log" / "000000000002.parquet")
        with pytest.raises(Corruption, match=r"desk/.timeline/log/000000000002.parquet"):
            tl.backup(tmp_path / "backup")
    assert not (tmp_path / "backup").exists()
    assert not leftovers(tmp_path)


def test_a_damaged_backup_is_refused_and_gives_what_is_whole(project: Path, tmp_path: Path) -> None:
    before = digests(project / ".timeline")
    with Timeline.open(project) as tl:
        tl.backup(tmp_path / "backup")
    file = tmp_path / "backup" / "log" / "000000000003.parquet"
    whole = file.read_bytes()
    for damage in (lambda: flip(file), file.unlink, lambda: file.write_bytes(b"")):
        damage()
        with pytest.raises(Corruption) as raised:
            Timeline.restore(tmp_path / "backup", tmp_path / "again")
        assert str(tmp_path / "backup" / "log") in str(raised.value)
        assert not (tmp_path / "again").exists()
        found = Timeline.restore(tmp_path / "backup", tmp_path / "partial", partial=True)
        assert found.commit is not None
        assert found.commit.digest == before[1]
        assert digests(tmp_path / "partial" / ".timeline") == before[:2]
        shutil.rmtree(tmp_path / "partial")
        file.write_bytes(whole)
    (tmp_path / "backup" / "log" / "000000000002.parquet").unlink()
    lost = run(tmp_path, "verify", "--store", "backup")
    assert lost.code == 4
    assert f"whole up to commit 1, position 4, digest {before[0]}" in lost.err
    assert not leftovers(tmp_path)


def test_a_copy_whose_index_is_ahead_says_up_to_where_its_log_goes(project: Path) -> None:
    before = digests(project / ".timeline")
    with Timeline.open(project) as tl:
        tl.rebuild()
    (project / ".timeline" / "log" / "000000000003.parquet").unlink()
    done = run(project, "verify")
    assert done.code == 4
    assert "the index was built from 3 commits" in done.err
    assert f"whole up to commit 2, position 5, digest {before[1]}" in done.err


# While others write

WRITER: Final = """
import itertools, sys
from timeline.log.log import Log
from tests.logs import append
log = Log(sys.argv[1])
print(flush=True)
for number in itertools.count(int(sys.argv[2]) * 1_000_000):
    append(log, number)
"""


@contextmanager
def writers(log: Path, count: int = 2) -> Iterator[None]:
    """Let processes append to a log in the block, and merge its files."""
    with ExitStack() as stack:
        running = []
        for number in range(1, count + 1):
            started = subprocess.Popen(
                [sys.executable, "-c", WRITER, str(log), str(number)],
                env=environment(),
                stdout=subprocess.PIPE,
            )
            stack.callback(started.wait)
            stack.callback(started.kill)
            running.append(started)
        for started in running:
            assert started.stdout is not None
            started.stdout.readline()
        yield
        assert all(started.poll() is None for started in running)
    for started in running:
        assert started.stdout is not None
        started.stdout.close()


def is_beginning(store: Path, of: Path) -> bool:
    found = digests(store)
    return found == digests(of)[: len(found)]


def test_a_backup_while_others_write_is_a_beginning_of_the_store(tmp_path: Path) -> None:
    log_of(tmp_path / "store", 3)
    held = []
    with writers(tmp_path / "store" / "log"):
        for number in range(6):
            with Timeline.open(tmp_path / "store") as tl:
                head = tl.head()
                tl.backup(tmp_path / "backup")
                tl.backup(tmp_path / f"apart-{number}")
            found = len(digests(tmp_path / "backup"))
            assert head is not None
            assert found >= head.number
            held.append(found)
    assert held == sorted(held)
    for number in range(6):
        assert is_beginning(tmp_path / f"apart-{number}", tmp_path / "store")
    restored = Timeline.restore(tmp_path / "backup", tmp_path / "again")
    assert restored.commit is not None
    assert restored.commit.number == held[-1]
    assert is_beginning(tmp_path / "again", tmp_path / "store")
    assert Log(tmp_path / "again" / "log").verify().commits == held[-1]


def test_a_copy_by_hand_while_others_write_verifies_up_to_a_commit(tmp_path: Path) -> None:
    rounds = counted(4, 40)
    log_of(tmp_path / "store", 3)
    whole = 0
    with writers(tmp_path / "store" / "log"):
        for number in range(rounds):
            # cp complains of files that are merged away, and goes on.
            subprocess.run(["cp", "-r", "store", f"copy-{number}"], cwd=tmp_path, stderr=subprocess.DEVNULL)
    for number in range(rounds):
        copy = tmp_path / f"copy-{number}"
        verified = run(tmp_path, "verify", "--store", copy.name, "--json")
        if verified.code == 0:
            whole += 1
            assert is_beginning(copy, tmp_path / "store")
        else:
            assert verified.code == 4
            assert "whole up to commit" in verified.err or "no commit before" in verified.err
        done = run(tmp_path, "restore", copy.name, "--partial", "--store", f"again-{number}", "--json")
        assert done.code == 0, done.err
        assert is_beginning(tmp_path / f"again-{number}", tmp_path / "store")
        extent = json.loads(done.out)
        assert verified.code == 0 or not extent["commit"] or f"digest {extent['digest']}" in verified.err
    print(f"{whole} of {rounds} copies were whole")


BACKUP: Final = """
import sys
from pathlib import Path
from timeline.backups import back_up
print(flush=True)
for _ in range(100):
    back_up(Path(sys.argv[1]), None, Path(sys.argv[2]), link=False)
    if len(sys.argv) > 3:
        break
"""


def test_a_backup_that_is_killed_leaves_a_backup_or_nothing(tmp_path: Path) -> None:
    kills = counted(6, 300)
    seed = int(os.environ.get("TIMELINE_SEED", random.randrange(2**32)))
    print(f"TIMELINE_SEED={seed}")
    drawn = random.Random(seed)
    log = log_of(tmp_path / "store", 60)
    began = perf_counter()
    with Timeline.open(tmp_path / "store") as tl:
        tl.backup(tmp_path / "apart")
        tl.backup(tmp_path / "backup")
    took = perf_counter() - began
    there = 0
    for number in range(kills):
        target = tmp_path / "backup"
        if number % 3 == 2:
            shutil.rmtree(target, ignore_errors=True)
        for more in range(10):
            append(log, 1_000 + 10 * number + more)
        started = subprocess.Popen(
            [sys.executable, "-c", BACKUP, str(tmp_path / "store"), str(target), "once"],
            env=environment(),
            stdout=subprocess.PIPE,
        )
        assert started.stdout is not None
        started.stdout.readline()
        with suppress(subprocess.TimeoutExpired):
            started.wait(drawn.random() * took)
        started.kill()
        started.wait()
        started.stdout.close()
        if target.exists():
            there += 1
            assert is_beginning(target, tmp_path / "store"), f"TIMELINE_SEED={seed}"
            Log(target / "log").verify(quick=True)
    with Timeline.open(tmp_path / "store") as tl:
        tl.backup(tmp_path / "backup")
    assert digests(tmp_path / "backup") == digests(tmp_path / "store")
    # One that was killed before it had marked its temporary folder leaves that, with nothing in it.
    for name in leftovers(tmp_path):
        assert not [path for path in tmp_path.rglob(f"{name}/**/*") if path.stat().st_size]
    assert there
    print(f"{there} of {kills} kills left a backup")


@pytest.mark.parametrize("commits", thinned([1, 31, 32, 33, 64, 65, 100]))
def test_a_backup_of_any_length_is_whole(tmp_path: Path, commits: int) -> None:
    log_of(tmp_path / "store", commits)
    with Timeline.open(tmp_path / "store") as tl:
        found = tl.backup(tmp_path / "backup")
    assert found.commit is not None
    assert found.commit.number == commits
    assert digests(tmp_path / "backup") == digests(tmp_path / "store")
