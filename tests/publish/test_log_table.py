"""The log as a Delta table: every reader has its rows and types, and nothing takes it for the log."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.commands import run
from tests.engines import DUCKDB, SAIL, run_in
from tests.logs import events_of, names
from timeline import Conflict, Timeline
from timeline.errors import BadInput, Corruption
from timeline.log.folder import FolderObjects
from timeline.log.log import schema
from timeline.publish.delta import DELTA_LOG, DeltaTable

READERS = Path(__file__).parent / "readers"
SECRET = "Jane Q. Doe of 14 Elm Street"


def record(tl: Timeline, count: int, start: int = 0, **more: str) -> None:
    """Append so many commits of one event."""
    for number in range(start, start + count):
        event = {"key": f"k{number}", "fact": f"acme/revenue@{2000 + number}", "amount": f"{number}.25"}
        tl.append(
            [
                event
                | {"unit": "USD", "source": f"s{number}", "reported": f"2025-01-{number % 28 + 1:02}"}
                | more
            ],
            register_unknown=True,
        )


def live(folder: Path) -> set[str]:
    """Return the files of a Delta table by its own log, read as the protocol says and without our reader."""
    files: set[str] = set()
    for path in sorted((folder / DELTA_LOG).glob("*.json")):
        for line in path.read_text().splitlines():
            action = json.loads(line)
            files |= {action["add"]["path"]} if "add" in action else set()
            files -= {action["remove"]["path"]} if "remove" in action else set()
    return files


def plain(table: pa.Table) -> pa.Table:
    """Return a table with the one type of texts that all readers can have, in the order of the log."""
    fields = [
        field.with_type(pa.string())
        if pa.types.is_large_string(field.type) or str(field.type) == "string_view"
        else field
        for field in table.schema
    ]
    bare = pa.schema([field.with_nullable(True).remove_metadata() for field in fields])
    return table.cast(bare).replace_schema_metadata(None).sort_by("position").combine_chunks()


def with_polars(tables: Mapping[Path, Path]) -> None:
    for table, file in tables.items():
        pq.write_table(pl.scan_delta(str(table)).collect().to_arrow(), file)


def with_duckdb(tables: Mapping[Path, Path]) -> None:
    run_in(DUCKDB, READERS / "duckdb_delta.py", *(path for pair in tables.items() for path in pair))


def with_sail(tables: Mapping[Path, Path]) -> None:
    run_in(SAIL, READERS / "sail_delta.py", *(path for pair in tables.items() for path in pair))


@pytest.mark.parametrize("read", [with_polars, with_duckdb, with_sail])
def test_every_reader_has_the_rows_and_types_of_the_log(copy: Timeline, tmp_path: Path, read: Any) -> None:
    copy.publish_delta()
    linked = tmp_path / "linked"
    # Merged files, single ones, and the first and the last years.
    record(copy, 30)
    event = {"fact": "sun/age", "text": "old", "source": "s1", "reported": "2025-02-01"}
    copy.append(
        [event | {"valid_from": "0001-01-01"}, event | {"fact": "sun/end", "valid_to": "9998"}],
        register_unknown=True,
    )
    copy.publish_delta()
    copy.publish_delta(linked)
    expected = plain(events_of(copy._log))
    assert expected.schema == schema()
    out = {copy.path / "log": tmp_path / "own.parquet", linked: tmp_path / "linked.parquet"}
    read(out)
    for file in out.values():
        found = plain(pq.read_table(file))
        assert found.schema == expected.schema
        assert found.equals(expected)


def test_predicates_pass_over_files_and_lose_no_rows(desk: Timeline) -> None:
    record(desk, 5)
    desk.publish_delta()
    table = pl.scan_delta(str(desk.path / "log"))
    events = pl.DataFrame(events_of(desk._log))
    for instant in events["reported_at"].drop_nulls().to_list():
        found = table.filter(pl.col("reported_at") == instant).collect()
        assert found.height == events.filter(pl.col("reported_at") == instant).height > 0
    for position in (1, 4, desk.snapshot().position):
        assert table.filter(pl.col("position") == position).collect().height == 1


def test_publishing_again_adds_what_is_new_and_only_that(desk: Timeline) -> None:
    first = desk.publish_delta()
    assert (first.version, first.commit, first.files, first.rows) == (0, 0, 0, 0)
    record(desk, 3)
    second = desk.publish_delta()
    assert (second.version, second.commit, second.added, second.removed) == (1, 3, 3, 0)
    versions = sorted((desk.path / "log" / DELTA_LOG).glob("*.json"))
    content = [path.read_bytes() for path in versions]
    assert desk.publish_delta().version == 1
    assert [path.read_bytes() for path in versions] == content
    assert live(desk.path / "log") == {file.name for file in desk._log.files()}


def test_compaction_registers_the_merged_file_before_what_it_replaces_goes(
    desk: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(desk, 31)
    desk.publish_delta()
    removed: list[str] = []

    def remove(self: FolderObjects, gone: Any) -> None:
        gone = list(gone)
        # Whoever reads the current version needs none of them.
        assert not live(desk.path / "log") & set(gone)
        removed.extend(gone)
        original(self, gone)

    original = FolderObjects.remove
    monkeypatch.setattr(FolderObjects, "remove", remove)
    record(desk, 1, 31)
    assert len(removed) == 32
    assert live(desk.path / "log") == {"000000000001-000000000032.parquet"}
    # Rows that were there before are no change to those who follow the table.
    last = max((desk.path / "log" / DELTA_LOG).glob("*.json"))
    actions = [json.loads(line) for line in last.read_text().splitlines()]
    assert {action["remove"]["path"] for action in actions if "remove" in action} >= {"000000000001.parquet"}


def test_a_merge_of_published_files_is_no_change_of_data(
    desk: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(desk._log, "_compact_quietly", lambda: None)
        record(desk, 32)
    desk.publish_delta()
    desk.compact()
    last = max((desk.path / "log" / DELTA_LOG).glob("*.json"))
    actions = [json.loads(line) for line in last.read_text().splitlines()]
    changes = [each["dataChange"] for action in actions for each in action.values() if "dataChange" in each]
    assert len(changes) == 33
    assert not any(changes)


def test_nothing_of_it_is_part_of_the_log(desk: Timeline, tmp_path: Path) -> None:
    record(desk, 33)
    desk.publish_delta()
    before = desk.verify()
    assert (before.commits, before.files) == (33, 2)
    # What compaction, an erasure, a backup and a restored store do, and what a reader sees.
    desk.compact()
    desk.erase("k3", reason="asked for")
    backup = desk.backup(tmp_path / "backup")
    assert backup.commit == desk.head()
    assert DELTA_LOG not in names(tmp_path / "backup" / "log")
    Timeline.restore(tmp_path / "backup", tmp_path / "restored")
    with Timeline.open(tmp_path / "restored") as restored:
        assert restored.verify().digest == desk.verify().digest
    assert len(desk._log.files()) == 3
    shutil.rmtree(desk.path / "log" / DELTA_LOG)
    assert desk.verify().files == 3


@pytest.mark.parametrize("compacted", [False, True])
def test_an_erasure_reaches_what_is_published(desk: Timeline, tmp_path: Path, compacted: bool) -> None:
    linked, beliefs = tmp_path / "linked", tmp_path / "beliefs"
    record(desk, 20)
    desk.append(
        [
            {
                "key": "it",
                "fact": "acme/ceo",
                "text": SECRET,
                "source": "s1",
                "reported": "2025-02-01",
                "statement": SECRET,
            }
        ],
        register_unknown=True,
    )
    desk.publish_delta()
    desk.publish_delta(linked)
    desk.publish_beliefs(beliefs)
    if compacted:
        record(desk, 11, 40)
        # The version before has the single files, and keeps them linked.
        desk.publish_delta(linked)
        desk.publish_beliefs(beliefs)
        assert (linked / "000000000021.parquet").exists()
    assert holding(tmp_path, SECRET) >= {linked, beliefs, desk.path}
    desk.erase("it", reason="asked for")
    assert holding(tmp_path, SECRET) == set()
    expected = plain(events_of(desk._log))
    for folder in (desk.path / "log", linked):
        assert plain(pl.scan_delta(str(folder)).collect().to_arrow()).equals(expected)
    rows = pl.scan_delta(str(beliefs)).filter(pl.col("fact") == "acme/ceo").collect()
    assert set(rows["status"]) == {"erased"}


def holding(folder: Path, text: str) -> set[Path]:
    """Return the folders right below one that hold a text in any file, Parquet values included."""
    found = set()
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        content = path.read_bytes()
        values = ""
        if path.suffix == ".parquet":
            values = repr(pq.read_table(path, partitioning=None).to_pylist())
        if text.encode() in content or text in values:
            found.add(folder / path.relative_to(folder).parts[0])
    return found


def test_a_target_that_cannot_be_reached_is_named(desk: Timeline, tmp_path: Path, caplog: Any) -> None:
    record(desk, 1)
    desk.publish_beliefs(tmp_path / "beliefs")
    (tmp_path / "beliefs" / "beliefs.json").write_text("{}")
    desk.erase("k0", reason="asked for")
    assert "beliefs: still has what was erased" in caplog.text
    assert "run `timeline publish beliefs" in caplog.text
    # One that was removed is forgotten.
    caplog.clear()
    shutil.rmtree(tmp_path / "beliefs")
    record(desk, 1, 1)
    desk.erase("k1", reason="asked for")
    assert caplog.text == ""


def test_what_is_damaged_is_not_registered(desk: Timeline) -> None:
    record(desk, 2)
    path = desk.path / "log" / "000000000002.parquet"
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    path.write_bytes(content)
    with pytest.raises(Corruption, match=r"000000000002\.parquet"):
        desk.publish_delta()
    assert live(desk.path / "log") == set()


def test_an_unfinished_erasure_is_not_published(desk: Timeline, tmp_path: Path) -> None:
    record(desk, 1)
    desk._log.begin_erasure()
    for publish in (desk.publish_delta, lambda: desk.publish_beliefs(tmp_path / "beliefs")):
        with pytest.raises(Conflict, match="an erasure is not finished"):
            publish()
    assert not (tmp_path / "beliefs").exists()


def test_folders_that_hold_something_else_are_refused(desk: Timeline, tmp_path: Path) -> None:
    record(desk, 1)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    for publish in (desk.publish_delta, desk.publish_beliefs):
        with pytest.raises(Conflict, match="has something in it"):
            publish(tmp_path / "mine")
    assert os.listdir(tmp_path / "mine") == ["notes.txt"]
    for inside in (desk.path / "log", desk.path / "beliefs"):
        with pytest.raises(BadInput, match="within the store"):
            desk.publish_beliefs(inside)
    assert sorted(os.listdir(desk.path)) == ["index", "log"]


def test_a_version_that_is_missing_or_cut_short_is_named(desk: Timeline) -> None:
    record(desk, 2)
    desk.publish_delta()
    record(desk, 1, 2)
    desk.publish_delta()
    versions = desk.path / "log" / DELTA_LOG
    last = versions / f"{1:020}.json"
    last.write_text(last.read_text()[:-20])
    with pytest.raises(Corruption, match=f"{1:020}.json: is no version"):
        desk.publish_delta()
    (versions / f"{0:020}.json").unlink()
    with pytest.raises(Corruption, match="versions of the Delta table are missing"):
        desk.publish_delta()


def test_two_who_publish_at_once_put_one_version_each(desk: Timeline) -> None:
    record(desk, 3)
    folder = desk.path / "log" / DELTA_LOG
    versions = FolderObjects.create(folder)
    table = DeltaTable(versions, folder)
    asked: list[int] = []

    def wanted(version: Any) -> tuple[list[Any], dict[str, int]]:
        asked.append(version.number)
        if len(asked) == 1:
            # Another one is faster.
            desk.publish_delta()
        return list(version.files.values()), {"other": 1}

    _, after = table.put(wanted, schema="{}", at=0)
    assert asked == [-1, 0]
    assert (after.number, len(after.files), len(live(desk.path / "log"))) == (1, 3, 3)


def test_the_command(project: Path) -> None:
    run(project, ["ingest", "events"])
    done = run(project, ["publish", "delta", "--json"])
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert (found["version"], found["rows"], found["removed"]) == (0, 192, 0)
    assert pl.scan_delta(str(project / found["path"])).select(pl.len()).collect().item() == 192
    done = run(project, ["publish", "beliefs", "out", "--json"])
    assert done.code == 0, done.err
    assert json.loads(done.out)["segments"] == 1
    assert run(project, ["publish", "beliefs"]).code == 2
    assert run(project, ["publish", "parquet", "out"]).code == 2
