"""A log that is written at once, from rows and commits that were chosen."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from tests.logs import Volatile, append, events_of, names, row
from timeline.errors import TimelineError
from timeline.log.copying import _widest, write_log
from timeline.log.file import rows_of, rows_to_table
from timeline.log.folder import FolderObjects
from timeline.log.log import Log


def written(folder: Path, counts: list[int]) -> tuple[Log, pa.Table]:
    """Return a log of commits of so many events, recorded a microsecond apart, and its rows."""
    ticks = iter(range(1, len(counts) + 1))
    FolderObjects.create(folder)
    log = Log(folder, objects=Volatile(folder), clock=lambda: next(ticks))
    number = 0
    for count in counts:
        append(log, *range(number, number + count))
        number += count
    return log, events_of(log)


@pytest.mark.parametrize(
    ("counts", "files"),
    [
        ([], []),
        ([2], ["000000000001.parquet"]),
        ([1] * 31, [f"{at:012}.parquet" for at in range(1, 32)]),
        ([1] * 32, ["000000000001-000000000032.parquet"]),
        ([3, *[1] * 32], ["000000000001-000000000032.parquet", "000000000033.parquet"]),
        (
            [1] * 65,
            [
                "000000000001-000000000032.parquet",
                "000000000033-000000000064.parquet",
                "000000000065.parquet",
            ],
        ),
    ],
)
@pytest.mark.parametrize("part", [1, 7, 1_000])
def test_it_is_the_log_that_appending_makes(
    tmp_path: Path, counts: list[int], files: list[str], part: int
) -> None:
    log, rows = written(tmp_path / "log", counts)
    cuts = [rows.slice(at, part) for at in range(0, rows.num_rows, part)]
    parts = [rows.slice(0, 0), *cuts, rows.slice(0, 0)]
    last = write_log(tmp_path / "copy", parts, [(at, count) for at, count in enumerate(counts, 1)])
    assert last == log.head()
    assert names(tmp_path / "copy") == files
    copy = Log(tmp_path / "copy")
    assert copy.commits() == log.commits()
    assert events_of(copy).equals(rows)
    assert copy.verify().events == rows.num_rows


@pytest.mark.parametrize(
    ("first", "last", "size"),
    [
        (1, 1, 1),
        (1, 31, 1),
        (1, 32, 32),
        (1, 33, 32),
        (2, 33, 1),
        (32, 64, 1),
        (33, 63, 1),
        (33, 64, 32),
        (1, 1_023, 32),
        (1, 1_024, 1_024),
        (1, 1_025, 1_024),
        (33, 2_000, 32),
        (1_025, 2_048, 1_024),
        (1, 32_768, 32_768),
        (32_769, 40_000, 1_024),
    ],
)
def test_each_file_is_as_wide_as_one_that_begins_there_may_be(first: int, last: int, size: int) -> None:
    assert _widest(first, last) == size


def test_rows_and_commits_have_to_agree(tmp_path: Path) -> None:
    _, rows = written(tmp_path / "log", [2, 2])
    for given in ([rows.slice(0, 3)], [rows.slice(0, 2), rows.slice(0, 0)]):
        with pytest.raises(TimelineError, match=r"a log to be written lacks \d rows of its commits"):
            write_log(tmp_path / f"short-{len(given)}", given, [(1, 2), (2, 2)])
    for given in ([rows], [rows.slice(0, 2), rows.slice(0, 0), rows.slice(2)]):
        with pytest.raises(TimelineError, match="has more rows than its commits"):
            write_log(tmp_path / f"long-{len(given)}", given, [(1, 2)])


def test_a_place_that_holds_a_log_is_refused(tmp_path: Path) -> None:
    log, _ = written(tmp_path / "log", [2])
    before = rows_of(str(log.folder / "000000000001.parquet"))
    with pytest.raises(TimelineError, match="log: holds a log already"):
        write_log(log.folder, [rows_to_table([row(7)])], [(1, 1)])
    assert rows_of(str(log.folder / "000000000001.parquet")).equals(before)
    assert names(log.folder) == ["000000000001.parquet"]
