"""Files that were damaged, removed, swapped or edited: no command takes them for what was recorded."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pytest

from tests import commands
from tests.commands import Done
from tests.examples import LONG, some
from timeline import BadInput, Corruption, Timeline
from timeline.index.rows import RowStore
from timeline.log.file import NO_SHA256, SHA256_KEY, footer_of, rows_of, value_at

ROOT: Final = Path(__file__).resolve().parents[2]

EVENTS: Final = [
    {"fact": "acme/revenue@2024", "amount": "5", "unit": "USD", "reported": "2024-03-01"},
    {"fact": "acme/revenue@2024", "amount": "7", "unit": "USD", "reported": "2024-06-01", "key": "seven"},
    {"fact": "acme/ceo", "entity": "ann", "reported": "2024-01-05", "valid": "2024-01-01/2024-12-31"},
    {"fact": "acme/ceo", "entity": "bob", "reported": "2024-08-05", "valid": "2024-06-01/.."},
    {"type": "corrected", "target": "seven", "amount": "6", "unit": "USD", "reason": "misread"},
    {"fact": "acme/staff", "amount": "900", "unit": "count", "reported": "2025-01-01"},
]

COMMANDS: Final = (
    *(["show"], ["show", "acme/ceo"], ["history", "acme/ceo"], ["why", "acme/ceo"], ["disagreements"]),
    *(["diff", "2024-02-01", "2024-12-01"], ["sql", "FROM events"], ["stats"], ["head"], ["verify"]),
    *(["rebuild"], ["compact"], ["report", "acme/staff", "1", "--source", "s", "--reported", "2025-02-01"]),
    *(
        ["correct", "seven", "--void", "--reason", "x"],
        ["ingest", "events"],
        ["export", "duckdb", "x.duckdb"],
    ),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store of several commits, of which the last is not in the generation."""
    path = tmp_path_factory.mktemp("made") / "store"
    with Timeline.create(path) as tl:
        for event in EVENTS[:-1]:
            tl.append([{"source": "s"} | event], register_unknown=True)
        tl.rebuild()
        tl.append([{"source": "s"} | EVENTS[-1]], register_unknown=True)
    return path


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "store"))


def answers_of(tl: Timeline) -> list[Any]:
    frames = tl.sql("FROM events ORDER BY position"), tl.beliefs(), tl.history("*"), tl.claims()
    return [frame.rows() for frame in frames]


def answers(path: Path) -> list[Any]:
    with Timeline.open(path) as tl:
        return answers_of(tl)


def run(path: Path, command: list[str]) -> Done:
    (path.parent / "events").mkdir(exist_ok=True)
    (path.parent / "events" / "more.jsonl").write_text(json.dumps({"source": "s"} | EVENTS[0]))
    return commands.run(path.parent, [*command, "--store", str(path)])


# The log


def test_a_flipped_bit_of_the_log_is_found_before_it_is_believed(made: Path, tmp_path: Path) -> None:
    """Without an index all of the log is read."""
    expected = answers(made)
    drawn = random.Random(7)
    for number in range(40):
        path = Path(shutil.copytree(made, tmp_path / str(number)))
        shutil.rmtree(path / "index")
        file = drawn.choice(sorted((path / "log").glob("*.parquet")))
        content = bytearray(file.read_bytes())
        content[drawn.randrange(len(content))] ^= 1 << drawn.randrange(8)
        file.write_bytes(content)
        with pytest.raises(Corruption, match=file.name):
            answers(path)
        shutil.rmtree(path)
    assert answers(made) == expected


def test_a_damaged_file_with_a_hash_that_fits_is_corruption(made: Path, tmp_path: Path) -> None:
    """What DuckDB or pyarrow raise on it reaches nobody as itself."""
    drawn = random.Random(5)
    for number in range(20):
        path = Path(shutil.copytree(made, tmp_path / str(number)))
        shutil.rmtree(path / "index")
        file = drawn.choice(sorted((path / "log").glob("*.parquet")))
        content = bytearray(file.read_bytes())
        footer, start = footer_of(str(file))
        begin, end = (start + at for at in value_at(footer, SHA256_KEY))
        at = drawn.randrange(begin)
        content[at] ^= 1 << drawn.randrange(8)
        content[begin:end] = NO_SHA256
        content[begin:end] = hashlib.sha256(content).hexdigest().encode()
        file.write_bytes(content)
        for question in (Timeline.verify, answers_of):
            # Where nothing fails, the change is in bytes that only the hash of the file covers.
            with Timeline.open(path) as tl, contextlib.suppress(Corruption):
                question(tl)
        shutil.rmtree(path)


def test_a_flipped_bit_behind_the_generation_is_found(store: Path) -> None:
    file = max((store / "log").glob("*.parquet"))
    whole = file.read_bytes()
    for at in range(0, len(whole), 397):
        content = bytearray(whole)
        content[at] ^= 4
        file.write_bytes(content)
        with pytest.raises(Corruption, match=file.name):
            answers(store)


@pytest.mark.parametrize("index", ["as it was", "none"])
def test_a_damaged_log_is_corruption_to_every_command(store: Path, index: str) -> None:
    if index == "none":
        shutil.rmtree(store / "index")
    file = max((store / "log").glob("*.parquet"))
    content = bytearray(file.read_bytes())
    content[100] ^= 1
    file.write_bytes(content)
    for command in COMMANDS:
        if command[0] in ("head", "compact"):
            continue
        done = run(store, command)
        assert (done.code, file.name in done.err) == (4, True), (command, done)


@pytest.mark.parametrize("kept", [0, 1, 4])
def test_a_log_that_lost_its_last_commits_is_corruption_to_every_command(store: Path, kept: int) -> None:
    for file in sorted((store / "log").glob("*.parquet"))[kept:]:
        file.unlink()
    before = sorted(path.name for path in (store / "index").iterdir())
    for command in COMMANDS:
        done = run(store, command)
        assert (done.code, "has lost" in done.err) == (4, True), (command, done)
    assert sorted(path.name for path in (store / "index").iterdir()) == before


def test_an_index_without_a_log_is_corruption(store: Path) -> None:
    shutil.rmtree(store / "log")
    for command in COMMANDS:
        done = run(store, command)
        assert (done.code, "has lost" in done.err) == (4, True), (command, done)
    with pytest.raises(Corruption, match="has lost"):
        Timeline.create(store)


def test_who_gives_up_lost_commits_keeps_the_index_that_knows_them(store: Path) -> None:
    for file in sorted((store / "log").glob("*.parquet"))[2:]:
        file.unlink()
    [lost] = (store / "index").glob("*.duckdb")
    content = lost.read_bytes()
    assert run(store, ["rebuild", "--trust-log"]).code == 0
    assert run(store, ["show"]).code == 0
    [aside] = (store / "index" / "set-aside").iterdir()
    assert aside.read_bytes() == content


def test_a_commit_that_was_replaced_is_corruption(store: Path, made: Path, tmp_path: Path) -> None:
    """The last commits are lost, and others took their numbers."""
    with Timeline.create(tmp_path / "other") as tl:
        for number in range(len(EVENTS)):
            tl.append(
                [{"fact": "a/b", "text": str(number), "source": "s", "reported": "2024"}],
                register_unknown=True,
            )
    shutil.rmtree(store / "log")
    shutil.copytree(tmp_path / "other" / "log", store / "log")
    with Timeline.open(store) as tl, pytest.raises(Corruption, match="is not the one that the index"):
        tl.beliefs()


# Digests noted elsewhere


def test_a_digest_noted_before_shows_what_was_lost(store: Path) -> None:
    with Timeline.open(store) as tl:
        head = tl.head()
        assert head is not None
        third = tl._log.commits(2)[0]
        assert tl.verify(expect=head.digest).digest == head.digest
        assert tl.verify(expect=third.digest.upper()).digest == head.digest
        assert tl.verify(expect=third.digest, at=3).digest == head.digest
        with pytest.raises(Corruption, match="not commit 4 has the digest"):
            tl.verify(expect=third.digest, at=4)
        with pytest.raises(Corruption, match="not commit 99 has"):
            tl.verify(expect=third.digest, at=99)
        for wrong in ("", "12", "g" * 64, f"{head.digest}0"):
            with pytest.raises(BadInput, match="expected 64 hexadecimal digits"):
                tl.verify(expect=wrong)
        with pytest.raises(BadInput, match="expected 1 or more"):
            tl.verify(expect=head.digest, at=0)
    # The last commit is newer than the generation, so that no other file shows that the commit is missing.
    max((store / "log").glob("*.parquet")).unlink()
    assert run(store, ["verify"]).code == 0
    lost = run(store, ["verify", "--expect", head.digest])
    assert (lost.code, head.digest in lost.err) == (4, True)
    assert run(store, ["verify", "--expect", third.digest, "--at", "3"]).code == 0
    assert run(store, ["verify", "--at", "3"]).code == 2


def test_one_event_twice_in_a_log_is_found(tmp_path: Path) -> None:
    with Timeline.create(tmp_path / "store") as tl:
        tl.append([{"source": "s"} | EVENTS[0]], register_unknown=True)
        assert tl.verify().commits == 1
        again = rows_of(str(tmp_path / "store" / "log" / "000000000001.parquet"))
        tl._log.append(
            lambda head, recorded_at: again.set_column(
                again.column_names.index("place"), "place", pa.nulls(len(again), pa.int64())
            )
        )
        with pytest.raises(Corruption, match="is there at positions"):
            tl.verify(log_only=True)


# The index

EDITS: Final = {
    "a belief": "UPDATE {0}segment_rows SET amount = 1000000000000 WHERE fact = 'acme/staff' OR amount = 6",
    "a belief's end": "UPDATE {0}segment_rows SET believed_until = TIMESTAMP '2024-07-01' WHERE amount = 6",
    "an event": "UPDATE {0}event_rows SET claim = '1 trillion USD' WHERE amount = 5",
    "an event gone": "DELETE FROM {0}event_rows WHERE amount = 5",
    "an event more": "INSERT INTO {0}event_rows FROM {0}event_rows WHERE amount = 5",
    "a segment's row gone": "DELETE FROM {0}segment_rows WHERE text = 'bob'",
    "a fact": "UPDATE {0}facts SET plain = NOT plain",
    "a swept belief": "DELETE FROM {0}swept",
    "an amendment": "UPDATE {0}amended SET counts_from = NULL",
    "an effect": "UPDATE {0}effects SET effect = 'opened'",
    "a key": "UPDATE {0}keys SET position = 1",
    "a status": "UPDATE {0}statuses SET meaning = 'x' WHERE status = 'denied'",
    "a commit": "UPDATE {0}commits SET recorded_at = TIMESTAMP '2020-01-01' WHERE number = 1",
    "the position": "UPDATE {0}meta SET position = position + 1",
    "the bounds": "UPDATE {0}bounds SET segment_until = TIMESTAMP '2025-01-01'",
    "a view": "CREATE OR REPLACE VIEW beliefs AS FROM {0}segments LIMIT 0",
    "a view within": "CREATE OR REPLACE VIEW store.segments AS SELECT * FROM {0}segment_rows",
    "a view more": "CREATE VIEW store.more AS SELECT 1 AS one",
    "a function": "CREATE OR REPLACE MACRO covers(a, b) AS true",
    "a function more": "CREATE MACRO more() AS 1",
    "a table more": "CREATE TABLE more (one INTEGER)",
    "a type more": "CREATE TYPE more AS ENUM ('one')",
    "a sequence more": "CREATE SEQUENCE more",
    "a schema more": "CREATE SCHEMA more",
}


@pytest.mark.parametrize("name", some([*EDITS], 2))
def test_an_edited_index_is_found(store: Path, name: str) -> None:
    [generation] = (store / "index").glob("*.duckdb")
    with duckdb.connect(str(generation)) as con:
        con.execute(EDITS[name].format("store."))
    with Timeline.open(store) as tl:
        with pytest.raises(Corruption, match=generation.name):
            tl.verify()
        assert tl.verify(log_only=True).generations == 0
        tl.rebuild()
        assert tl.verify().generations == 1


def test_an_index_that_grew_is_found_right(store: Path) -> None:
    with Timeline.open(store) as tl:
        late = {"fact": "acme/revenue@2024", "amount": "4", "unit": "USD", "reported": "2024-01-01"}
        for number in range(300):
            tl.append([late | {"source": "s", "key": f"k{number}"}])
        tl.rebuild()
        tl.append([late | {"source": "s", "reported": "2024-09-09"}])
        grown = tl.refresh()
        assert grown is not None
        assert tl.verify().generations == 1
        with duckdb.connect(str(grown)) as con:
            con.execute("UPDATE store.segment_rows SET amount = 5 WHERE amount = 4")
        with pytest.raises(Corruption, match=grown.name):
            tl.verify()


def replaced(rows: RowStore, old: bytes, new: bytes) -> None:
    for bucket in range(1 << rows.bits):
        number, text = rows.last_part(bucket)
        rows.put("lines", rows.pack([(number, text.replace(old, new), True)]))


#: Edits after which every CRC is right.
ROW_EDITS: Final[dict[str, Callable[[RowStore], object]]] = {
    "an event": lambda rows: replaced(rows, b"bob", b"eve"),
    "a position": lambda rows: replaced(rows, b"3", b"4"),
    "an event more": lambda rows: replaced(rows, b"\x1eacme/ceo", b"\x1eacme/ceo\x1f\x1eacme/ceo"),
    "the lines gone": lambda rows: rows.put("lines", rows.pack((n << 24, b"", True) for n in range(64))),
    "the ids gone": lambda rows: rows.put("ids", ((n, bytes(4)) for n in range(64))),
    "a bucket gone": lambda rows: rows._con.execute("DELETE FROM ids WHERE block = 5"),
    "a block gone": lambda rows: rows._con.execute("DELETE FROM lines WHERE block = 5 << 24"),
    "a block more": lambda rows: rows.put("lines", rows.pack([(1, b"", True)])),
    "a table more": lambda rows: rows._con.execute("CREATE TABLE more (one)"),
    "no buckets": lambda rows: rows.layout.update(bits=0),
    "too many buckets": lambda rows: rows.layout.update(bits=40),
    "other expectations": lambda rows: rows.layout["expected"].update(claim="'", text="x"),
    "no expectations": lambda rows: rows.layout.pop("expected"),
}


@pytest.mark.parametrize("name", some([*ROW_EDITS], 2))
def test_an_edited_row_store_is_found(store: Path, name: str) -> None:
    edit = ROW_EDITS[name]
    [path] = (store / "index").glob("*.rows")
    rows = RowStore.open(path, writable=True)
    assert rows is not None
    with contextlib.closing(rows):
        rows.begin()
        edit(rows)
        rows.finish(rows.upto)
    with Timeline.open(store) as tl:
        with pytest.raises(Corruption, match=path.name):
            tl.verify()
        tl.rebuild()
        assert tl.verify().generations == 1


def test_a_row_store_of_another_state_is_not_used_and_found(store: Path) -> None:
    expected = answers(store)
    [path] = (store / "index").glob("*.rows")
    rows = RowStore.open(path, writable=True)
    assert rows is not None
    with contextlib.closing(rows):
        rows.begin()
        replaced(rows, b"bob", b"eve")
        rows.finish(rows.upto._replace(digest="x"))
    assert answers(store) == expected
    with Timeline.open(store) as tl, pytest.raises(Corruption, match=path.name):
        tl.verify()


def verified(tl: Timeline) -> str | None:
    """Return what verifying finds in a row store."""
    try:
        tl.verify()
    except Corruption as error:
        return str(error) if ".rows: " in str(error) else pytest.fail(str(error))
    return None


def test_a_damaged_row_store_changes_no_answer(made: Path, tmp_path: Path) -> None:
    """Verifying finds damage that has a meaning; commands and new generations do without the row store."""
    expected = answers(made)
    drawn = random.Random(13)
    found = 0
    numbers = range(15) if LONG else range(0, 15, 3)
    for number in numbers:
        path = Path(shutil.copytree(made, tmp_path / str(number)))
        [rows] = (path / "index").glob("*.rows")
        content = bytearray(rows.read_bytes())
        written = [at for at in range(len(content)) if content[at]]
        if number < 10:
            content[drawn.choice(written)] ^= 1 << drawn.randrange(8)
        else:
            content = [bytearray(), bytearray(9000), content[:4096], content[:-9000], content[9000:]][
                number % 5
            ]
        rows.write_bytes(content)
        assert answers(path) == expected
        with Timeline.open(path) as tl:
            found += verified(tl) is not None
            tl.append([{"source": "s", "fact": "acme/ceo", "entity": "ann", "reported": "2026-01-01"}])
            assert tl.refresh() is not None
            believed = [tl.belief("acme/ceo", as_of=date) for date in ("2024-09-01", "2026-02-02")]
            assert [belief and belief.text for belief in believed] == ["bob", "ann"]
        shutil.rmtree(path)
    # A bit of a page that is not in use has no meaning.
    assert found >= 2 * len(numbers) // 3


def test_a_damaged_index_is_replaced(made: Path, tmp_path: Path) -> None:
    expected = answers(made)
    drawn = random.Random(11)
    for number in range(15) if LONG else range(0, 15, 3):
        path = Path(shutil.copytree(made, tmp_path / str(number)))
        [generation] = (path / "index").glob("*.duckdb")
        content = bytearray(generation.read_bytes())
        if number < 10:
            content[drawn.randrange(len(content))] ^= 1 << drawn.randrange(8)
        else:
            content = [bytearray(), bytearray(9000), content[:4096], content[:-9000], content[9000:]][
                number - 10
            ]
        generation.write_bytes(content)
        assert answers(path) == expected
        shutil.rmtree(path)


def test_a_damaged_index_is_replaced_with_a_word(store: Path) -> None:
    [generation] = (store / "index").glob("*.duckdb")
    expected = run(store, ["show"]).out
    content = generation.read_bytes()
    generation.write_bytes(content[:4096] + bytes(len(content) - 4096))

    def show() -> subprocess.CompletedProcess[str]:
        # A separate process, since pytest captures what is logged.
        return subprocess.run(
            [sys.executable, "-m", "timeline", "show", "--store", str(store)],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )

    done = show()
    assert (done.returncode, done.stdout) == (0, expected)
    assert "the index is damaged, and is replaced" in done.stderr
    assert show().stderr == ""
