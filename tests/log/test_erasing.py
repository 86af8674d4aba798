"""Erasing in the log: the content is gone from every file, and what vouches for it is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.logs import Volatile, always, append, events_of, row
from timeline.errors import BadInput, Corruption, NotFound
from timeline.log.erasing import amending, record_tombstones, remove_erased, tombstoned
from timeline.log.file import LogFile, records_of, rows_of
from timeline.log.log import Log, rows_to_table
from timeline.log.writing import MANY, encoded, rewritten
from timeline.meaning.erasure import KEPT, tombstone

SECRET = "said in confidence"


@pytest.fixture
def log(tmp_path: Path) -> Log:
    """Return a log of 35 commits, of which 32 are in one file; the third and the last one are secrets."""
    log = Log.create(tmp_path / "log")
    log = Log(log.folder, objects=Volatile(log.folder))
    for number in range(35):
        secret = row(number, statement=f"{SECRET} {number}", reported_at=number, source="s", origin="o")
        log.append(always(rows_to_table([secret])))
    return log


def ids(log: Log) -> list[str]:
    return [str(event_id) for event_id in events_of(log)["event_id"].to_pylist()]


def erase(log: Log, event_ids: list[str], reason: str = "asked for") -> list[str]:
    with log.maintenance():
        _, erased = record_tombstones(log, event_ids, reason)
        remove_erased(log)
        log.end_erasure()
    return erased


def bytes_in(folder: Path) -> bytes:
    """Return all that a folder holds, as it is and as its Parquet files are read."""
    found = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    found += [str(rows_of(str(path)).to_pylist()).encode() for path in folder.glob("*.parquet")]
    return b"\n".join(found)


def test_the_content_is_gone_and_everything_else_verifies(log: Log) -> None:
    before = log.verify()
    events = ids(log)
    assert f"{SECRET} 2".encode() in bytes_in(log.folder)
    assert erase(log, [events[34], events[2]]) == [events[2], events[34]]
    found = bytes_in(log.folder)
    assert [n for n in range(35) if f"{SECRET} {n}'".encode() in found] == [
        n for n in range(35) if n not in (2, 34)
    ]
    after = log.verify(expect=before.digest, at=35)
    assert (after.commits, after.events, after.erased, after.unfinished) == (36, 37, 2, 0)
    rows = events_of(log).to_pylist()
    assert [row["event_id"] for row in rows[:35]] == events
    assert {name for name, value in rows[2].items() if value is not None} <= {*KEPT, "status"}
    assert (rows[2]["fact"], rows[2]["source"], rows[2]["status"]) == ("nvidia/revenue@2", "s", "erased")
    said = [(row["event_type"], row["target"], row["reason"]) for row in rows[35:]]
    assert said == [("erased", events[2], "asked for"), ("erased", events[34], "asked for")]
    assert log.commits()[:35] == Log(log.folder).commits(until=35)


def test_what_is_erased_once_more_is_known(log: Log) -> None:
    events = ids(log)
    erase(log, [events[0]])
    kept = [(log.folder / file.name).read_bytes() for file in log.files()]
    assert erase(log, [events[0]], "for another reason") == []
    assert [(log.folder / file.name).read_bytes() for file in log.files()] == kept
    assert log.head_number() == 36


def test_only_events_can_be_erased(log: Log) -> None:
    with pytest.raises(NotFound, match="no event has the id"):
        erase(log, ["0" * 64])
    assert not log.is_erasing()
    assert log.head_number() == 35
    erase(log, [ids(log)[0]])
    with pytest.raises(BadInput, match="says that an event was erased"):
        erase(log, [ids(log)[35]])
    assert not log.is_erasing()


def test_what_a_dead_process_left_half_done_shows_and_is_finished(log: Log) -> None:
    events = ids(log)
    with log.maintenance():
        record_tombstones(log, [events[2]], "asked for")
    found = log.verify()
    assert (found.erased, found.unfinished, log.is_erasing()) == (0, 1, True)
    seen = log.erasures()
    assert erase(log, [events[2]]) == []
    found = log.verify()
    assert (found.erased, found.unfinished, log.is_erasing()) == (1, 0, False)
    assert log.erasures() != seen


def test_a_reading_during_an_erasure_is_begun_again(log: Log) -> None:
    events = ids(log)
    readings: list[list[str | None]] = []

    def read(files: Any) -> list[str | None]:
        if not readings:
            with log.maintenance():
                record_tombstones(log, [events[2]], "asked for")
                remove_erased(log)
        found: list[str | None] = pa.concat_tables(map(rows_of, files.paths))["statement"].to_pylist()
        readings.append(found)
        return found

    assert log.reading(read)[2] is None
    assert len(readings) == 2


def test_what_is_merged_afterwards_stays_erased(log: Log) -> None:
    erase(log, [ids(log)[34]])
    while log.head_number() < 64:
        append(log, 100 + log.head_number())
    assert log.size()[0] == 2
    assert f"{SECRET} 34".encode() not in bytes_in(log.folder)
    assert log.verify().erased == 1


def test_what_writers_left_behind_is_removed(log: Log) -> None:
    # A writer that died between link and unlink: its temporary file is the commit's.
    [single] = [file for file in log.files() if file.first == 34]
    left = log.folder / ".tmp-1-0123456789ab"
    left.hardlink_to(log.folder / single.name)
    (log.folder / ".begun.lock").write_text(f"{left.name}\n")
    erase(log, [ids(log)[33]])
    assert not left.exists()
    assert f"{SECRET} 33".encode() not in bytes_in(log.folder)


def changed(log: Log, commit: int, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Write the file of a commit again, as a forger does who knows of hashes."""
    [file] = [file for file in log.files() if file.first <= commit <= file.last]
    path = log.folder / file.name
    records = records_of(LogFile(file.name, file.first, file.last, str(path)))
    rows = rows_of(str(path))
    new = pa.Table.from_pylist(
        [change(each) if each["commit"] == commit else each for each in rows.to_pylist()], rows.schema
    )
    path.write_bytes(encoded(new, records))


@pytest.mark.parametrize(
    ("commit", "change", "problem"),
    [
        (35, {"statement": None}, "position 35 has the id"),
        (35, {"statement": None, "claim": None, "status": "erased"}, "no tombstone says that it was erased"),
        (34, {"claim": "5 USD"}, "position 34 was erased by the one at 36, yet has a claim"),
        (34, {"fact": "nvidia/revenue@9"}, "vouches for another fact, date, source or target"),
        (34, {"source": "other"}, "vouches for another fact, date, source or target"),
        (36, {"target": "0" * 64}, "position 36 has the id"),
    ],
)
def test_a_forged_erasure_shows(log: Log, commit: int, change: dict[str, Any], problem: str) -> None:
    erase(log, [ids(log)[33]])
    changed(log, commit, lambda row: row | change)
    with pytest.raises(Corruption, match=problem) as found:
        log.verify()
    assert f"{commit:012}.parquet: commit {commit}" in str(found.value)


def test_a_tombstone_of_nothing_shows(log: Log) -> None:
    log.append(always(rows_to_table([tombstone({"event_id": "0" * 64}, "why")])))
    with pytest.raises(Corruption, match=f"the event at position 36 says that {'0' * 64} was erased"):
        log.verify()


def test_a_large_file_is_rewritten_part_by_part(log: Log) -> None:
    rows = [row(number, statement=f"{SECRET} {number}") for number in range(1_000, 1_000 + MANY)]
    log.append(always(rows_to_table(rows)))
    before = log.head()
    assert f"{SECRET} 1005'".encode() in bytes_in(log.folder)
    erase(log, [str(rows[5]["event_id"])])
    assert log.commits(until=36)[-1] == before
    assert f"{SECRET} 1005'".encode() not in bytes_in(log.folder)
    assert log.verify().erased == 1


def test_rewriting_keeps_a_file_as_it_is(log: Log) -> None:
    for file in log.files():
        with rewritten(
            LogFile(file.name, file.first, file.last, str(log.folder / file.name)), lambda r: r
        ) as new:
            assert bytes(new) == (log.folder / file.name).read_bytes()


def test_what_amends_an_event_is_known_in_the_order_of_the_log(log: Log) -> None:
    events = ids(log)
    assert amending(log, [events[2]]) == []
    amendments = [row(100 + at, event_type="corrected", target=events[2]) for at in range(3)]
    log.append(always(rows_to_table([*amendments, row(200, event_type="retracted", target=events[3])])))
    found = [str(one["event_id"]) for one in amendments]
    assert amending(log, [events[2]]) == found
    assert amending(log, [events[2], events[3]]) == ids(log)[35:]
    erase(log, [found[1]])
    assert amending(log, [events[2]]) == [found[0], found[2]]
    # A tombstone amends nothing.
    assert amending(log, [found[1]]) == []
    assert tombstoned(log) == {found[1]}


def test_in_an_empty_log_there_is_nothing_to_erase(tmp_path: Path) -> None:
    empty = Log.create(tmp_path / "empty")
    assert tombstoned(empty) == set()
    with empty.maintenance():
        assert remove_erased(empty) == 0
        assert record_tombstones(empty, [], "why") == (None, [])
