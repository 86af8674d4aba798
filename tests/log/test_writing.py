"""How a file of the log is written: whole or part by part, and what it says of itself."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.logs import Volatile, always, append, row
from timeline.errors import TimelineError
from timeline.log import completing, writing
from timeline.log.checks import check_file_hash
from timeline.log.completing import Completing
from timeline.log.file import (
    NO_SHA256,
    ROW_GROUP,
    SHA256_KEY,
    SMALL,
    Commit,
    CommitRecord,
    LogFile,
    framed_key,
    rows_of,
    rows_to_table,
    schema,
)
from timeline.log.folder import FolderObjects
from timeline.log.log import Log
from timeline.log.writing import MANY, Spool, encoded, rewritten

HEAD: Final = Commit(3, 5, 2, 1_000, "ab" * 32)


def many(count: int) -> pa.Table:
    """Return so many rows of the log that are the same one."""
    return rows_to_table([row(1)]).take(pa.array([0] * count, pa.int64()))


def record(rows: int) -> CommitRecord:
    return CommitRecord(Commit(1, 1, rows, 1, "00" * 32), "00" * 32)


def groups(path: Path) -> list[int]:
    found = pq.read_metadata(path)
    return [found.row_group(at).num_rows for at in range(found.num_row_groups)]


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("count", [1, SMALL - 1, SMALL, SMALL + 1])
def test_a_small_file_is_not_compressed(tmp_path: Path, count: int) -> None:
    path = tmp_path / "000000000001.parquet"
    path.write_bytes(encoded(many(count), [record(count)]))
    check_file_hash(LogFile(path.name, 1, 1, str(path)))
    found = pq.read_metadata(path).row_group(0)
    columns = {found.column(at).path_in_schema: found.column(at) for at in range(found.num_columns)}
    is_small = count < SMALL
    assert {column.compression for column in columns.values()} == {"UNCOMPRESSED" if is_small else "ZSTD"}
    with_dictionary = {name for name, column in columns.items() if "RLE_DICTIONARY" in column.encodings}
    if is_small:
        assert with_dictionary == set()
    else:
        assert {"fact", "source", "claim"} <= with_dictionary
        assert not with_dictionary & {"event_id", "target", "statement", "key", "locator", "position"}
    with_statistics = {name for name, column in columns.items() if column.is_stats_set}
    assert with_statistics == {"position", "commit", "event_type", "fact", "reported_at", "recorded_at"}


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([1, 2], [3]),
        ([ROW_GROUP], [ROW_GROUP]),
        ([ROW_GROUP - 1, 1], [ROW_GROUP]),
        ([1, ROW_GROUP, 1], [ROW_GROUP, 2]),
    ],
)
def test_parts_fill_row_groups(tmp_path: Path, parts: list[int], expected: list[int]) -> None:
    before = descriptors()
    spool = Spool(tmp_path)
    # It has no name, so that nothing is left of it.
    assert list(tmp_path.iterdir()) == []
    at = 0
    whole = many(sum(parts))
    for count in parts:
        spool.write(whole.slice(at, count))
        at += count
    with spool.finish([record(at)]) as content:
        path = tmp_path / "000000000001.parquet"
        path.write_bytes(content)
    spool.close()
    assert descriptors() == before
    assert groups(path) == expected
    assert rows_of(str(path)).equals(whole)
    check_file_hash(LogFile(path.name, 1, 1, str(path)))
    # The hash is that of the file with 64 zeros in its place.
    marker = framed_key(SHA256_KEY) + b"\x40"
    held = path.read_bytes()
    begins = held.index(marker) + len(marker)
    zeros = held[:begins] + NO_SHA256 + held[begins + 64 :]
    assert held[begins : begins + 64] == hashlib.sha256(zeros).hexdigest().encode()


def test_what_cannot_be_opened_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: str, mode: str) -> None:
        raise OSError(28, "No space left on device")

    before = descriptors()
    with monkeypatch.context() as patch:
        patch.setattr(pa, "OSFile", full)
        with pytest.raises(OSError, match="No space left"):
            Spool(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert descriptors() == before


@pytest.mark.parametrize("times", [0, 2])
def test_there_is_one_place_for_the_hash(times: int) -> None:
    marker = framed_key(SHA256_KEY) + b"\x40" + NO_SHA256
    assert writing._place_of_hash(b"before" + marker + b"after") == len(b"before" + marker) - 64
    with pytest.raises(
        TimelineError, match=f"{times} places for timeline.file_sha256 in a new file, expected 1"
    ):
        writing._place_of_hash(b"before" + marker * times)


@pytest.mark.parametrize("count", [MANY - 1, MANY])
def test_a_file_is_rewritten_whole_or_by_row_groups(tmp_path: Path, count: int) -> None:
    folder = FolderObjects.create(tmp_path / "log").folder
    log = Log(folder, objects=Volatile(folder))
    log.append(always(many(count)))
    [file] = log.located()
    seen: list[int] = []

    def change(rows: pa.Table) -> pa.Table:
        seen.append(rows.num_rows)
        assert rows.schema.equals(schema())
        return rows

    before = descriptors()
    with rewritten(file, change) as content:
        assert rows_of(file.path).num_rows == count
        (tmp_path / "again").write_bytes(content)
    assert descriptors() == before
    assert seen == [count]
    assert rows_of(str(tmp_path / "again")).equals(rows_of(file.path))
    check_file_hash(LogFile(file.name, 1, 1, str(tmp_path / "again")))


# What only the log knows of rows


def completed(rows: Any, head: Commit | None = HEAD) -> pa.Table:
    return pa.concat_tables(Completing(rows, head, 7))


def test_rows_get_their_positions_commit_and_moment() -> None:
    rows = rows_to_table(
        [row(1), row(2, place=-1), row(3, place=2), row(4, position=99, commit=88, recorded_at=1)]
    )
    found = completed([rows.slice(0, 1), rows.slice(0, 0), rows.slice(1)])
    assert found.schema.equals(schema())
    assert found["position"].to_pylist() == [7, 8, 9, 10]
    assert found["place"].to_pylist() == [7, 7, 2, 10]
    assert found["commit"].to_pylist() == [4] * 4
    assert found["recorded_at"].cast(pa.int64()).to_pylist() == [7] * 4
    assert found["claim"].to_pylist() == ["1 USD", "2 USD", "3 USD", "4 USD"]
    first = completed(rows.slice(0, 1), None)
    assert (first["position"].to_pylist(), first["commit"].to_pylist()) == ([1], [1])


def test_what_the_log_fills_in_may_be_missing_and_nothing_else() -> None:
    rows = rows_to_table([row(1)])
    found = completed(rows.drop_columns(["position", "commit", "recorded_at", "place"]))
    assert found.equals(completed(rows))
    for given, words in (
        (rows.drop_columns(["status", "fact"]), r"missing \['fact', 'status'\], unknown \[\]"),
        (rows.append_column("mood", pa.array(["good"])), r"missing \[\], unknown \['mood'\]"),
    ):
        with pytest.raises(
            TimelineError, match=f"an append was given other columns than the log has: {words}"
        ):
            completed(given)


@pytest.mark.parametrize(
    ("place", "expected"),
    [(None, 8), (1, 1), (7, 7), (8, 8), (-1, 7), (-2, 8), (0, None), (9, None), (-3, None)],
)
def test_a_place_is_a_position_at_or_before_its_own(place: int | None, expected: int | None) -> None:
    rows = rows_to_table([row(1), row(2, place=place)])
    if expected is not None:
        assert completed(rows)["place"].to_pylist() == [7, expected]
    else:
        with pytest.raises(
            TimelineError, match=f"row 1 of an append has place {place}, expected an event at"
        ):
            completed(rows)


def test_a_quarter_of_a_row_group_is_completed_at_once() -> None:
    rows = pa.table({field.name: pa.nulls(ROW_GROUP + 1, field.type) for field in schema()}, schema=schema())
    parts = Completing(rows, None, 1)
    assert [part.num_rows for part in parts] == [*[ROW_GROUP // 4] * 4, 1]
    assert (parts.count, completing._AT_ONCE) == (122_881, 30_720)


def test_an_append_of_many_is_written_as_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than three steps wait for a thread: memory does not depend on how many parts there are."""
    folder = FolderObjects.create(tmp_path / "log").folder
    log = Log(folder, objects=Volatile(folder))
    append(log, 1)
    made, written, ahead = 0, 0, 0
    write = Spool.write

    def slow(self: Spool, rows: pa.Table) -> None:
        nonlocal written, ahead
        ahead = max(ahead, made - written)
        write(self, rows)
        written += 1

    def parts() -> Any:
        nonlocal made
        for _ in range(7):
            made += 1
            yield many(MANY)

    monkeypatch.setattr(Spool, "write", slow)
    commit = log.append(lambda head, recorded_at: parts())
    assert commit is not None
    assert (made, written) == (7, 7)
    assert ahead <= 4
