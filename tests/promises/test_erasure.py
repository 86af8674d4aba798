"""An erasure is real: what was said is in no file of the store, however it is read; and it leaves a scar."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.commands import Done, run
from tests.examples import LONG
from tests.power import Disk
from timeline import BadInput, NotFound, Timeline, check_proof
from timeline.index.erasing import erase
from timeline.index.index import _MARK
from timeline.index.rows import RowStore
from timeline.log.file import rows_of
from timeline.log.folder import FolderObjects
from timeline.log.log import Log

SEED = int(os.environ.get("TIMELINE_SEED", "20260301"))

#: A word in every column in which an event says anything.
SECRET = "hushhush"
EVENT: dict[str, Any] = {
    "key": f"key-{SECRET}",
    "fact": "acme/ceo",
    "text": f"J. Doe {SECRET}",
    "source": "a",
    "speaker": "@spokesman",
    "statement": f"{SECRET} was said to be the one.",
    "locator": {"start": 424_242_424_242, "end": 434_343_434_343},
    "reported": "2025-09-01",
    "actor": f"clerk {SECRET}",
}
#: What has to be gone, and what only a number says.
WORDS = (SECRET, "424242424242", "434343434343")
OTHERS: list[dict[str, Any]] = [
    {"fact": "acme/ceo", "text": "Before", "source": "a", "reported": "2025-08-01"},
    {"fact": "acme/ceo", "text": "Besides", "source": "b", "reported": "2025-08-20"},
    {"fact": "acme/ceo", "text": "After", "source": "c", "reported": "2025-10-01"},
    {"fact": "acme/staff", "amount": "5", "unit": "count", "source": "a", "reported": "2025-08-01"},
]


def store(folder: Path) -> Timeline:
    tl = Timeline.create(folder / "desk")
    tl.append([OTHERS[0], OTHERS[1]], register_unknown=True)
    tl.append([EVENT], register_unknown=True)
    tl.append([OTHERS[2], OTHERS[3]], register_unknown=True)
    return tl


def readings(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield everything that the files of a folder hold: as bytes, and as each is read."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        yield path.name, path.read_bytes().decode("latin-1")
        if path.suffix == ".parquet":
            yield path.name, str(rows_of(str(path)).to_pylist())
        elif path.suffix == ".duckdb":
            with duckdb.connect(":memory:") as con:
                con.execute(f"ATTACH '{path}' AS it (READ_ONLY)")
                for schema, table in con.execute(
                    "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'it'"
                ).fetchall():
                    yield f"{path.name} {table}", str(con.execute(f"FROM it.{schema}.{table}").fetchall())
        elif path.suffix == ".rows":
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as rows:
                yield (
                    path.name,
                    str([rows.execute(f"SELECT * FROM {name}").fetchall() for name in ("meta", "ids")]),
                )
            found = RowStore.open(path)
            assert found is not None
            for bucket in range(1 << found.bits):
                yield path.name, str([found._text(block) for _, block in found._parts(bucket)])
            found.close()


def leaks(folder: Path, words: tuple[str, ...] = WORDS) -> list[str]:
    """Return the names of what in a folder has one of the words."""
    return sorted({name for name, text in readings(folder) if any(word in text for word in words)})


def everything(tl: Timeline) -> str:
    """Return all that a store says, by every way of asking."""
    said = [str(tl.sql(f"FROM {table}").rows()) for table in ("events", "beliefs", "belief_spans", "claims")]
    for policy, recorded in (("latest", "#2"), ("first", None), ("ranked", "#3"), ("confirmed:1", None)):
        said.append(str(tl.beliefs(policy=policy, recorded_as_of=recorded, as_of="2025-09-15").rows()))
    why = tl.why("acme/ceo", as_of="2025-09-15")
    said += [str(tl.belief("acme/ceo", as_of="2025-09-15")), str(why), str(tl.history("*").rows())]
    return "\n".join([*said, str(tl.changes("2025-08-15", "2025-09-15").rows())])


def leave_behind(path: Path) -> None:
    """Leave what `rebuild --trust-log`, and processes that died, leave of a store's events."""
    [generation] = (path / "index").glob("*.duckdb")
    for name in ("set-aside", ".building-dead", f"{generation.name}.tmp"):
        (path / "index" / name).mkdir()
    shutil.copy(generation, path / "index" / "set-aside" / f"{generation.stem}-0123abcd.duckdb")
    (path / "index" / "set-aside" / "0-0-v1-damaged.duckdb").write_text(SECRET)
    (path / "index" / ".building-dead" / "timeline-building").write_bytes(_MARK)
    shutil.copy(generation, path / "index" / ".building-dead" / "generation.duckdb")
    (path / "index" / f"{generation.name}.tmp" / "duckdb_temp_storage-0.tmp").write_text(SECRET)


def test_what_was_said_is_in_no_file_and_no_answer(tmp_path: Path) -> None:
    with store(tmp_path) as tl:
        path = tl.path
        tl.refresh()
        # A file of the log, that of the index and four of its tables, the row store.
        assert len(leaks(path)) == 7
        assert all(word in everything(tl) for word in WORDS)
        before = tl.verify()
        leave_behind(path)
        done = tl.erase([EVENT["key"]], reason="asked for by J.")
        assert leaks(path) == []
        assert not any(word in everything(tl) for word in WORDS)
        found = tl.verify(expect=before.digest, at=before.commits)
        assert (found.erased, found.unfinished, found.generations) == (1, 0, 1)
        [tombstone] = tl.sql("FROM events WHERE event_type = 'erased'").rows(named=True)
        assert (tombstone["target"], tombstone["reason"]) == (done.event_ids[0], "asked for by J.")
        proved = check_proof(tl.prove(done.event_ids[0]))
        assert (proved.event_id, proved.content) == (done.event_ids[0], None)
        assert done.commit is not None
        assert tombstone["position"] == done.commit.first_position


def test_it_competes_as_it_did_and_says_that_it_was_erased(tmp_path: Path) -> None:
    with store(tmp_path) as tl:
        asking: list[Callable[[], Any]] = [
            lambda: tl.beliefs("acme/ceo", as_of="2025-09-15"),
            lambda: tl.beliefs("acme/ceo", as_of="2025-09-15", recorded_as_of="#3"),
            lambda: tl.beliefs("acme/*", as_of="2025-08-25"),
            lambda: tl.beliefs("acme/ceo"),
            lambda: tl.beliefs(policy="first"),
            lambda: tl.claims("acme/ceo", as_of="2025-09-15"),
            lambda: tl.history("acme/ceo"),
            lambda: tl.sql("FROM belief_spans"),
        ]
        before = [ask().rows(named=True) for ask in asking]
        event_id = tl.erase(EVENT["key"], reason="asked for").event_ids[0]
        seen = 0
        for ask, rows in zip(asking, before, strict=True):
            for row, was in zip(ask().rows(named=True), rows, strict=True):
                if row["event_id"] != event_id:
                    assert row == was
                    continue
                seen += 1
                left = {name for name, value in row.items() if value is not None}
                assert (row["status"], row["claim"], row["statement"]) == ("erased", None, None)
                assert all(row[name] == was[name] for name in left - {"status", "value_type", "effect"})
                assert {"fact", "reported_at", "event_id", "source", "origin"} <= left
        assert seen == 5
        belief = tl.belief("acme/ceo", as_of="2025-09-15")
        assert belief is not None
        assert (belief.status, belief.claim, belief.value_type, belief.text) == (
            "erased",
            None,
            "erased",
            None,
        )


COMMANDS = [
    ("show", "acme/ceo", "--as-of", "2025-09-15"),
    ("show", "--as-of", "2025-09-15"),
    ("show", "--as-of", "2025-09-15", "--policy", "by-origin"),
    ("history", "acme/ceo"),
    ("why", "acme/ceo", "--as-of", "2025-09-15"),
    ("diff", "2025-08-25", "2025-09-15"),
    ("sql", "SELECT fact, status, claim FROM events"),
]


def test_every_command_shows_it(tmp_path: Path) -> None:
    with store(tmp_path) as tl:
        tl.erase(EVENT["key"], reason="asked for")
    for command in COMMANDS:
        done = run(tmp_path, [*command, "--store", str(tl.path)])
        assert done.code == 0, (command, done.err)
        assert SECRET not in done.out + done.err, command
        assert "erased" in done.out, command
    done = run(tmp_path, ["plot", "acme/ceo", "--output", "acme.svg", "--store", str(tl.path)])
    assert done.code == 0, done.err
    assert SECRET not in (tmp_path / "acme.svg").read_text()


def test_a_reader_of_an_old_generation_asks_again(tmp_path: Path) -> None:
    with store(tmp_path) as tl, Timeline.open(tl.path, read_only=True) as other:
        tl.refresh()
        held = other.snapshot()
        asking: list[Callable[[], Any]] = [
            lambda: held.beliefs("acme/ceo", as_of="2025-09-15").rows,
            lambda: held.sql("FROM events").rows,
            lambda: other.belief("acme/ceo", as_of="2025-09-15"),
            lambda: other.sql("FROM events").rows(),
        ]
        assert all(SECRET in str(ask()) for ask in asking)
        tl.erase(EVENT["key"], reason="asked for")
        assert not any(SECRET in str(ask()) for ask in asking)
        assert held.commit == 3
        assert [row[1] for row in held.sql("FROM events").rows][-1] == 3


def test_an_event_that_was_erased_does_not_come_back(tmp_path: Path) -> None:
    with store(tmp_path) as tl:
        done = tl.erase(EVENT["key"], reason="asked for")
        again = tl.record([EVENT])
        assert (again.new, again.known, again.commits) == (0, 1, [])
        assert [event_id for _, event_id in again.erased] == done.event_ids
        assert "was erased from the store and is not recorded again" in again.warnings[0]
        large = tl.ingest(table_of(5_000), register_unknown=True)
        assert (large.new, large.known) == (5_000, 0)
        event_ids = [row["event_id"] for row in tl.sql("FROM events WHERE fact = 'n7/says'").rows(named=True)]
        tl.erase(event_ids, reason="asked for")
        large = tl.ingest(table_of(5_000))
        assert (large.new, large.known) == (0, 5_000)
        assert [(str(place), event_id) for place, event_id in large.erased] == [
            ("table: row 8", event_ids[0])
        ]
        assert "row 8: event" in large.warnings[0]
        assert leaks(tl.path, (*WORDS, "said 7 ")) == []


def table_of(rows: int) -> Any:
    import pyarrow as pa

    return pa.table(
        {
            "fact": [f"n{n}/says" for n in range(rows)],
            "text": [f"said {n} once" for n in range(rows)],
            "source": ["a"] * rows,
            "reported": ["2025-09-01"] * rows,
        }
    )


def test_amendments_of_what_was_erased(tmp_path: Path) -> None:
    with store(tmp_path) as tl:
        correction = {"type": "corrected", "target": EVENT["key"], "text": "Mended", "reason": "a slip"}
        tl.append([correction])
        done = tl.erase(EVENT["key"], reason="asked for")
        # It stands in for what was erased, and is named, since it may say the same.
        assert len(done.amended_by) == 1
        assert claim(tl) == ("Mended", "announced")
        assert tl.record([EVENT, correction]).known == 2
        tl.erase(done.amended_by, reason="asked for")
        assert claim(tl) == (None, "erased")
        tl.append([{"type": "corrected", "target": done.event_ids[0], "text": "Anew", "reason": "known now"}])
        assert claim(tl) == ("Anew", "announced")
        tl.append([{"type": "corrected", "target": done.event_ids[0], "void": True, "reason": "not at all"}])
        assert claim(tl) == ("Besides", "announced")
        with pytest.raises(BadInput, match="nothing earlier is called"):
            tl.append(
                [{"type": "retracted", "target": tombstones(tl)[0], "source": "a", "reported": "2025-10"}]
            )
        assert tl.verify().erased == 2


def claim(tl: Timeline) -> tuple[str | None, str | None]:
    belief = tl.belief("acme/ceo", as_of="2025-09-15")
    assert belief is not None
    return belief.claim, belief.status


def tombstones(tl: Timeline) -> list[str]:
    return [
        event_id for (event_id,) in tl.sql("SELECT event_id FROM events WHERE event_type = 'erased'").rows()
    ]


def test_descriptions_can_be_erased(tmp_path: Path) -> None:
    with Timeline.create(tmp_path / "desk") as tl:
        tl.append([{"type": "entity-described", "id": "jd", "name": SECRET, "aliases": [f"{SECRET} II"]}])
        tl.append([{"type": "source-described", "id": "s", "title": SECRET, "published": "2025-09-01"}])
        tl.append(
            [{"type": "source-described", "id": "a"}, EVENT | {"fact": "jd/says", "source": "s"}],
            register_unknown=True,
        )
        assert len(tl.beliefs(f"{SECRET} II/says")) == 1
        ids = [e for (e,) in tl.sql(f"SELECT event_id FROM events WHERE text LIKE '%{SECRET}%'").rows()]
        assert len(ids) == 3
        tl.erase(ids, reason="asked for")
        assert leaks(tl.path) == []
        assert tl.sql("SELECT id, name, aliases FROM entities WHERE id = 'jd'").rows() == [("jd", None, None)]
        assert tl.sql("SELECT id, title FROM sources WHERE id = 's'").rows() == [("s", None)]
        assert tl.beliefs(f"{SECRET} II/says").is_empty()
        assert claim_of(tl, "jd/says") == (None, "erased")
        assert tl.verify().erased == 3


def claim_of(tl: Timeline, fact: str) -> tuple[str | None, str | None]:
    belief = tl.belief(fact)
    assert belief is not None
    return belief.claim, belief.status


def test_what_cannot_be_erased_changes_nothing(tmp_path: Path) -> None:
    with store(tmp_path) as tl:
        before = tl.head()
        with pytest.raises(NotFound, match="no event has the key or event_id"):
            tl.erase([EVENT["key"], "nobody"], reason="asked for")
        with pytest.raises(BadInput, match="needs a reason"):
            tl.erase([EVENT["key"]], reason=" ")
        with pytest.raises(BadInput, match="nothing to erase"):
            tl.erase()
        with (
            pytest.raises(BadInput, match="open read-only"),
            Timeline.open(tl.path, read_only=True) as reader,
        ):
            reader.erase([EVENT["key"]], reason="asked for")
        assert (tl.head(), claim(tl)[0]) == (before, EVENT["text"])
        tl.erase([EVENT["key"]], reason="asked for")
        with pytest.raises(BadInput, match="expected one that can be erased"):
            tl.erase(tombstones(tl), reason="asked for")
        assert tl.erase(target(tl), reason="again").commit is None


def target(tl: Timeline) -> str:
    """Return the id of the one event that was erased."""
    [(event_id,)] = tl.sql("SELECT target FROM events WHERE event_type = 'erased'").rows()
    return str(event_id)


def test_a_sealed_store_has_what_was_erased_as_that(tmp_path: Path) -> None:
    with store(tmp_path) as tl:
        tl.erase(EVENT["key"], reason="asked for")
        for seal in ({"sealed_as_of": "2025-09-15"}, {"sealed_recorded_as_of": "#2"}):
            with Timeline.open(tl.path, **seal) as sealed:  # type: ignore[arg-type]
                assert claim(sealed) == (None, "erased")
                found = sealed.verify(log_only=True)
                assert (found.erased, found.unfinished) == (1, 0)


def test_an_export_leaves_out_what_was_erased(tmp_path: Path) -> None:
    with store(tmp_path) as tl:
        tl.erase(EVENT["key"], reason="asked for")
        written = list(tl.snapshot().written())
    assert SECRET not in str(written)
    with Timeline.create(tmp_path / "elsewhere") as other:
        other.append(written)
        assert claim(other) == ("Besides", "announced")


# A process that dies


class Died(BaseException):
    """The process is gone: nothing that it would do afterwards is done."""


class Steps:
    """Counts the steps that change files, and lets the process die at one of them, and at all that follow."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, dies_at: int) -> None:
        self.dies_at, self.taken = dies_at, 0
        for owner, name in (
            (FolderObjects, "_write"),
            (FolderObjects, "_sync"),
            (os, "link"),
            (os, "replace"),
            (os, "unlink"),
            (Path, "unlink"),
        ):
            monkeypatch.setattr(owner, name, self._step(getattr(owner, name)))

    def _step(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **more: Any) -> Any:
            self.taken += 1
            if self.taken >= self.dies_at:
                raise Died
            return real(*args, **more)

        return step


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store with its index, to be copied."""
    with store(tmp_path_factory.mktemp("whole")) as tl:
        tl.refresh()
    return tl.path


#: All steps in the long form, else every seventh.
STEPS = range(1, 100, 1 if LONG else 7)


def test_killed_at_any_step_it_is_finished_by_the_next(tmp_path: Path, whole: Path) -> None:
    with Timeline.open(whole, read_only=True) as tl:
        event_id = tl.snapshot().event_id(EVENT["key"])
        before = tl.head()
    assert before is not None
    unfinished = 0
    for dies_at in STEPS:
        path = shutil.copytree(whole, tmp_path / str(dies_at))
        died = True
        with pytest.MonkeyPatch.context() as monkeypatch:
            steps = Steps(monkeypatch, dies_at)
            try:
                with contextlib.suppress(Died):
                    erase(Timeline(path)._index, [event_id], "asked for")
                    died = False
            finally:
                assert died == (steps.taken >= dies_at)
        with Timeline.open(path) as opened:
            # Nothing looks damaged, and what was acknowledged is done.
            found = opened.verify(expect=before.digest)
            assert found.erased + found.unfinished in (0, 1)
            if not died:
                assert (found.erased, leaks(path)) == (1, [])
                break
            unfinished += opened._log.is_erasing()
            done = opened.erase(*(() if found.unfinished else ([event_id],)), reason="asked for")
            assert done.event_ids + done.known in ([], [event_id])
            assert leaks(path) == []
            found = opened.verify(log_only=True)
            assert (found.erased, found.unfinished, opened._log.is_erasing()) == (1, 0, False)
    else:
        pytest.fail("it never came to an end")
    assert unfinished > 1


def test_a_power_loss_at_any_moment(tmp_path: Path, whole: Path) -> None:
    with Timeline.open(whole, read_only=True) as tl:
        event_id = tl.snapshot().event_id(EVENT["key"])
        before = tl.head()
    assert before is not None
    root = tmp_path / "disk"
    shutil.copytree(whole, root / "desk")
    leave_behind(root / "desk")
    disk = Disk(root)
    with disk.watching():
        erase(Timeline(root / "desk")._index, [event_id], "asked for")
        disk.acknowledge(1)
    chance = random.Random(SEED)
    states = [
        (moment, word, names, contents)
        for moment in disk.moments
        for word, names, contents in disk.states(moment, chance, 4 if LONG else 1)
    ]
    done = [state for state in states if state[0].acknowledged]
    others = [state for state in states if not state[0].acknowledged]
    assert done
    for moment, word, names, contents in [
        *done[: len(done) if LONG else 3],
        *chance.sample(others, len(others) if LONG else 6),
    ]:
        path = tmp_path / "after" / "desk"
        disk.write_out(moment, names, contents, path.parent)
        try:
            found = Log(path / "log").verify(expect=before.digest)
            assert found.erased + found.unfinished in (0, 1)
            if not moment.acknowledged:
                erase(Timeline(path)._index, [event_id], "asked for")
            assert leaks(path) == []
            found = Log(path / "log").verify(expect=before.digest)
            assert (found.erased, found.unfinished) == (1, 0)
        except BaseException as error:
            error.add_note(f"seed {SEED}: power lost after {moment.call}: {word}")
            raise


#: Forks workers that append an event and erase it, and kills each somewhere in its erasure; then one that
#: looks at what is left and finishes it. Nothing is run before a fork: no thread of a library is lost to it.
KILLS = """
import os, random, signal, sys, time
from pathlib import Path
import duckdb, polars, pyarrow.parquet, pydantic
from tests.promises.test_erasure import EVENT, leaks
from timeline import Timeline

path, chance = Path(sys.argv[1]), random.Random(sys.argv[3])

def work(secret, out):
    with Timeline.open(path) as tl:
        [(event_id, _)] = tl.record([EVENT | {"key": secret, "statement": secret, "text": secret}]).events
        os.write(out, b"begin")
        tl.erase(event_id, reason="asked for")
        os.write(out, b"done")

def look(secret, is_done):
    words = ("hushhush",)
    with Timeline.open(path) as tl:
        tl.verify(log_only=True)
        assert not is_done or leaks(path, words) == [], "acknowledged, and still there"
        if tl._log.is_erasing():
            tl.erase()
        left = tl.sql("SELECT event_id FROM events WHERE key = $key", params={"key": secret}).rows()
        tl.erase([event_id for (event_id,) in left], reason="asked for") if left else None
        assert leaks(path, words) == [], leaks(path, words)
        found = tl.verify()
        assert found.unfinished == 0, found

def forked(run, *arguments):
    pid = os.fork()
    if pid:
        return pid
    try:
        run(*arguments)
        os._exit(0)
    except BaseException:
        import traceback
        traceback.print_exc()
    os._exit(1)

finished = 0
for turn in range(int(sys.argv[2])):
    secret = f"hushhush-{turn}"
    given, taken = os.pipe()
    worker = forked(work, secret, taken)
    os.close(taken)
    assert os.read(given, 5) == b"begin"
    time.sleep(10 ** chance.uniform(-4, 0.3))
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)
    is_done = os.read(given, 4) == b"done"
    finished += is_done
    os.close(given)
    _, status = os.waitpid(forked(look, secret, is_done), 0)
    assert status == 0, f"kill {turn} of seed {sys.argv[3]}"
print(finished)
"""


@pytest.mark.skipif(not LONG, reason="takes minutes: set TIMELINE_LONG")
def test_killed_at_a_random_moment_it_is_finished_by_the_next(tmp_path: Path) -> None:
    kills = 200
    with store(tmp_path) as tl:
        tl.erase(EVENT["key"], reason="asked for")
    done = subprocess.run(
        [sys.executable, "-c", KILLS, str(tl.path), str(kills), str(SEED)],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert 0 < int(done.stdout) < kills


# Writers besides

WRITER = """
import sys
from timeline import Timeline
tl = Timeline.open(sys.argv[1])
for number in range(int(sys.argv[3])):
    event = {"fact": f"{sys.argv[2]}-{number}/says", "text": str(number), "source": "a"}
    tl.append([event | {"reported": "2025-09-01"}], register_unknown=True)
"""


def test_while_others_append_and_merge(tmp_path: Path) -> None:
    count = 200 if LONG else 12
    with store(tmp_path) as tl:
        before = tl.head()
        tl.append(
            [EVENT | {"key": f"{SECRET} {n}", "statement": str(n)} for n in range(4)], register_unknown=True
        )
        writers = [
            subprocess.Popen([sys.executable, "-c", WRITER, str(tl.path), name, str(count)]) for name in "xy"
        ]
        for number in range(4):
            tl.erase(f"{SECRET} {number}", reason="asked for")
        assert [writer.wait() for writer in writers] == [0, 0]
        tl.erase(EVENT["key"], reason="asked for")
        tl.compact()
        assert leaks(tl.path) == []
        assert before is not None
        found = tl.verify(expect=before.digest)
        assert (found.erased, found.unfinished) == (5, 0)
        [(events,)] = tl.sql("SELECT count(*) FROM events WHERE fact LIKE '%/says'").rows()
        assert events == 2 * count


# The command


CURATED = f"""
- {{type: entity-described, id: acme}}
- {{type: attribute-described, id: ceo}}
- {{type: source-described, id: a}}
- fact: acme/ceo
  text: {SECRET} one
  source: a
  reported: 2025-09-01
  key: one
"""


def test_the_command_says_where_files_still_have_it(tmp_path: Path) -> None:
    def did(*command: str, code: int = 0) -> Done:
        done = run(tmp_path / "project", command)
        assert done.code == code, done.err
        return done

    run(tmp_path, ["init", "--empty", "project"])
    curated = tmp_path / "project" / "events" / "curated.yaml"
    curated.write_text(CURATED)
    did("ingest")
    given = ("--text", f"{SECRET} two", "--source", "a", "--reported", "2025-09-02")
    made = did("report", "acme/ceo", *given, "--personal")
    event_id = made.out.split()[1]
    assert "say --yes" in did("erase", "one", "--reason", "asked for", code=2).err
    done = did("erase", "one", event_id[:12], "--reason", "asked for", "--yes")
    assert "events/curated.yaml:5:3: still has what was erased" in done.err
    assert "events/recorded.yaml:" in done.err
    assert leaks(tmp_path / "project" / ".timeline") == []
    assert curated.read_text() == CURATED
    assert json.loads(did("verify", "--json").out)["erased"] == 2
    assert "was erased from the store and is not recorded again" in did("ingest").err
    assert "nothing to erase" in did("erase", code=2).err
