"""What `verify` does file by file, and what it makes of a file that cannot be read."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

import timeline.log.log
from tests.logs import Volatile, append
from timeline.errors import Corruption
from timeline.log.checks import check_rows, explained
from timeline.log.file import records_of
from timeline.log.folder import FolderObjects
from timeline.log.log import Log


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
