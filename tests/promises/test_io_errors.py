"""An error of the system at any call: a clear error, nothing half-visible, and the next try works."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.examples import LONG
from tests.workers import Workers
from timeline import Timeline

ROOT = Path(__file__).resolve().parents[2]
SEED = int(os.environ.get("TIMELINE_SEED", "20260206"))
#: Errors that are tried of each step; with TIMELINE_LONG every one at every call.
TRIED = 2
#: So many tests share the cases of a step, which take an hour: pytest runs them on as many cores as it has.
PARTS: Final = 4 if LONG else 1
#: Calls that change nothing. There are ten times as many of them as of others, most of them alike: one for
#: each column of each commit. So each of these fails in turn on a store of few commits.
READING: Final = ("open", "pread", "read")

#: What each call may answer, as its manual page has it. 0 makes a write a short one.
_NAMES: Final = (errno.EIO, errno.ENOSPC, errno.EACCES, errno.EROFS)
ERRORS: Final = {
    "open": (errno.EIO, errno.EMFILE, errno.EACCES, errno.EINTR),
    "create": (*_NAMES, errno.EMFILE, errno.EINTR),
    "write": (errno.EIO, errno.ENOSPC, errno.EINTR, 0),
    "pwrite": (errno.EIO, errno.ENOSPC, errno.EINTR, 0),
    "pread": (errno.EIO, errno.EINTR),
    "read": (errno.EIO, errno.EINTR),
    "fsync": (errno.EIO, errno.ENOSPC),
    "ftruncate": (errno.EIO, errno.ENOSPC),
    "link": _NAMES,
    "rename": _NAMES,
    "unlink": (errno.EIO, errno.EACCES, errno.EROFS),
    "mkdir": _NAMES,
}
STEPS: Final = ("append", "refresh", "backup", "ingest", "compact", "rebuild", "ask", "verify")

#: Answers a line of JSON with one: what became of a step of which one call failed.
SCRIPT = """
import ctypes, gc, json, os, sys
from pathlib import Path
from tests.workers import say, serve
from timeline import Timeline
from timeline.errors import TimelineError
from timeline.log.log import Log
from tests.logs import events_of
import duckdb, polars, pyarrow, pyarrow.parquet, pydantic, numpy

faulty = ctypes.CDLL(sys.argv[1])
faulty.faulty_name.restype = faulty.faulty_call.restype = ctypes.c_char_p
faulty.faulty_calls.restype = ctypes.c_long
faulty.faulty_arm.argtypes = (ctypes.c_char_p, ctypes.c_long, ctypes.c_int)

EVENT = {"key": "new", "fact": "acme/plan@2100", "text": "new", "source": "wire"}

def run(step, folder):
    with Timeline.open(folder / "store") as tl:
        if step == "append":
            tl.append([EVENT])
        elif step == "ingest":
            tl.ingest(folder / "new.jsonl")
        elif step == "ask":
            assert tl.belief("acme/plan@2000").text == "k0"
            assert tl.snapshot().sql("SELECT count(*) FROM beliefs").rows[0][0] >= 3
        elif step == "backup":
            tl.backup(folder / "backup")
        else:
            getattr(tl, step)()

def keys(folder):
    return [row["key"] for row in events_of(Log(folder / "store" / "log")).to_pylist()]

def left(folder):
    # An error holds what it went through until it is collected.
    gc.collect()
    marks = (".tmp-", ".timeline-tmp-", ".building-")
    return [str(path) for path in folder.rglob("*") if path.name.startswith(marks)]

def tried(step, folder, at, error, changes):
    found = {"error": None}
    before = keys(folder)
    faulty.faulty_arm(os.fsencode(folder), at, error)
    try:
        run(step, folder)
    except (TimelineError, OSError) as error:
        found["error"] = f"{type(error).__name__}: {error}"
    except BaseException as error:
        import traceback
        found["raised"] = traceback.format_exc()
    finally:
        found["calls"] = faulty.faulty_calls()
        found["failed"] = faulty.faulty_call().decode()
        faulty.faulty_arm(b"", 0, 0)
    found["names"] = [faulty.faulty_name(n).decode() for n in range(found["calls"])] if at == 0 else []
    after = keys(folder)
    recorded = step in ("append", "ingest")
    found["kept"] = after[: len(before)] == before
    found["added"] = after[len(before) :]
    found["wanted"] = ["new"] if recorded else []
    run(step, folder)
    found["again"] = keys(folder) == before + found["wanted"]
    if not changes:
        found["left"] = left(folder)
        return found
    with Timeline.open(folder / "store") as tl:
        tl.verify(log_only=step != "verify")
        tl.append([EVENT | {"key": "later", "text": "later"}])
        tl.refresh()
        tl.compact()
    found["left"] = left(folder)
    return found

def work(line):
    asked = json.loads(line)
    say("answer " + json.dumps(tried(asked.pop("step"), Path(asked.pop("folder")), **asked)))

serve(work)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """Return a store one commit before its first block is full, and under False one of three commits.

    Each has a generation of two thirds of it.
    """
    return {many: make(tmp_path_factory.mktemp("made"), 30 if many else 3) for many in (True, False)}


def make(folder: Path, reports: int) -> Path:
    with Timeline.create(folder / "store") as tl:
        tl.append(
            [
                {"type": "entity-described", "id": "acme"},
                {"type": "attribute-described", "id": "plan"},
                {"type": "source-described", "id": "wire", "origin": "acme", "published": "2025-01-01"},
            ]
        )
        for number in range(reports):
            event = {"fact": f"acme/plan@{2000 + number}", "text": f"k{number}", "source": "wire"}
            tl.append([{"key": f"k{number}", **event}])
            if number + 1 == 2 * reports // 3:
                tl.refresh()
    (folder / "new.jsonl").write_text(
        json.dumps({"key": "new", "fact": "acme/plan@2100", "text": "new", "source": "wire"}) + "\n"
    )
    return folder


class Desk:
    """A store on which workers run a step, and one call of it fails."""

    def __init__(self, workers: Workers, made: dict[bool, Path], folder: Path) -> None:
        self.workers, self.made, self.folder = workers, made, folder

    def run(
        self, step: str, at: int = 0, error: int = 0, *, many: bool = True, changes: bool = True
    ) -> dict[str, Any]:
        """Run a step on a copy of the store, and let its call number `at` (from 1) fail; 0 for none.

        `many` picks the store of many commits. Where the call `changes` something, a verification, an append,
        a refresh and a compaction follow.
        """
        folder = self.folder / "desk"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.made[many], folder)
        asked = {"step": step, "folder": str(folder), "at": at, "error": error, "changes": changes}
        try:
            found: dict[str, Any] = json.loads(self.workers.ask(json.dumps(asked)))
        except AssertionError as failed:
            raise AssertionError(f"seed {SEED}, error {error} at call {at} of {step}: {failed}") from failed
        return found


@pytest.fixture(scope="module")
def desk(made: dict[bool, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    library = tmp_path_factory.mktemp("faulty") / "faulty.so"
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-O1", "-o", library, ROOT / "tests" / "faulty.c", "-ldl"], check=True
    )
    with Workers(SCRIPT, library, LD_PRELOAD=str(library)) as workers:
        yield Desk(workers, made, tmp_path_factory.mktemp("work"))


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("step", STEPS if LONG else STEPS[:3])
def test_an_error_at_any_call_that_changes_something_is_survived(desk: Desk, step: str, part: int) -> None:
    survives(desk, step, set(ERRORS).difference(READING), part, many=True)


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("step", STEPS if LONG else STEPS[1:2])
def test_an_error_at_any_call_that_reads_is_survived(desk: Desk, step: str, part: int) -> None:
    survives(desk, step, set(READING), part, many=False)


def survives(desk: Desk, step: str, calls: set[str], part: int, *, many: bool) -> None:
    quiet = desk.run(step, many=many)
    assert quiet["error"] is None
    cases = [
        (at, error)
        for at, call in enumerate(quiet["names"], start=1)
        if call in calls
        for error in ERRORS[call]
    ]
    chance = random.Random(f"{SEED} {step}")
    for at, error in cases[part::PARTS] if LONG else chance.sample(cases, min(TRIED, len(cases))):
        found = desk.run(step, at, error, many=many, changes=many)
        name = errno.errorcode.get(error, "a short write")
        where = (
            f"seed {SEED}, {step}: {name} at call {at} of {quiet['calls']}, {found.get('failed')}: {found}"
        )
        assert "raised" not in found, found["raised"] + where
        if found["error"] is not None:
            assert "fault of Timeline" not in found["error"], where
            assert "read_parquet" not in found["error"], where
        assert found["kept"], where
        # Whatever was promised is there; what failed may be there whole, and nothing else.
        assert found["added"] in ([], found["wanted"]), where
        if found["error"] is None:
            assert found["added"] == found["wanted"], where
        assert found["again"], where
        assert not found["left"], where
