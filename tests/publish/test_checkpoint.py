"""Checkpoints of published tables: what readers begin with, and the same as `deltalake` writes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import deltalake
import polars as pl
import pyarrow.parquet as pq
import pytest

from tests.examples import some
from tests.logs import Volatile, events_of
from tests.publish.test_log_table import plain, record, with_duckdb, with_polars, with_sail
from timeline import Timeline
from timeline.errors import Corruption
from timeline.publish.checkpoint import LAST_CHECKPOINT, checkpoint_of, version_in
from timeline.publish.delta import DELTA_LOG, DeltaTable, Version


def table_of(folder: Path) -> Version:
    return DeltaTable(Volatile(folder / DELTA_LOG), folder).current()


def checkpoints(folder: Path) -> list[int]:
    return sorted(int(path.name[:20]) for path in (folder / DELTA_LOG).glob("*.checkpoint.parquet"))


def forget_versions(folder: Path, before: int) -> None:
    """Remove the versions before one, as those who clean up tables do: readers have the checkpoint alone."""
    for path in (folder / DELTA_LOG).glob("*.json"):
        if int(path.stem) < before:
            path.unlink()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store whose log and whose beliefs were published eight times, with a checkpoint at each third.

    That it is each tenth where nothing else says so is in `test_who_dies_before_a_checkpoint…`.
    """
    folder = tmp_path_factory.mktemp("many")
    with pytest.MonkeyPatch.context() as patched, Timeline.create(folder / "desk") as tl:
        patched.setattr("timeline.publish.delta._EVERY", 3)
        for number in range(8):
            record(tl, 1, number)
            tl.publish_delta()
            tl.publish_beliefs(folder / "beliefs")
    return folder


@pytest.fixture
def published(many: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(many, tmp_path / "many"))


@pytest.mark.parametrize("within", ["desk/log", "beliefs"])
def test_after_some_versions_there_is_a_checkpoint_with_what_deltalake_would_write(
    published: Path, within: str
) -> None:
    folder = published / within
    assert checkpoints(folder) == [2, 5]
    last = json.loads((folder / DELTA_LOG / LAST_CHECKPOINT).read_text())
    assert (last["version"], last["size"]) == (
        5,
        pq.read_metadata(folder / DELTA_LOG / f"{5:020}.checkpoint.parquet").num_rows,
    )
    now = table_of(folder)
    assert now.number == 7
    ours = folder / "ours.parquet"
    ours.write_bytes(checkpoint_of(now, at=0)[0])
    deltalake.DeltaTable(folder).create_checkpoint()
    assert checkpoints(folder) == [2, 5, 7]
    theirs = folder / DELTA_LOG / f"{7:020}.checkpoint.parquet"
    found, wanted = (version_in(path, 7) for path in (ours, theirs))
    assert dict(found.files) == dict(wanted.files) == dict(now.files)
    assert dict(found.applied) == dict(wanted.applied) == dict(now.applied)
    assert (found.table, found.schema) == (wanted.table, wanted.schema)
    # Within a week both name what was removed.
    recent = version_in(_written(folder, now), 7)
    assert recent.tombstones.keys() == wanted.tombstones.keys() == now.tombstones.keys()
    assert found.tombstones.keys() == now.tombstones.keys()


def _written(folder: Path, table: Version) -> Path:
    path = folder / "recent.parquet"
    newest = max((each["deletionTimestamp"] for each in table.tombstones.values()), default=0)
    path.write_bytes(checkpoint_of(table, at=newest)[0])
    return path


@pytest.mark.parametrize("read", [with_polars, *some([with_duckdb, with_sail], 2)])
def test_every_reader_begins_with_the_checkpoint(published: Path, tmp_path: Path, read: Any) -> None:
    log, beliefs = published / "desk" / "log", published / "beliefs"
    for folder in (log, beliefs):
        forget_versions(folder, before=6)
    read({log: tmp_path / "log.parquet", beliefs: tmp_path / "beliefs.parquet"})
    with Timeline.open(published / "desk") as tl:
        assert plain(pq.read_table(tmp_path / "log.parquet")).equals(plain(events_of(tl._log)))
        assert pq.read_metadata(tmp_path / "beliefs.parquet").num_rows == 8
        # Publishing goes on from there, too.
        record(tl, 1, 8)
        assert (tl.publish_delta().version, tl.publish_beliefs(beliefs).version) == (8, 8)
    assert pl.scan_delta(str(beliefs)).collect().height == 9


def test_what_was_removed_long_ago_is_not_in_a_checkpoint(published: Path) -> None:
    now = table_of(published / "beliefs")
    assert len(now.tombstones) > 5
    path = published / "late.parquet"
    newest = max(each["deletionTimestamp"] for each in now.tombstones.values())
    path.write_bytes(checkpoint_of(now, at=newest + 8 * 86_400_000)[0])
    assert not version_in(path, 7).tombstones


def test_who_dies_before_a_checkpoint_leaves_it_to_the_next(
    desk: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = desk.path / "log"
    for number in range(9):
        record(desk, 1, number)
        desk.publish_delta()
    record(desk, 1, 9)
    with monkeypatch.context() as patched:

        def die(*_: object) -> None:
            raise KeyboardInterrupt

        patched.setattr("timeline.publish.delta.checkpoint_of", die)
        with pytest.raises(KeyboardInterrupt):
            desk.publish_delta()
    assert (table_of(folder).number, checkpoints(folder)) == (9, [])
    record(desk, 1, 10)
    assert desk.publish_delta().version == 10
    assert checkpoints(folder) == [10]


def test_what_is_no_checkpoint_or_lacks_a_version_is_refused(published: Path) -> None:
    folder = published / "beliefs"
    (folder / DELTA_LOG / f"{5:020}.checkpoint.parquet").write_bytes(b"PAR1")
    with pytest.raises(Corruption, match="is no checkpoint of a Delta table"):
        table_of(folder)
    (folder / DELTA_LOG / f"{5:020}.checkpoint.parquet").unlink()
    assert table_of(folder).number == 7
    (folder / DELTA_LOG / f"{4:020}.json").unlink()
    with pytest.raises(Corruption, match=r"versions of the Delta table are missing, found 4 after 2 up to 7"):
        table_of(folder)
