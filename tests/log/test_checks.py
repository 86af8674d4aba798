"""What `verify` does file by file, and what it makes of a file that cannot be read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

import timeline.log.log
from tests.logs import Volatile, always, append, row
from timeline.errors import Corruption
from timeline.log.checks import check_digests, check_erased, check_ids_once, check_rows, explained
from timeline.log.file import records_of, rows_of
from timeline.log.folder import FolderObjects
from timeline.log.log import Log, rows_to_table
from timeline.log.writing import encoded
from timeline.meaning.erasure import tombstone


@pytest.fixture
def log(tmp_path: Path) -> Log:
    folder = FolderObjects.create(tmp_path / "log").folder
    log = Log(folder, objects=Volatile(folder))
    for number in range(0, 10, 2):
        append(log, number, number + 1)
    return log


@pytest.mark.parametrize("quick", [False, True])
def test_files_are_verified_some_at_a_time_and_progress_counts_events(
    log: Log, quick: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline.log.log, "_FILES_AT_ONCE", 2)
    seen: list[tuple[int, int]] = []
    found = log.verify(progress=lambda done, of: seen.append((done, of)), quick=quick)
    assert seen == [(4, 10), (8, 10), (10, 10)]
    head = log.head()
    assert head is not None
    assert (found.events, found.commits, found.digest) == (10, 5, head.digest)


def test_a_chain_is_checked_from_one_part_to_the_next(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """The third commit begins a part, and is of another log: its digest does not follow."""
    monkeypatch.setattr(timeline.log.log, "_FILES_AT_ONCE", 2)
    other = FolderObjects.create(log.folder.parent / "other").folder
    another = Log(other, objects=Volatile(other))
    for number in range(0, 10, 2):
        append(another, number, number + 1)
    name = log.files()[2].name
    (log.folder / name).write_bytes((other / name).read_bytes())
    for quick in (False, True):
        with pytest.raises(Corruption, match=name):
            log.verify(quick=quick)


def test_commits_that_do_not_follow_one_another_are_not_merged(tmp_path: Path) -> None:
    """The merged file would have hashes that fit."""
    logs = []
    for name in ("log", "other"):
        folder = FolderObjects.create(tmp_path / name).folder
        logs.append(Log(folder, objects=Volatile(folder)))
        with logs[-1].maintenance():
            for number in range(32):
                append(logs[-1], number)
    log, other = logs
    name = log.files()[10].name
    (log.folder / name).write_bytes((other.folder / name).read_bytes())
    with pytest.raises(Corruption):
        log.compact()
    assert len(list(log.folder.glob("*.parquet"))) == 32


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1 no rows at all \x04\0\0\0PAR1"])
def test_what_cannot_be_read_as_parquet_is_no_file_of_the_log(log: Log, content: bytes) -> None:
    file = log.files()[0]
    records = records_of(file)
    Path(file.path).write_bytes(content)
    with pytest.raises(Corruption, match="not a file of the log"):
        check_rows([(file, records)])
    # That there is none is for the caller, who lists the log again.
    Path(file.path).unlink()
    with pytest.raises(FileNotFoundError):
        check_rows([(file, records)])


def test_an_error_of_duckdb_is_that_of_the_file_that_is_the_reason(log: Log) -> None:
    files = log.files()
    failed = duckdb.Error("failed")
    # Through a stream of Arrow's it is one of the system without a number.
    streamed, of_disk = OSError("failed"), OSError(5, "failed")
    for error in (failed, streamed, of_disk):
        assert explained(error, files) is error
    Path(files[2].path).write_bytes(b"PAR1 no rows at all \x04\0\0\0PAR1")
    for error in (failed, streamed):
        found = explained(error, files)
        assert isinstance(found, Corruption)
        assert files[2].name in str(found)
    # What a file cannot be the reason of stays as it is.
    for other in (
        of_disk,
        ValueError("failed"),
        duckdb.OutOfMemoryException("full"),
        duckdb.InterruptException(""),
    ):
        assert explained(other, files) is other


@pytest.mark.parametrize(
    ("times", "shown"), [(1, "1, 11"), (4, "1, 11, 12, 13, 14"), (5, "1, 11, 12, 13, 14")]
)
def test_an_event_that_is_there_twice_is_named_with_its_places(log: Log, times: int, shown: str) -> None:
    check_ids_once(log.files())
    for _ in range(times):
        append(log, 0)
    event_id = row(0)["event_id"]
    with pytest.raises(
        Corruption, match=f"the event {event_id} is there at positions {shown}, expected once"
    ):
        log.verify()


def test_a_log_that_may_lack_tombstones_lacks_those_that_came_later(log: Log) -> None:
    path = Path(log.files()[0].path)
    records = records_of(log.files()[0])
    kept = {"position", "commit", "recorded_at", "place", "event_id", "event_type", "fact", "inherited"}
    rows = [
        {name: value for name, value in found.items() if name in kept} | {"status": "erased"}
        for found in rows_of(str(path)).to_pylist()
    ]
    path.write_bytes(encoded(rows_to_table(rows), records))
    with pytest.raises(Corruption, match="has no content, and no tombstone says that it was erased"):
        check_erased(log.files())
    assert check_erased(log.files(), may_lack=True) == (2, 0)


def test_a_tombstone_counts_what_is_still_to_be_erased(log: Log) -> None:
    assert check_erased(log.files()) == (0, 0)
    log.append(always(rows_to_table([tombstone(row(0), "why"), tombstone(row(3), "why")])))
    assert check_erased(log.files()) == (0, 2)


@pytest.mark.parametrize("commit", [1, 2, 3, 5])
def test_what_is_wrong_in_a_merged_file_is_named_with_its_commit(tmp_path: Path, commit: int) -> None:
    folder = FolderObjects.create(tmp_path / "log").folder
    merged = Log(folder, objects=Volatile(folder))
    for number in range(0, 64, 2):
        append(merged, number, number + 1)
    [file] = merged.files()
    rows = rows_of(file.path).to_pylist()
    at = 2 * commit - 1
    rows[at]["claim"] = "another"
    Path(file.path).write_bytes(encoded(rows_to_table(rows), records_of(file)))
    with pytest.raises(Corruption, match=f"commit {commit}: the event at position {at + 1} has the id"):
        merged.verify()


def test_a_page_that_duckdb_cannot_read_is_that_of_its_file(log: Log) -> None:
    """A file whose footer can be read, and one column of which cannot."""
    files = log.files()
    content = Path(files[1].path).read_bytes()
    Path(files[1].path).write_bytes(content[:4] + b"\xff" * 300 + content[304:])
    found = explained(duckdb.Error("failed"), files)
    assert isinstance(found, Corruption)
    assert f"{files[1].name}: not a file of the log" in str(found)


def test_a_chain_begins_with_the_first_commit_and_goes_on_from_any_other(log: Log) -> None:
    file, records = log.files()[0], log.records()
    check_digests(file, records, None)
    # What a later one follows is not known without it.
    check_digests(file, records[1:], None)
    first = records[0].commit
    for changed, words in (
        (replace(first, digest="0" * 64), "commit 1 has the digest 0+, expected"),
        (replace(first, first_position=2), "commit 1 starts at position 2, expected 1"),
    ):
        with pytest.raises(Corruption, match=words):
            check_digests(file, [replace(records[0], commit=changed)], None)
