"""Whatever is done to the files of a log, verifying finds it, and names file, commit and position.

`OUTCOMES` is the table of docs/reliability.md: what finds each kind, and what a plain reading command makes
of it.
"""

from __future__ import annotations

import os
import random
import re
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pytest

from tests import commands
from tests.examples import LONG
from tests.logs import always, row
from timeline import Corruption, Timeline
from timeline.log.file import Commit, CommitRecord, LogFile, records_of, rows_of
from timeline.log.log import Log, Rows
from timeline.log.writing import encoded
from timeline.meaning.identity import content_of, event_id

#: The commits of the store, and the events of each.
COMMITS: Final = 4
EVENTS: Final = 3


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tampered") / "desk"
    with Timeline.create(folder) as tl:
        for number in range(COMMITS):
            reports = [
                {
                    "fact": f"acme/plan-{each}",
                    "text": f"{number}",
                    "source": "s",
                    "reported": f"2024-0{number + 1}",
                }
                for each in range(EVENTS)
            ]
            tl.append(reports, register_unknown=not number)
        tl.rebuild()
    return folder


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "desk"))


def named(log: Path, number: int) -> Path:
    return log / f"{number:012}.parquet"


def record_of(log: Path, number: int) -> CommitRecord:
    (record,) = records_of(LogFile(named(log, number).name, number, number, str(named(log, number))))
    return record


# What is done to a log


def flip(log: Path) -> None:
    content = bytearray(named(log, 2).read_bytes())
    content[len(content) // 2] ^= 1
    named(log, 2).write_bytes(content)


def truncate(log: Path) -> None:
    named(log, 2).write_bytes(named(log, 2).read_bytes()[:-100])


def swap(log: Path) -> None:
    second, third = named(log, 2).read_bytes(), named(log, 3).read_bytes()
    named(log, 2).write_bytes(third)
    named(log, 3).write_bytes(second)


def duplicate(log: Path) -> None:
    shutil.copyfile(named(log, 2), named(log, COMMITS + 1))


def rewrite(log: Path, number: int, previous: Commit | None, **columns: object) -> Commit:
    """Change the first event of a commit, and every hash in its file so that it fits."""
    path = str(named(log, number))
    old = record_of(log, number).commit
    rows = rows_of(path).to_pylist()
    rows[0] |= columns
    if "text" in columns:
        rows[0]["event_id"] = event_id(content_of(rows[0]))
    table = pa.Table.from_pylist(rows, schema=rows_of(path).schema)
    record = CommitRecord.of(table["event_id"], previous, old.first_position, old.recorded_at)
    Path(path).write_bytes(encoded(table, [record]))
    return record.commit


def forge(log: Path, first: int = 2) -> None:
    """Change a commit, and all later ones so that their digests continue it."""
    commit = rewrite(log, first, record_of(log, first - 1).commit, text="forged")
    for number in range(first + 1, COMMITS + 1):
        commit = rewrite(log, number, commit)


def replay(log: Path) -> None:
    """Put an older copy of the log in its place."""
    for number in (3, 4):
        named(log, number).unlink()


def replace_last(log: Path) -> None:
    """Put another commit in the place of the last."""
    named(log, COMMITS).unlink()
    Log(log).append(always(Rows([row(1, fact="acme/plan-0")])))


TAMPERING: Final[dict[str, Callable[[Path], object]]] = {
    "a byte flipped": flip,
    "a file truncated": truncate,
    "a file emptied": lambda log: named(log, 2).write_bytes(b""),
    "a file dropped": lambda log: named(log, 2).unlink(),
    "two files swapped": swap,
    "a file duplicated": duplicate,
    "a commit rewritten, with hashes that fit": lambda log: rewrite(
        log, 2, record_of(log, 1).commit, text="forged"
    ),
    "the content of an event, its id kept": lambda log: rewrite(
        log, 2, record_of(log, 1).commit, claim="forged"
    ),
    "the last commits dropped": replay,
    "the last commit replaced": replace_last,
    "a commit and all later ones rewritten": forge,
}
#: For each: whether `verify` finds it without an index and without a digest, the commit up to which it then
#: finds the log whole, and the exit codes of `show` with the index, and without it.
OUTCOMES: Final[dict[str, tuple[bool, int, int, int]]] = {
    "a byte flipped": (True, 1, 0, 4),
    "a file truncated": (True, 1, 0, 4),
    "a file emptied": (True, 1, 0, 4),
    "a file dropped": (True, 1, 4, 4),
    "two files swapped": (True, 1, 0, 4),
    "a file duplicated": (True, COMMITS, 4, 4),
    "a commit rewritten, with hashes that fit": (True, 2, 0, 4),
    "the content of an event, its id kept": (True, 1, 0, 0),
    "the last commits dropped": (False, 0, 4, 0),
    "the last commit replaced": (False, 0, 4, 0),
    "a commit and all later ones rewritten": (False, 0, 4, 0),
}


@pytest.mark.parametrize("kind", TAMPERING)
def test_every_kind_of_tampering_is_found(kind: str, store: Path) -> None:
    by_itself, whole, with_index, without = OUTCOMES[kind]
    head = Log(store / "log").head()
    assert head is not None
    TAMPERING[kind](store / "log")
    # Of a commit that was rewritten it is the new one, which is whole in itself.
    beginning = record_of(store / "log", max(whole, 1)).commit

    def run(*words: str) -> commands.Done:
        return commands.run(store.parent, [*words, "--store", "desk"])

    # The index shows what the log alone cannot; a digest that was noted elsewhere shows everything.
    assert run("verify").code == 4
    assert run("show").code == with_index
    shutil.rmtree(store / "index")
    found = run("verify")
    assert found.code == (4 if by_itself else 0)
    if by_itself:
        assert str(store / "log") in found.err
        assert re.search(r"commits? \d", found.err)
        assert (
            f"whole up to commit {whole}, position {beginning.last_position}, digest {beginning.digest}"
            in found.err
        )
    expected = run("verify", "--expect", head.digest, "--at", str(head.number))
    assert expected.code == 4
    assert by_itself or (head.digest in expected.err and f"commit {head.number}" in expected.err)
    assert run("show").code == without


@pytest.mark.parametrize("kind", [kind for kind, outcome in OUTCOMES.items() if outcome[0]])
def test_quick_verifying_finds_what_the_hashes_of_files_show(kind: str, store: Path) -> None:
    TAMPERING[kind](store / "log")
    log = Log(store / "log")
    if kind == "the content of an event, its id kept":
        assert log.verify(quick=True).commits == COMMITS
    else:
        with pytest.raises(Corruption):
            log.verify(quick=True)


def test_what_no_id_covers_shows_by_an_index_alone(store: Path) -> None:
    """A limit that docs/reliability.md names: instants that were worked out, changed with the file's hash."""
    head = Log(store / "log").head()
    assert head is not None
    rewrite(store / "log", 2, record_of(store / "log", 1).commit, reported_at=datetime(2020, 1, 1))  # noqa: DTZ001
    expect = ["verify", "--expect", head.digest, "--store", "desk"]
    assert commands.run(store.parent, expect).code == 4
    shutil.rmtree(store / "index")
    assert commands.run(store.parent, expect).code == 0


def test_every_byte_of_a_log_counts(store: Path) -> None:
    """Each byte of each file is flipped in turn; CI flips some of them."""
    seed = int(os.environ.get("TIMELINE_SEED", random.randrange(2**32)))
    print(f"TIMELINE_SEED={seed}")
    drawn = random.Random(seed)
    log = store / "log"
    flipped = 0
    for number in range(1, COMMITS + 1):
        path = named(log, number)
        content = path.read_bytes()
        places = range(len(content)) if LONG else sorted(drawn.sample(range(len(content)), 60))
        for at in places:
            changed = bytearray(content)
            changed[at] ^= 1 << drawn.randrange(8)
            path.write_bytes(changed)
            with pytest.raises(Corruption, match=path.name):
                Log(log).verify(quick=True)
            flipped += 1
            if flipped % (500 if LONG else 60) == 0:
                with pytest.raises(Corruption, match=path.name), Timeline.open(store) as tl:
                    tl.verify(log_only=True)
        path.write_bytes(content)
    assert Log(log).verify().commits == COMMITS
    print(f"{flipped} bytes flipped, each found")


def test_a_file_cut_at_any_place_is_found(store: Path) -> None:
    path = named(store / "log", 3)
    content = path.read_bytes()
    for length in range(0, len(content), 1 if LONG else 97):
        path.write_bytes(content[:length])
        with pytest.raises(Corruption, match=path.name):
            Log(store / "log").verify(quick=True)
    path.write_bytes(content + b"\0")
    with pytest.raises(Corruption, match=path.name):
        Log(store / "log").verify(quick=True)


def test_what_is_beside_the_log_is_not_taken_for_it(store: Path) -> None:
    log = store / "log"
    for name in (
        "5.parquet",
        "000000000005.parquet.bak",
        ".tmp-1-000000000000",
        "000000000002-000000000004.parquet",
    ):
        shutil.copyfile(named(log, 2), log / name)
    assert Log(log).verify().commits == COMMITS


@pytest.mark.parametrize("seed", [None] if not LONG else range(200))
def test_several_things_at_once_are_found(seed: int | None, store: Path) -> None:
    seed = int(os.environ.get("TIMELINE_SEED", random.randrange(2**32))) if seed is None else seed
    print(f"TIMELINE_SEED={seed}")
    drawn = random.Random(seed)
    head: Any = Log(store / "log").head()
    for kind in drawn.sample(sorted(TAMPERING), 2):
        try:
            TAMPERING[kind](store / "log")
        except (FileNotFoundError, Corruption, IndexError, ValueError):
            # The first left nothing for the second to do.
            continue
    shutil.rmtree(store / "index")
    with pytest.raises(Corruption), Timeline.open(store) as tl:
        tl.verify(expect=head.digest, at=head.number)
