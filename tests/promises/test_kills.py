"""A process that is killed at any moment loses nothing it was promised, and leaves a store that works."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

from tests.examples import LONG
from tests.logs import events_of
from tests.workers import Workers
from timeline import Timeline
from timeline.log.log import Log

SEED = int(os.environ.get("TIMELINE_SEED", "20250922"))
KILLS = 1000 if LONG else 10
#: After how many kills the whole store is checked, and not the log alone.
ONE_WHOLE = 50 if LONG else 5

#: A worker writes a word before each step, and what it was promised after it. Nothing is run before the fork,
#: so that no thread of a library is lost to it.
SCRIPT = """
import json, os, random
from pathlib import Path
from tests.workers import say, serve
from timeline import Timeline
import duckdb, polars, pyarrow, pydantic

def event(key):
    return {"key": key, "fact": f"acme/plan@{2000 + int(key[1:]) % 500}", "text": key, "source": "wire"}

def work(line):
    folder, turn, seed = line.rsplit(" ", 2)
    folder, turn = Path(folder), int(turn)
    chance = random.Random(int(seed))
    count = 0
    def keys(number):
        nonlocal count
        count += number
        return [f"k{turn * 10000 + count - nth}" for nth in range(number)]
    with Timeline.open(folder / "store") as tl:
        while True:
            step = chance.choice(("append", "append", "append", "many", "ingest", "compact", "refresh",
                                  "rebuild", "backup", "ask"))
            say(f"begin {step}")
            if step in ("append", "many"):
                made = keys(1 if step == "append" else chance.choice((5, 700)))
                tl.append([event(key) for key in made])
                say("have " + " ".join(made))
            elif step == "ingest":
                made = keys(20)
                path = folder / f"{turn}.jsonl"
                path.write_text("".join(json.dumps(event(key)) + "\\n" for key in made))
                tl.ingest(path)
                say("have " + " ".join(made))
            elif step == "compact":
                tl.compact()
            elif step == "refresh":
                tl.refresh()
            elif step == "rebuild":
                tl.rebuild()
            elif step == "backup":
                tl.backup(folder / "backup")
            else:
                tl.belief("acme/plan@2001")

serve(work)
"""


class Killed:
    """What workers of which each was killed were promised, and what they were at."""

    def __init__(self, workers: Workers, folder: Path) -> None:
        self.workers, self.folder = workers, folder
        self.acknowledged: set[str] = set()
        self.killed_in: Counter[str] = Counter()

    def kill_one(self, turn: int, chance: random.Random) -> None:
        """Start a worker, and kill it somewhere in one of its steps."""
        pid = self.workers.start(f"{self.folder} {turn} {chance.randrange(2**30)}")
        steps = chance.randrange(1, 8)
        began = "the start"
        while True:
            word, rest = self.workers.next()
            if word == "have":
                self.acknowledged.update(rest.split())
            elif word == "begin":
                began = rest
                steps -= 1
            else:
                assert word == "over"
                break
            if steps == 0:
                # Of a step of an unknown length some part: short ones are as likely as long ones.
                until = time.perf_counter() + 10 ** chance.uniform(-5, -0.7)
                while time.perf_counter() < until:
                    pass
                os.kill(pid, signal.SIGKILL)
                steps = -1
        self.killed_in[began] += 1


def check_log(folder: Path, acknowledged: set[str]) -> None:
    """Check that every acknowledged event is in the log, and none twice."""
    log = Log(folder / "store" / "log")
    rows = events_of(log).select(["position", "event_id", "key"]).to_pydict()
    assert rows["position"] == list(range(1, len(rows["position"]) + 1))
    assert len(set(rows["event_id"])) == len(rows["event_id"])
    assert acknowledged <= set(rows["key"]), sorted(acknowledged - set(rows["key"]))[:5]


def check_store(folder: Path, acknowledged: set[str]) -> None:
    """Check that a store opens, agrees with its log, and that its backup is whole."""
    with Timeline.open(folder / "store") as tl:
        tl.verify(log_only=True)
        indexed = {row[0] for row in tl.snapshot().sql("SELECT key FROM events").rows}
        assert acknowledged <= indexed
        recorded = tl.append([{"fact": "acme/plan@2001", "text": str(len(acknowledged)), "source": "wire"}])
        assert recorded.count <= 1
    if (folder / "backup").exists():
        with Timeline.open(folder / "backup", read_only=True) as copy:
            copy.verify(log_only=True)


def left_behind(folder: Path) -> list[str]:
    """Return what a killed process may leave and nobody has removed, once another has worked there."""
    found = [path.relative_to(folder).as_posix() for path in folder.rglob("*")]
    return [
        path
        for path in found
        if path.rpartition("/")[2].startswith((".tmp", ".timeline-tmp-", ".building-"))
        or ".duckdb.tmp" in path
    ]


def test_no_kill_loses_what_was_acknowledged(tmp_path: Path) -> None:
    with Timeline.create(tmp_path / "store") as tl:
        tl.append(
            [
                {"type": "entity-described", "id": "acme"},
                {"type": "attribute-described", "id": "plan"},
                {"type": "source-described", "id": "wire", "origin": "acme", "published": "2025-01-01"},
            ]
        )
    chance = random.Random(SEED)
    with Workers(SCRIPT) as workers:
        killed = Killed(workers, tmp_path)
        for turn in range(1, KILLS + 1):
            try:
                killed.kill_one(turn, chance)
                check_log(tmp_path, killed.acknowledged)
                if turn % ONE_WHOLE == 0:
                    check_store(tmp_path, killed.acknowledged)
            except BaseException as error:
                error.add_note(f"seed {SEED}, kill {turn} of {dict(killed.killed_in)}")
                raise
    assert killed.killed_in.total() == KILLS
    assert len(killed.killed_in) >= 4
    with Timeline.open(tmp_path / "store") as tl:
        tl.rebuild()
        for _ in range(2):
            tl.append([{"fact": "acme/plan@2002", "text": os.urandom(4).hex(), "source": "wire"}])
        tl.compact()
        tl.verify()
    assert not left_behind(tmp_path / "store"), left_behind(tmp_path / "store")
