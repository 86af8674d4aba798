"""The event log, as its callers see it."""

from __future__ import annotations

import errno
import hashlib
import os
import struct
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import timeline.log.completing
import timeline.log.log
from tests.logs import Recording, Volatile, always, append, events_of, names, row, tree_hash
from timeline.errors import Conflict, Corruption, NotFound, TimelineError
from timeline.log.checks import check_file_hash
from timeline.log.file import CommitRecord, file_name, records_of, rows_of
from timeline.log.folder import FolderObjects
from timeline.log.log import CheckedFiles, Commit, Log, LogFile, Rows, merkle_root, rows_to_table, schema
from timeline.log.writing import encoded
from timeline.meaning.columns import LOG_COLUMNS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return FolderObjects.create(tmp_path / "log").folder


@pytest.fixture
def log(folder: Path) -> Log:
    return Log(folder, objects=Volatile(folder))


def uncompacted(log: Log, commits: int) -> None:
    """Append while the maintenance lock is taken, so that nothing is merged."""
    with log.maintenance():
        for number in range(commits):
            append(log, number)


# Reading what was appended


def test_an_empty_log(log: Log) -> None:
    assert log.head() is None
    assert log.head_number() == 0
    assert log.files() == []
    assert log.commits() == []
    assert events_of(log).schema == schema()
    assert events_of(log).num_rows == 0
    assert log.verify() == timeline.log.log.Verified(0, 0, 0, 0, None)
    assert log.compact() == 0


def test_what_was_appended_is_read_back_in_order(log: Log) -> None:
    first = append(log, 1, 2)
    second = append(log, 3)
    assert (first.number, first.first_position, first.last_position) == (1, 1, 2)
    assert (second.number, second.first_position, second.last_position) == (2, 3, 3)
    assert log.head() == second
    assert log.head_number() == 2
    assert log.commits() == [first, second]
    assert log.commits(after=1) == [second]
    assert events_of(log)["position"].to_pylist() == [1, 2, 3]
    assert events_of(log)["commit"].to_pylist() == [1, 1, 2]
    assert events_of(log, 1)["claim"].to_pylist() == ["3 USD"]
    assert events_of(log, 2).num_rows == 0


def test_every_kind_of_value_comes_back_as_it_was(log: Log) -> None:
    given = {
        "fact": "日本/ÅÄÖ",
        "amount": Decimal("12345678901234567890123456789.123456789"),
        "amount_low": Decimal("-0.000000001"),
        "reported_at": -1,
        "valid_to": 253_402_300_799_999_999,
        "approximate": True,
        "inferred": False,
        "statement": "",
        "inherited": 127,
    }
    log.append(lambda head, recorded_at: rows_to_table([row(1, **given)]))
    table = events_of(log)
    assert table.schema == schema()
    got = table.to_pylist()[0]
    for instant in ("reported_at", "valid_to"):
        got[instant] = table[instant].cast(pa.int64())[0].as_py()
    assert {name: got[name] for name in given} == given
    assert got["amount_high"] is None
    log.verify()


def test_the_columns_on_disk_are_the_columns_of_the_log(log: Log) -> None:
    append(log, 1)
    with pq.ParquetFile(log.files()[0].path) as file:
        assert file.schema_arrow.names == list(LOG_COLUMNS)
        assert file.schema_arrow.remove_metadata() == schema()
        assert sorted(file.metadata.metadata or ()) == [
            b"timeline.commits",
            b"timeline.file_sha256",
            b"timeline.schema",
        ]


def test_a_log_that_is_not_there(tmp_path: Path) -> None:
    log = Log(tmp_path / "nowhere")
    for use in (log.head, lambda: events_of(log), log.verify, log.compact, lambda: append(log, 1)):
        with pytest.raises(NotFound, match=r"there is no log at .*nowhere"):
            use()


def test_other_files_in_the_folder_are_passed_over(log: Log) -> None:
    commit = append(log, 1)
    for name in ("notes.txt", "2.parquet", "000000000001-000000000003.parquet", "000000000002.parquet.bak"):
        (log.folder / name).write_bytes(b"?")
    (log.folder / "000000000000.parquet").write_bytes(b"?")
    assert log.head() == commit


def test_the_head_costs_the_same_however_long_the_log(folder: Path) -> None:
    log = Log(folder, objects=Volatile(folder))
    for number in range(70):
        append(log, number)
    recording = Recording(folder)
    reader = Log(folder, objects=recording)
    assert reader.head_number() == 70
    assert recording.steps == ["list", "list"]
    recording.steps.clear()
    assert reader.head() == log.commits()[-1]
    assert recording.steps == ["get 000000000070.parquet"]


def test_the_log_is_listed_again_only_once_it_has_moved(folder: Path) -> None:
    recording = Recording(folder)
    reader = Log(folder, objects=recording)
    writer = Log(folder, objects=Volatile(folder))
    for number in range(1, 70):
        append(writer, number)
        recording.steps.clear()
        assert reader.head_number() == number
        assert reader.head() == writer.head()
        assert recording.steps.count("list") == 2
        recording.steps.clear()
        assert [commit.number for commit in reader.commits()] == list(range(1, number + 1))
        assert "list" not in recording.steps


def test_a_last_file_that_is_gone_shows_at_once(log: Log) -> None:
    append(log, 1)
    second = append(log, 2)
    assert log.head() == second
    (log.folder / file_name(2, 2)).unlink()
    assert log.head_number() == 1


# Appending


def test_no_rows_make_no_commit(folder: Path) -> None:
    recording = Recording(folder)
    log = Log(folder, objects=recording)
    assert log.append(lambda head, recorded_at: rows_to_table([])) is None
    assert recording.steps == ["list", "list"]
    assert names(folder) == []


def test_an_append_is_acknowledged_only_once_it_is_durable(folder: Path) -> None:
    recording = Recording(folder)
    append(Log(folder, objects=recording), 1)
    assert recording.steps == [
        "list",
        "list",
        "put 000000000001.parquet",
        "write and sync a temporary file",
        "link 000000000001.parquet",
        "sync the folder",
        "get 000000000001-000000000032.parquet",
        "get 000000000001-000000001024.parquet",
        "get 000000000001-000000032768.parquet",
    ]


def test_recorded_at_grows_even_when_the_clock_does_not(folder: Path) -> None:
    ticks = iter([1_000, 1_000, 10, 5_000])
    log = Log(folder, clock=lambda: next(ticks))
    calls: list[tuple[Commit | None, int]] = []

    def prepare(head: Commit | None, recorded_at: int) -> pa.Table:
        calls.append((head, recorded_at))
        return rows_to_table([row(len(calls))])

    for _ in range(4):
        log.append(prepare)
    assert [recorded_at for _, recorded_at in calls] == [1_000, 1_001, 1_002, 5_000]
    assert [commit.recorded_at for commit in log.commits()] == [1_000, 1_001, 1_002, 5_000]
    assert [head for head, _ in calls] == [None, *log.commits()[:-1]]
    assert events_of(log)["recorded_at"].cast(pa.int64()).to_pylist() == [1_000, 1_001, 1_002, 5_000]


def test_an_append_that_expects_another_position_is_a_conflict(log: Log) -> None:
    log.append(lambda head, recorded_at: rows_to_table([row(1), row(2)]), expected_position=0)
    with pytest.raises(Conflict, match="end at position 0, got one that ends at 2"):
        log.append(lambda head, recorded_at: rows_to_table([row(3)]), expected_position=0)
    log.append(lambda head, recorded_at: rows_to_table([row(3)]), expected_position=2)
    assert log.head_number() == 2


def test_places_become_positions(log: Log) -> None:
    append(log, 1, 2)
    places: list[int | None] = [None, 1, -1, None, -4, 3]
    rows = [row(10 + at, place=place) for at, place in enumerate(places)]
    log.append(lambda head, recorded_at: rows_to_table(rows))
    assert events_of(log)["place"].to_pylist() == [1, 2, 3, 1, 3, 6, 6, 3]


def test_of_no_rows_nothing_is_written(log: Log) -> None:
    append(log, 1)
    assert log.append(lambda head, recorded_at: Rows()) is None
    assert log.head_number() == 1


@pytest.mark.parametrize(
    "event_id", [None, "", "00", "0g" * 32, "é" * 64, "0 " * 32, "00" * 33, "00 " * 21 + "0"]
)
def test_rows_need_their_ids(log: Log, event_id: str | None) -> None:
    for rows in (Rows([row(1), row(2) | {"event_id": event_id}]), rows_to_table([{"event_id": event_id}])):
        with pytest.raises(TimelineError, match="every event needs an event_id of 64 hexadecimal digits"):
            log.append(always(rows))
    assert log.head() is None


@pytest.mark.parametrize("place", [0, 3, -2])
def test_a_place_after_its_own_event_is_refused(log: Log, place: int) -> None:
    append(log, 1)
    with pytest.raises(TimelineError, match=f"row 0 of an append has place {place}"):
        log.append(lambda head, recorded_at: rows_to_table([row(2, place=place)]))
    assert log.head_number() == 1


def test_columns_of_another_shape_are_refused(log: Log) -> None:
    with pytest.raises(TimelineError, match=r"missing \['status'\], unknown \['mood'\]"):
        log.append(
            lambda head, recorded_at: (
                rows_to_table([row(1)]).drop_columns(["status"]).append_column("mood", pa.array(["good"]))
            )
        )
    assert log.head() is None


def test_what_the_log_fills_in_may_be_left_out_and_types_may_be_near(log: Log) -> None:
    rows = rows_to_table([row(1), row(2)]).drop_columns(["position", "commit", "recorded_at", "place"])
    near = rows.set_column(0, "event_id", rows["event_id"].cast(pa.large_string()))
    near = near.set_column(2, "event_type", near["event_type"].dictionary_encode())
    log.append(lambda head, recorded_at: near)
    assert events_of(log).schema == schema()
    assert log.verify().events == 2


@pytest.mark.parametrize("bad", [None, "", "ab", "zz" * 32, "ab" * 31 + "a", " " * 64])
def test_an_event_without_an_id_is_refused(log: Log, bad: str | None) -> None:
    with pytest.raises(TimelineError, match="event_id of 64 hexadecimal digits"):
        log.append(lambda head, recorded_at: rows_to_table([row(1), row(2) | {"event_id": bad}]))
    assert log.head() is None


def test_ids_that_are_64_digits_only_on_average_are_refused(log: Log) -> None:
    rows = [row(1) | {"event_id": "ab" * 31}, row(2) | {"event_id": "ab" * 33}]
    with pytest.raises(TimelineError, match="event_id of 64 hexadecimal digits"):
        log.append(lambda head, recorded_at: rows_to_table(rows))


def test_a_part_of_a_larger_table_in_several_chunks(log: Log) -> None:
    rows = [row(number) for number in range(10)]
    table = pa.concat_tables([rows_to_table(rows[:4]), rows_to_table([]), rows_to_table(rows[4:])]).slice(
        2, 6
    )
    commit = log.append(lambda head, recorded_at: table)
    assert commit is not None
    assert events_of(log)["event_id"].to_pylist() == [one["event_id"] for one in rows[2:8]]
    assert log.verify().digest == commit.digest


def many_rows(numbers: Iterable[int]) -> pa.Table:
    """Return rows that differ in their ids and subjects alone."""
    ids = [hashlib.sha256(str(number).encode()).hexdigest() for number in numbers]
    rows = rows_to_table([row(1)]).take(pa.array([0] * len(ids), pa.int64()))
    for name, values in (("event_id", ids), ("subject", list(map(str, numbers)))):
        rows = rows.set_column(rows.column_names.index(name), name, pa.array(values))
    return rows


@pytest.mark.parametrize("at_once", [7_001, 200_000])
def test_parts_make_the_commit_that_they_make_together(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(timeline.log.completing, "_AT_ONCE", at_once)
    rows = many_rows(range(150_000))
    cuts = [0, 0, 3, 9_000, 9_001, 90_000, 150_000, 150_000]
    log = Log(folder, clock=lambda: 1_000)
    commit = log.append(lambda head, recorded_at: (rows.slice(a, b - a) for a, b in pairwise(cuts)))
    assert commit is not None
    whole = Log(Log.create(tmp_path / "whole").folder, clock=lambda: 1_000)
    assert whole.append(lambda head, recorded_at: rows) == commit
    read = events_of(log)
    assert read["subject"].to_pylist() == rows["subject"].to_pylist()
    assert read["position"].to_pylist() == read["place"].to_pylist() == list(range(1, 150_001))
    leaves = [bytes.fromhex(str(event_id)) for event_id in rows["event_id"].to_pylist()]
    (entry,) = records_of(log.files()[0])
    assert entry.root == merkle_root(leaves).hex()
    check_file_hash(log.files()[0])
    assert sorted(names(folder)) == ["000000000001.parquet"]


def test_places_count_from_the_first_part(log: Log) -> None:
    append(log, 1)
    rows = rows_to_table([row(10 + at, place=place) for at, place in enumerate([None, -1, -2, 1])])
    log.append(lambda head, recorded_at: iter([rows.slice(0, 1), rows.slice(1, 2), rows.slice(3)]))
    assert events_of(log)["place"].to_pylist() == [1, 2, 2, 3, 1]


@pytest.mark.parametrize("before", [0, 1, 30_000])
def test_what_a_part_raises_leaves_the_log_as_it_was(folder: Path, before: int) -> None:
    log = Log(folder)

    def parts() -> Iterator[pa.Table]:
        yield many_rows(range(before))
        raise Conflict("no")

    with pytest.raises(Conflict, match="no"):
        log.append(lambda head, recorded_at: parts())
    assert names(folder) == []
    bad = rows_to_table([row(1) | {"event_id": "x"}])
    with pytest.raises(TimelineError, match="event_id of 64 hexadecimal digits"):
        log.append(lambda head, recorded_at: iter([many_rows(range(20_000)), bad]))
    assert names(folder) == []
    assert append(log, 2).number == 1


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS])
def test_a_folder_that_may_not_be_written_to_is_an_error(folder: Path, code: int) -> None:
    class Forbidding(FolderObjects):
        def _write(self, temporary: Path, content: memoryview) -> None:
            raise OSError(code, os.strerror(code), str(temporary))

    with pytest.raises(TimelineError, match=r"cannot be written to \(.*\); nothing was recorded"):
        append(Log(folder, objects=Forbidding(folder)), 1)
    assert names(folder) == []


def test_what_prepare_raises_leaves_the_log_as_it_was(log: Log) -> None:
    append(log, 1)

    def prepare(head: Commit | None, recorded_at: int) -> pa.Table:
        raise Conflict("no")

    with pytest.raises(Conflict, match="no"):
        log.append(prepare)
    assert names(log.folder) == ["000000000001.parquet"]
    assert append(log, 2).number == 2


def test_a_lock_asked_for_again_by_its_holder_is_an_error_and_no_standstill(log: Log) -> None:
    with log.maintenance() as held, log.maintenance(wait=False) as again:
        assert held
        assert not again
        with pytest.raises(TimelineError, match="holds that lock already"):
            log.compact()
    assert log.compact() == 0


# Digests


@pytest.mark.parametrize(
    ("size", "root"),
    [
        (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
        (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
        (4, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
        (5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
        (6, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
        (7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
        (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
    ],
)
def test_the_root_is_that_of_certificate_transparency(size: int, root: str) -> None:
    leaves = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
    assert merkle_root(map(bytes.fromhex, leaves[:size])).hex() == root


@pytest.mark.parametrize("size", [2**16 - 1, 2**16, 2**16 + 1, 2**17 + 3])
def test_the_root_of_many_is_the_definition_too(size: int) -> None:
    leaves = [at.to_bytes(32) for at in range(size)]
    assert merkle_root(iter(leaves)) == tree_hash(leaves)


def test_a_digest_is_the_hash_of_the_documented_bytes(folder: Path) -> None:
    ticks = iter([7, 9])
    log = Log(folder, clock=lambda: next(ticks))
    append(log, 1, 2, 3)
    append(log, 4)
    ids = [bytes.fromhex(row(number)["event_id"]) for number in (1, 2, 3, 4)]  # type: ignore[arg-type]
    first = hashlib.sha256(bytes(32) + struct.pack(">4q", 1, 1, 3, 7) + tree_hash(ids[:3]))
    second = hashlib.sha256(first.digest() + struct.pack(">4q", 2, 4, 1, 9) + tree_hash(ids[3:]))
    assert [commit.digest for commit in log.commits()] == [first.hexdigest(), second.hexdigest()]


# Merging


def test_the_appender_that_fills_a_block_merges_it(log: Log) -> None:
    for number in range(31):
        append(log, number)
    assert len(names(log.folder)) == 31
    append(log, 31)
    assert names(log.folder) == ["000000000001-000000000032.parquet"]
    append(log, 32)
    assert names(log.folder) == ["000000000001-000000000032.parquet", "000000000033.parquet"]
    assert events_of(log, 30)["claim"].to_pylist() == ["30 USD", "31 USD", "32 USD"]
    assert [file.name for file in log.files(after=32)] == ["000000000033.parquet"]
    assert log.files(after=31)[0] == LogFile(
        "000000000001-000000000032.parquet", 1, 32, str(log.folder / "000000000001-000000000032.parquet")
    )
    assert [commit.number for commit in log.commits(after=31)] == [32, 33]


def test_merging_changes_neither_events_nor_positions_nor_digests(log: Log) -> None:
    uncompacted(log, 70)
    commits, rows, verified = log.commits(), events_of(log), log.verify()
    assert log.compact() == 64
    assert log.compact() == 0
    assert len(names(log.folder)) == 2 + 6
    assert log.commits() == commits
    assert events_of(log).equals(rows)
    again = log.verify()
    assert (again.commits, again.events, again.digest) == (verified.commits, verified.events, verified.digest)
    assert (verified.files, again.files) == (70, 8)
    assert again.bytes == sum((log.folder / name).stat().st_size for name in names(log.folder))


def test_blocks_of_blocks(log: Log) -> None:
    for number in range(1_024 + 33):
        append(log, number)
    assert names(log.folder) == [
        "000000000001-000000001024.parquet",
        "000000001025-000000001056.parquet",
        "000000001057.parquet",
    ]
    assert events_of(log)["claim"].to_pylist() == [f"{number} USD" for number in range(1_024 + 33)]
    assert log.verify().commits == 1_024 + 33


def test_a_block_of_large_files_is_left_alone(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    uncompacted(log, 64)
    block = sorted(log.folder.glob("*.parquet"))
    size = sum(path.stat().st_size for path in block[:32])
    extra = [row(1_000 + at, statement=hashlib.sha256(b"%d" % at).hexdigest() * 50) for at in range(50)]
    with log.maintenance():
        log.append(lambda head, recorded_at: rows_to_table(extra))
    with log.maintenance():
        for number in range(65, 96):
            append(log, number)
    monkeypatch.setattr(timeline.log.log, "MERGE_AT_MOST", size + size // 2)
    assert log.compact() == 64
    assert len(names(log.folder)) == 2 + 32
    assert log.verify().commits == 96


def test_a_failed_merge_leaves_the_append_standing(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    class NoRanges(Volatile):
        def _link(self, temporary: Path, name: str) -> None:
            if "-" in name:
                raise OSError(28, "No space left on device")
            super()._link(temporary, name)

    log = Log(folder, objects=NoRanges(folder))
    for number in range(32):
        append(log, number)
    assert log.head_number() == 32
    assert "files were not merged: [Errno 28] No space left on device" in caplog.text
    assert len(names(folder)) == 32
    assert Log(folder).compact() == 32


def test_what_is_damaged_is_not_merged_and_keeps_nothing_else_from_it(log: Log) -> None:
    uncompacted(log, 64)
    path = log.folder / "000000000007.parquet"
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(content)
    with pytest.raises(Corruption, match=r"000000000007\.parquet: was changed since commit 7"):
        log.compact()
    assert names(log.folder)[-1] == "000000000033-000000000064.parquet"
    assert len(names(log.folder)) == 33


def test_what_a_dead_writer_left_is_swept_once_the_log_has_moved_on(log: Log) -> None:
    class Died(BaseException):
        pass

    class Dying(FolderObjects):
        def _write(self, temporary: Path, content: memoryview) -> None:
            super()._write(temporary, content[: len(content) // 2])
            raise Died

        def _unlink(self, path: Path) -> None:
            pass

    append(log, 1)
    with pytest.raises(Died):
        append(Log(log.folder, objects=Dying(log.folder)), 2)
    [left] = log.folder.glob(".tmp-*")
    log.compact()
    assert left.exists()
    append(log, 2)
    log.compact()
    assert not left.exists()


def test_what_only_has_the_name_of_a_temporary_file_is_left_alone(log: Log) -> None:
    append(log, 1)
    theirs = [log.folder / name for name in (".tmp-1-abc", ".tmp-1-0123456789ab", ".tmp-notes")]
    for path in theirs:
        path.write_text("mine")
        os.utime(path, (0, 0))
    append(log, 2)
    log.compact()
    assert [path.read_text() for path in theirs] == ["mine"] * 3


@pytest.mark.parametrize("kind", ["folder", "named pipe"])
def test_what_is_no_file_in_place_of_one_of_the_log_is_corruption(log: Log, kind: str) -> None:
    append(log, 1)
    append(log, 2)
    last = log.folder / "000000000002.parquet"
    last.unlink()
    if kind == "folder":
        last.mkdir()
    else:
        os.mkfifo(last)
    for ask in (log.head, lambda: events_of(log), log.verify, lambda: append(log, 3)):
        with pytest.raises(Corruption, match=f"000000000002.parquet: is a {kind}, expected a file"):
            ask()


def test_a_commit_that_was_linked_is_acknowledged_whatever_happens_to_its_temporary_file(log: Log) -> None:
    class Stuck(FolderObjects):
        def _unlink(self, path: Path) -> None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    assert append(Log(log.folder, objects=Stuck(log.folder)), 1).number == 1
    [left] = log.folder.glob(".tmp-*")
    append(log, 2)
    log.compact()
    assert not left.exists()


def test_a_writer_whose_temporary_file_was_swept_writes_it_again(folder: Path) -> None:
    class Swept(Volatile):
        swept = False

        def _link(self, temporary: Path, name: str) -> None:
            if not self.swept:
                self.swept = True
                temporary.unlink()
            super()._link(temporary, name)

    objects = Swept(folder)
    log = Log(folder, objects=objects)
    append(log, 1)
    assert objects.swept
    assert log.verify().events == 1


# Reading while files are merged away


def test_reading_is_done_again_where_a_file_was_merged_away(log: Log) -> None:
    uncompacted(log, 33)
    seen: list[int] = []

    def read(files: CheckedFiles) -> list[Any]:
        seen.append(len(files.paths))
        if len(seen) == 1:
            log.compact()
        with duckdb.connect() as connection:
            return connection.execute("SELECT position FROM read_parquet(?)", [files.paths]).fetchall()

    assert log.reading(read) == [(position,) for position in range(1, 34)]
    assert seen == [33, 2]


def test_an_error_of_the_reader_is_not_hidden(log: Log) -> None:
    append(log, 1)
    calls = 0

    def read(files: CheckedFiles) -> None:
        nonlocal calls
        calls += 1
        raise FileNotFoundError("something of my own")

    with pytest.raises(FileNotFoundError, match="of my own"):
        log.reading(read)
    assert calls == 1


class MergedMeanwhile(FolderObjects):
    """A folder in which everything is merged just before an object is got for the n-th time."""

    def __init__(self, folder: Path, after: int) -> None:
        super().__init__(folder)
        self.after = after

    def get(self, name: str) -> Path:
        self.after -= 1
        if self.after == 0:
            Log(self.folder).compact()
        return super().get(name)


@pytest.mark.parametrize("after", [1, 2, 33])
def test_every_way_of_reading_survives_a_merge(log: Log, after: int) -> None:
    uncompacted(log, 33)
    expected = log.commits()
    copies = [log.folder.parent / f"copy-{at}" for at in range(4)]
    for copy in copies:
        copy.mkdir()
        for name in names(log.folder):
            (copy / name).hardlink_to(log.folder / name)
    readers = [Log(copy, objects=MergedMeanwhile(copy, after)) for copy in copies]
    assert events_of(readers[0])["position"].to_pylist() == list(range(1, 34))
    assert readers[1].commits() == expected
    assert readers[2].verify().digest == expected[-1].digest
    assert readers[3].head() == expected[-1]


def test_verifying_goes_on_where_files_were_merged_away(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    uncompacted(log, 70)
    monkeypatch.setattr(timeline.log.log, "_FILES_AT_ONCE", 40)
    done: list[tuple[int, int]] = []

    def progress(events: int, of: int) -> None:
        done.append((events, of))
        log.compact()

    verified = log.verify(progress)
    # 1 to 32 one by one, then 33 to 64 again as one file, then the rest.
    assert (verified.commits, verified.events, verified.files) == (70, 70, 32 + 1 + 6)
    assert done == [(40, 70), (70, 70)]


def test_a_listing_that_missed_a_merged_file_is_not_believed(folder: Path) -> None:
    class Torn(Volatile):
        missing = 0

        def list(self) -> list[str]:
            self.missing += 1
            return [name for name in super().list() if self.missing != 1 or "-" not in name]

    log = Log(folder, objects=Volatile(folder))
    for number in range(64):
        append(log, number)
    assert Log(folder, objects=Torn(folder)).head_number() == 64
    append(log, 64)
    assert Log(folder, objects=Torn(folder)).head_number() == 65


# Verifying


def rewritten(path: Path, change: Any) -> None:
    """Change the rows of a file and give it a hash that fits."""
    number = int(path.stem)
    entries = records_of(LogFile(path.name, number, number, str(path)))
    path.write_bytes(encoded(change(pq.read_table(path).replace_schema_metadata(None)), entries))


def seal(path: Path) -> str:
    """Give a file a hash that fits, as the documentation of the format says."""
    content = bytearray(path.read_bytes())
    key = b"timeline.file_sha256\x18\x40"
    at = content.rindex(key) + len(key)
    content[at : at + 64] = b"0" * 64
    digest = hashlib.sha256(content).hexdigest()
    content[at : at + 64] = digest.encode()
    path.write_bytes(content)
    return digest


def test_a_file_holds_its_own_hash(log: Log) -> None:
    path = three(log)[1]
    whole = path.read_bytes()
    metadata: Any = pq.read_metadata(path).metadata
    assert seal(path) == metadata[b"timeline.file_sha256"].decode()
    assert path.read_bytes() == whole


def three(log: Log) -> list[Path]:
    append(log, 1, 2)
    append(log, 3, 4)
    append(log, 5, 6)
    return sorted(log.folder.glob("*.parquet"))


@pytest.mark.parametrize("start", range(7))
def test_no_byte_of_a_file_can_be_changed(log: Log, start: int) -> None:
    path = three(log)[1]
    whole = path.read_bytes()
    for at in range(start, len(whole), 37):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        path.write_bytes(damaged)
        with pytest.raises(Corruption, match=r"000000000002\.parquet"):
            log.verify()
    path.write_bytes(whole)
    assert log.verify().commits == 3


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 12, 500, -1, -8, -200])
def test_a_file_that_was_cut_short(log: Log, kept: int) -> None:
    path = three(log)[2]
    path.write_bytes(path.read_bytes()[:kept])
    for use in (log.verify, log.head, log.commits):
        with pytest.raises(Corruption, match=r"000000000003\.parquet: not a file of the log"):
            use()


def test_a_file_cut_short_in_its_data_is_found_on_reading(log: Log) -> None:
    path = three(log)[1]
    whole = path.read_bytes()
    path.write_bytes(whole[:4] + b"\xff" * 300 + whole[304:])
    with pytest.raises(Corruption, match=r"000000000002\.parquet: cannot be read"):
        rows_of(str(path))


def test_a_commit_that_is_missing_is_named(log: Log) -> None:
    paths = three(log)
    paths[1].unlink()
    uses = (log.head_number, log.head, lambda: events_of(log), log.verify, log.compact)
    for use in (*uses, lambda: append(log, 7)):
        with pytest.raises(Corruption, match=r"commit 2 is missing, though 000000000003\.parquet is there"):
            use()
    paths[0].unlink()
    with pytest.raises(Corruption, match="commits 1 to 2 are missing"):
        log.files()


def test_commits_that_changed_places(log: Log) -> None:
    first, second, _ = three(log)
    aside = first.rename(first.with_name("aside"))
    second.rename(first)
    aside.rename(second)
    with pytest.raises(
        Corruption, match=r"000000000001\.parquet: holds commits 2 to 2, not what its name says"
    ):
        log.verify()


def test_commits_that_were_rewritten_in_another_order(log: Log) -> None:
    paths = three(log)
    entries = [records_of(LogFile(path.name, at, at, str(path)))[0] for at, path in enumerate(paths, 1)]
    commit = entries[1].commit
    moved = Commit(3, commit.first_position, commit.count, commit.recorded_at, commit.digest)
    paths[2].write_bytes(encoded(pq.read_table(paths[1]), [CommitRecord(moved, entries[1].root)]))
    with pytest.raises(Corruption, match=r"000000000003\.parquet: commit 3 starts at position 3, expected 5"):
        log.verify()


def test_the_last_commits_removed_show_in_the_digest_alone(log: Log) -> None:
    paths = three(log)
    before = log.verify()
    paths[2].unlink()
    after = log.verify()
    assert after.commits == 2
    assert after.digest != before.digest


def replaced(name: str, values: Iterable[Any]) -> Any:
    def change(rows: pa.Table) -> pa.Table:
        at = rows.schema.get_field_index(name)
        return rows.set_column(at, rows.schema.field(at), pa.array(values, rows.schema.field(at).type))

    return change


THE_ID = "the event at position {} has the id"
SHOULD = "the event that should be at position {} has"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(replaced("claim", ["3 USD", "5 USD"]), THE_ID.format(4), id="text"),
        pytest.param(replaced("valid_from", [None, 1]), THE_ID.format(4), id="instant"),
        pytest.param(replaced("amount_low", [Decimal(1), None]), THE_ID.format(3), id="amount"),
        pytest.param(replaced("void", [None, True]), THE_ID.format(4), id="answer"),
        pytest.param(replaced("inherited", [1, 0]), THE_ID.format(3), id="inherited"),
        pytest.param(replaced("event_id", [None, None]), THE_ID.format(3) + " None", id="no id"),
        pytest.param(
            replaced("position", [3, 5]), SHOULD.format(4) + " position 5, expected 4", id="position"
        ),
        pytest.param(replaced("position", [3, None]), SHOULD.format(4) + " position None", id="no position"),
        pytest.param(replaced("commit", [2, 3]), SHOULD.format(4) + " commit 3, expected 2", id="commit"),
        pytest.param(replaced("recorded_at", [0, 0]), SHOULD.format(3) + " recorded_at 0", id="recorded_at"),
        pytest.param(lambda rows: rows.take([1, 0]), SHOULD.format(3) + " position 4", id="order"),
        pytest.param(lambda rows: rows.slice(1), "has 1 rows, expected 2 by its commits", id="count"),
        pytest.param(
            lambda rows: replaced("position", [3, 4])(rows.take([1, 0])), "commit 2 has the root", id="root"
        ),
    ],
)
def test_rows_changed_with_a_hash_that_fits(log: Log, change: Any, message: str) -> None:
    path = three(log)[1]
    rewritten(path, change)
    with pytest.raises(Corruption, match=f"{path.name}: .*{message}"):
        log.verify()


def test_a_rewritten_history_does_not_fit_what_follows(log: Log) -> None:
    paths = three(log)
    head = log.commits()[0]
    rows = replaced("claim", ["3 USD", "5 USD"])(pq.read_table(paths[1]))
    ids = [row(3)["event_id"], row(4, claim="5 USD")["event_id"]]
    rows = replaced("event_id", ids)(rows.replace_schema_metadata(None))
    entry = CommitRecord.of(rows["event_id"], head, 3, log.commits()[1].recorded_at)
    paths[1].write_bytes(encoded(rows, [entry]))
    with pytest.raises(Corruption, match=r"000000000003\.parquet: commit 3 has the digest \w+, expected \w+"):
        log.verify()


def test_commits_recorded_out_of_order(folder: Path) -> None:
    log = Log(folder, clock=lambda: 1_000)
    first = append(log, 1)
    rows = replaced("position", [2])(replaced("commit", [2])(rows_to_table([row(2)])))
    rows = replaced("recorded_at", [1_000])(rows)
    entry = CommitRecord.of(rows["event_id"], first, 2, 1_000)
    (folder / "000000000002.parquet").write_bytes(encoded(rows, [entry]))
    with pytest.raises(Corruption, match="commit 2 is recorded at 1000, expected later than 1000"):
        log.verify()


def test_another_version_of_the_columns(log: Log) -> None:
    path = three(log)[1]
    content = path.read_bytes()
    key = b"timeline.schema\x18\x01"
    assert content.count(key + b"1") == 1
    path.write_bytes(content.replace(key + b"1", key + b"2"))
    with pytest.raises(Corruption, match="has version '2' of the columns, expected '1'"):
        log.commits()


def test_other_columns(log: Log) -> None:
    path = three(log)[1]
    metadata: Any = pq.read_metadata(path).metadata
    rows = pq.read_table(path).replace_schema_metadata(None).drop_columns(["actor"])
    with pq.ParquetWriter(path, rows.schema, store_schema=False) as writer:
        writer.write_table(rows)
        writer.add_key_value_metadata(metadata)
    seal(path)
    with pytest.raises(Corruption, match=r"000000000002\.parquet: its columns are not those of version 1"):
        log.verify()


def test_a_foreign_parquet_file(log: Log) -> None:
    path = three(log)[1]
    pq.write_table(pa.table({"a": [1]}), path)
    for use in (log.verify, log.commits):
        with pytest.raises(
            Corruption, match=r"000000000002\.parquet: not a file of the log: it has no timeline"
        ):
            use()
