"""Up to where a damaged log is whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.logs import Volatile, append
from timeline.errors import Corruption
from timeline.log.extent import whole_files, with_extent
from timeline.log.file import footer_of, footer_start, framed_key, value_at
from timeline.log.folder import FolderObjects
from timeline.log.log import Log

DAMAGED = Corruption("x is damaged")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return FolderObjects.create(tmp_path / "log").folder


def log_of(folder: Path, commits: int) -> Log:
    log = Log(folder, objects=Volatile(folder))
    for number in range(commits):
        append(log, number)
    return log


def change_hash(path: Path) -> None:
    """Change the hash of the file that a file itself holds, and nothing else."""
    content = path.read_bytes()
    at = content.index(b"file_sha256") + len("file_sha256") + 2
    digit = content[at : at + 1]
    assert digit in b"0123456789abcdef"
    path.write_bytes(content[:at] + (b"0" if digit != b"0" else b"1") + content[at + 1 :])


def test_a_whole_log_is_whole_up_to_its_head(folder: Path) -> None:
    head = log_of(folder, 3).head()
    files, last, all_of_it = whole_files(folder)
    assert ([file.first for file in files], last, all_of_it) == ([1, 2, 3], head, True)
    assert str(with_extent(folder, DAMAGED)) == "x is damaged"


def test_of_an_empty_log_there_is_nothing_and_that_is_all(folder: Path) -> None:
    assert whole_files(folder) == ([], None, True)


def test_a_file_that_merges_commits_reaches_to_the_last_of_them(folder: Path) -> None:
    log = log_of(folder, 33)
    assert [file.last for file in log.files()] == [32, 33]
    change_hash(Path(log.files()[1].path))
    files, last, all_of_it = whole_files(folder)
    assert [file.last for file in files] == [32]
    assert last == log.commits()[31]
    assert not all_of_it


def test_of_a_merged_file_and_what_it_replaced_the_merged_one_counts(folder: Path) -> None:
    """As after a machine that died before it removed the small files."""
    log = log_of(folder, 31)
    small = [Path(log.files()[at].path) for at in (0, 30)]
    kept = [path.read_bytes() for path in small]
    append(log, 31, 32)
    assert not small[0].exists()
    for path, content in zip(small, kept, strict=True):
        path.write_bytes(content)
    files, last, all_of_it = whole_files(folder)
    assert ([file.last for file in files], last, all_of_it) == ([32], log.head(), True)


@pytest.mark.parametrize("change", ["hash", "missing", "pipe"])
def test_a_log_is_whole_up_to_the_commit_before_one_that_is_not(folder: Path, change: str) -> None:
    log = log_of(folder, 3)
    second = log.commits()[0]
    path = Path(log.files()[1].path)
    if change == "hash":
        change_hash(path)
    else:
        path.unlink()
    if change == "pipe":
        os.mkfifo(path)
    files, last, all_of_it = whole_files(folder)
    assert ([file.first for file in files], last, all_of_it) == ([1], second, False)
    assert str(with_extent(folder, DAMAGED)) == (
        f"x is damaged; the log is whole up to commit 1, position 1, digest {second.digest}"
    )


@pytest.mark.parametrize("commits", [1, 2])
def test_where_the_first_commit_is_damaged_none_is_whole(folder: Path, commits: int) -> None:
    log = log_of(folder, commits)
    change_hash(Path(log.files()[0].path))
    assert whole_files(folder) == ([], None, False)
    assert str(with_extent(folder, DAMAGED)) == "x is damaged; no commit before that is whole"


def test_an_error_of_a_copy_names_the_files_of_the_log(folder: Path, tmp_path: Path) -> None:
    log_of(folder, 1)
    copy = tmp_path / "copy"
    error = with_extent(folder, Corruption(f"{copy}/1.parquet: damaged"), copy)
    assert str(error) == f"{folder}/1.parquet: damaged"


@pytest.mark.parametrize(
    ("size", "length", "start"),
    [(12, 0, 4), (100, 50, 42), (2**24 + 100, 2**24, 92), (2**32, 2**31, 2**31 - 8)],
)
def test_a_footer_starts_as_long_before_the_end_as_it_says(size: int, length: int, start: int) -> None:
    assert footer_start(size, length.to_bytes(4, "little") + b"PAR1") == start


@pytest.mark.parametrize(
    ("size", "end", "reason"),
    [
        (12, b"\x01\0\0\0PAR1", "its footer is longer than the file"),
        (100, b"\xff\xff\xff\xffPAR1", "its footer is longer than the file"),
        (100, b"\x01\0\0\0PARE", "it does not end as a Parquet file does"),
        (11, b"\0\0\0\0PAR1", "it does not end as a Parquet file does"),
    ],
)
def test_what_has_no_footer_is_no_parquet_file(size: int, end: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        footer_start(size, end)


@pytest.mark.parametrize("length", [0, 100, 8_000, 3_000_000])
def test_a_footer_of_any_length_is_read_whole(tmp_path: Path, length: int) -> None:
    footer = bytes(at % 251 for at in range(length))
    path = tmp_path / "file.parquet"
    path.write_bytes(b"PAR1rows" + footer + length.to_bytes(4, "little") + b"PAR1")
    assert footer_of(str(path)) == (footer, 8)


@pytest.mark.parametrize("length", [0, 1, 127, 128, 300, 70_000])
def test_the_value_of_a_key_in_a_footer_is_found_by_its_length(length: int) -> None:
    varint, rest = b"", length
    while rest > 0x7F:
        varint += bytes([rest & 0x7F | 0x80])
        rest >>= 7
    before = b"earlier" + framed_key("head") + varint + bytes([rest])
    footer = before + b"v" * length
    # The last of several counts, as any text before may hold what looks like a key.
    assert value_at(framed_key("head") + b"\x01x" + footer + b"rest", "head") == (
        len(before) + len(framed_key("head")) + 2,
        len(footer) + len(framed_key("head")) + 2,
    )
    assert value_at(footer, "head") == (len(before), len(footer))
    if length:
        with pytest.raises(ValueError, match="its head is cut short"):
            value_at(footer[:-1], "head")
    with pytest.raises(ValueError, match="it has no tail"):
        value_at(footer, "tail")
