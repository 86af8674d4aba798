"""Stores that several processes use at once, and that lose a process or a folder on the way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Any, Final

import pytest

from tests.examples import some
from tests.stores import lasting
from timeline import Timeline

ROOT = Path(__file__).resolve().parents[2]

NAMES: Final[list[dict[str, object]]] = [
    {"type": "attribute-described", "id": "count"},
    {"type": "entity-described", "id": "acme"},
    {"type": "source-described", "id": "wire"},
]

#: What every process begins with; its first argument is the store.
PREAMBLE: Final = """
import json, os, signal, sys
from timeline import Timeline

def report(number, **more):
    "The n-th report, which displaces the one before."
    more |= {"claim": f"{number} count", "reported": f"{1950 + number}"}
    return {"fact": "acme/count", "source": "wire"} | more

def state(con):
    "What one connection shows, from five corners."
    return con.execute('''
        SELECT {
            'events': (SELECT count(*) FROM events),
            'position': (SELECT max(first_position + count - 1) FROM store.commits),
            'commit': (SELECT max(number) FROM store.commits),
            'reports': (SELECT count(*) FROM history('*')),
            'believed': (SELECT any_value(amount)::INTEGER FROM beliefs),
        }
    ''').fetchone()[0]

def say(what):
    print(json.dumps(what), flush=True)

path = sys.argv[1]
"""


class Process:
    """A Python process that prints values, one a line, and that waits for a line before it goes on."""

    def __init__(self, script: str, *arguments: object, **options: Any) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PREAMBLE + script, *map(str, arguments)],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            **options,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.stdin: IO[str] = self.process.stdin
        self.stdout: IO[str] = self.process.stdout

    def next_value(self) -> Any:
        line = self.stdout.readline()
        assert line, f"ended with {self.process.wait()}"
        return json.loads(line)

    def go_on(self) -> None:
        self.stdin.write("\n")
        self.stdin.flush()

    def end(self) -> list[Any]:
        """Return the values that the process still prints until it ends by itself."""
        self.stdin.close()
        rest = [json.loads(line) for line in self.stdout]
        self.stdout.close()
        assert self.process.wait() == 0
        return rest

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.stdin.close()
        self.stdout.close()
        assert self.process.wait() == -signal.SIGKILL


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return a store of one report, indexed."""
    with Timeline.create(tmp_path / "store") as tl:
        tl.append(NAMES)
        tl.append([report(0)])
        assert tl.rebuild() is not None
    return tmp_path / "store"


def report(number: int) -> dict[str, object]:
    return {
        "fact": "acme/count",
        "claim": f"{number} count",
        "source": "wire",
        "reported": f"{1950 + number}",
    }


def consistent(state: dict[str, int]) -> bool:
    """Return whether an answer is that of one commit, seen whole: the n-th report came in commit n + 2."""
    number = state["commit"] - 2
    return state == {
        "events": number + 4,
        "position": number + 4,
        "commit": number + 2,
        "reports": number + 1,
        "believed": number,
    }


# Several at once

READER = """
while True:
    tl = Timeline.open(path, read_only=sys.argv[2] == "read-only")
    for _ in range(3):
        now = state(tl.connect())
        say(now)
        if now["believed"] == int(sys.argv[3]):
            sys.exit()
"""

WRITER = """
tl = Timeline.open(path)
for number in range(1, int(sys.argv[2]) + 1):
    tl.append([report(number)])
    if number % 10 == 0:
        tl.rebuild()
"""


def test_readers_see_one_commit_after_the_other(store: Path) -> None:
    readers = [Process(READER, store, kind, 30) for kind in ("read-only", "building")]
    seen = [[reader.next_value()] for reader in readers]
    assert all(states[0]["believed"] == 0 for states in seen)
    writer = Process(WRITER, store, 30)
    for states, reader in zip(seen, readers, strict=True):
        states += reader.end()
    assert writer.end() == []
    for states in seen:
        assert [state for state in states if not consistent(state)] == []
        commits = [state["commit"] for state in states]
        assert commits == sorted(commits)
        assert commits[-1] == 32
    with Timeline.open(store) as tl:
        assert tl.verify().events == 34


RACER = """
tl = Timeline.open(path)
say("ready")
sys.stdin.readline()
for number in range(15):
    say(tl.append([report(number, key=f"{sys.argv[2]}-{number}")]).number)
"""


def test_of_two_writers_each_records_all_of_its_own(store: Path) -> None:
    racers = [Process(RACER, store, name) for name in ("one", "two")]
    for racer in racers:
        assert racer.next_value() == "ready"
    for racer in racers:
        racer.go_on()
    numbers = [racer.end() for racer in racers]
    assert sorted(numbers[0] + numbers[1]) == list(range(3, 33))
    with Timeline.open(store) as tl:
        assert tl.verify().commits == 32
        keys = tl.sql("SELECT key FROM events WHERE key IS NOT NULL ORDER BY key")["key"].to_list()
    assert keys == sorted(f"{name}-{number}" for name in ("one", "two") for number in range(15))


HOLDER = """
tl = Timeline.open(path)
con = tl.connect()
say(state(con))
while sys.stdin.readline():
    say([state(con), state(tl.connect())])
"""


def test_a_generation_is_read_on_after_others_took_its_place(store: Path) -> None:
    holder = Process(HOLDER, store)
    first = holder.next_value()
    assert consistent(first)
    [held] = (store / "index").glob("*.duckdb")
    with Timeline.open(store) as tl:
        for number in range(1, 4):
            tl.append([report(number)])
            tl.rebuild()
            holder.go_on()
            then, now = holder.next_value()
            assert then == first
            assert consistent(now)
            assert now["believed"] == number
    assert not held.exists()
    assert len(list((store / "index").glob("*.duckdb"))) == 1
    assert holder.end() == []


# Death

ENDLESS = """
tl = Timeline.open(path)
number = 0
while True:
    number += 1
    say(tl.append([report(number)]).number)
    if number % 5 == 0:
        tl.rebuild()
"""


@pytest.mark.parametrize("acknowledged", [1, 5, 12])
def test_what_a_killed_writer_acknowledged_is_answered(store: Path, acknowledged: int) -> None:
    writer = Process(ENDLESS, store)
    while writer.next_value() < acknowledged + 2:
        pass
    writer.kill()
    # Written after the last commit that was acknowledged, or not at all.
    with Timeline.open(store) as tl:
        recorded = tl.verify().commits
        assert recorded >= acknowledged + 2
        belief = tl.belief("acme/count")
        assert belief is not None
        assert belief.claim == f"{recorded - 2} count"
        assert tl.history("*").height == recorded - 1
        assert tl.append([report(70)]).number == recorded + 1


#: Dies at a point of building the index, after everything was recorded.
DYING = """
def die(what):
    if what == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGKILL)

with Timeline.open(path) as tl:
    tl.progress = die
    tl.ingest(sys.argv[2])
"""


@pytest.mark.parametrize(
    "point", some(["reading the log", "writing events", "resolving beliefs", "writing rows"], 2)
)
def test_a_writer_may_die_while_it_builds_the_index(tmp_path: Path, point: str) -> None:
    Timeline.create(tmp_path / "store").close()
    writer = Process(DYING, tmp_path / "store", ROOT / "events", point)
    assert writer.stdout.read() == ""
    writer.kill()
    index = tmp_path / "store" / "index"
    assert [path.name[:10] for path in index.iterdir() if path.suffix == ".duckdb"] in ([], [".building-"])
    with Timeline.open(tmp_path / "store") as tl:
        belief = tl.belief("nvidia/investment/openai", as_of="2025-10-15")
        assert belief is not None
        assert belief.claim == "up to 100 billion USD"
        again = tl.ingest(ROOT / "events")
        assert (again.new, again.commits) == (0, [])
        assert again.known == tl.verify().events
        # The files that the dead writer left are gone.
        assert sorted(path.suffix for path in lasting(index.iterdir())) == [".duckdb", ".rows"]
        assert {path.name[0] for path in index.glob("*.duckdb")} == {"0"}


#: Dies while a generation grows: where it reports that it is at a point, or at a step of the writing.
DYING_WHILE_GROWING: Final = """
import shutil, timeline.index.index as index

def die(*whatever):
    os.kill(os.getpid(), signal.SIGKILL)

point = sys.argv[2]
if point == "half copied":
    def half(source, target):
        content = open(source, "rb").read()
        with open(target, "wb") as file:
            file.write(content[: len(content) // 2])
            file.flush()
            die()
    shutil.copyfile = half
elif point == "put in, not synced":
    index.sync_file = die
elif point == "before the rename":
    os.replace = die
elif point in ("between the renames", "after the rename"):
    rename, last = os.replace, ".rows" if point == "between the renames" else ".duckdb"
    def renamed(source, target):
        rename(source, target)
        if str(target).endswith(last):
            die()
    os.replace = renamed

tl = Timeline.open(path)
tl.progress = lambda what: what == point and die()
tl.refresh()
"""

#: Where the writer dies, and whether its generation was published by then.
POINTS: Final = {
    "copying the last generation": False,
    "half copied": False,
    "putting in what was appended since": False,
    "put in, not synced": False,
    "before the rename": False,
    "between the renames": False,
    "after the rename": True,
}


@pytest.mark.parametrize("point", some([*POINTS], 3))
def test_a_writer_may_die_while_it_grows_a_generation(tmp_path: Path, point: str) -> None:
    store = tmp_path / "store"
    with Timeline.create(store) as tl:
        tl.append(NAMES)
        # Enough events that one more is less than a tenth.
        tl.append([report(number) for number in range(20)])
        assert tl.rebuild() is not None
        tl.append([report(20)])
    index = store / "index"
    [old] = index.glob("*.duckdb")
    content = old.read_bytes()
    holder = Process(HOLDER, store)
    first = holder.next_value()
    assert first["believed"] == 20
    writer = Process(DYING_WHILE_GROWING, store, point)
    assert writer.stdout.read() == ""
    writer.kill()
    # The old generation is unchanged, and its readers read on; no incomplete one is taken for complete.
    assert old.read_bytes() == content
    published = [path for path in index.glob("0*.duckdb") if path != old]
    assert len(published) == POINTS[point]
    holder.go_on()
    assert holder.next_value() == [first, first]
    with Timeline.open(store, read_only=True) as tl:
        stats = tl.stats()
        assert (stats["events"], stats["tail_events"]) == (24, 0 if published else 1)
        belief = tl.belief("acme/count")
        assert belief is not None
        assert belief.claim == "20 count"
    with Timeline.open(store) as tl:
        tl.append([report(21)])
        grown = tl.refresh()
        # The files that the dead writer left are gone.
        assert grown is not None
        assert set(lasting(index.iterdir())) == {grown, grown.with_suffix(".rows")}
        stats = tl.stats()
        assert (stats["events"], stats["tail_events"]) == (25, 0)
        belief = tl.belief("acme/count")
        assert belief is not None
        assert belief.claim == "21 count"
        assert tl.history("acme/count").height == 22
        assert tl.verify().events == 25
    holder.go_on()
    then, now = holder.next_value()
    assert then == first
    assert now["believed"] == 21
    assert holder.end() == []


# Folders that are lost, or that nobody may write

ASKER = """
tl = Timeline.open(path)
say(state(tl.connect()))
while sys.stdin.readline():
    say(state(tl.connect()))
"""


@pytest.mark.parametrize("loss", ["deleted", "emptied", "cut short", "a file in its place"])
def test_the_index_may_be_lost_at_any_time(store: Path, loss: str) -> None:
    reader = Process(ASKER, store)
    assert reader.next_value()["believed"] == 0
    index = store / "index"
    if loss == "cut short":
        for path in index.glob("*.duckdb"):
            # Replaced, not changed: the reader keeps the file that it has open.
            path.with_suffix(".short").write_bytes(path.read_bytes()[:5000])
            path.with_suffix(".short").replace(path)
    else:
        shutil.rmtree(index)
    if loss == "emptied":
        index.mkdir()
    elif loss == "a file in its place":
        index.write_text("")
    reader.go_on()
    assert reader.next_value()["believed"] == 0
    with Timeline.open(store) as tl:
        tl.append([report(1)])
        belief = tl.belief("acme/count")
        assert belief is not None
        assert belief.claim == "1 count"
    reader.go_on()
    now = reader.next_value()
    assert consistent(now)
    assert now["believed"] == 1
    assert reader.end() == []
    assert index.is_file() == (loss == "a file in its place")


GUEST: Final = """
# All modules have to be imported before the process gives up the rights of root, who may do anything.
with Timeline.open(path, read_only=True) as tl:
    say(state(tl.connect()))
    tl.verify()
if os.geteuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)
try:
    open(os.path.join(path, "note"), "w")
except PermissionError:
    tl = Timeline.open(path)
    say(state(tl.connect()))
    say(tl.verify().events)
"""


@pytest.mark.parametrize("index", some(["as it was", "outrun by the log", "none"], 3))
def test_who_may_not_write_can_read(store: Path, index: str) -> None:
    if index == "outrun by the log":
        with Timeline.open(store) as tl:
            tl.append([report(1)])
    elif index == "none":
        shutil.rmtree(store / "index")
    # Outside pytest's own folders, which only one user may read.
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(store, Path(folder) / "store"))
        paths = [Path(folder), copy, *copy.rglob("*")]
        for path in paths:
            path.chmod(0o555 if path.is_dir() else 0o444)
        before = lasting(copy.rglob("*"))
        now, again, verified = Process(GUEST, copy).end()
        assert lasting(copy.rglob("*")) == before
        for path in paths:
            path.chmod(0o755)
    assert consistent(now)
    assert now["believed"] == (1 if index == "outrun by the log" else 0)
    assert again == now
    assert verified == now["events"]
