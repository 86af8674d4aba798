"""Published beliefs: one date is in one segment, and what did not change is not written again."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines import DUCKDB, SAIL, run_in
from tests.examples import costly, thinned
from tests.logs import Volatile
from tests.strategies import MOMENTS, RECORDED, Step, entries_of, histories, written
from timeline import Conflict, Timeline
from timeline.errors import BadInput
from timeline.index.index import Index
from timeline.log.log import Log, rows_to_table
from timeline.meaning import fold
from timeline.meaning.columns import BELIEF_COLUMNS
from timeline.publish.beliefs import publish_beliefs
from timeline.publish.delta import DELTA_LOG, DeltaTable
from timeline.publish.manifest import Manifest, Segment, read_manifest

READERS = Path(__file__).parent / "readers"
KEY = "event_id, epoch_us(valid_from), epoch_us(valid_to), epoch_us(believed_from)"


def manifest_of(folder: Path) -> Manifest:
    found = read_manifest(folder)
    assert found is not None
    return found


def parquet(folder: Path, files: Sequence[Path]) -> str:
    return f"read_parquet({[str(path) for path in files]}, hive_partitioning = false)"


def rows_of(
    con: duckdb.DuckDBPyConnection, folder: Path, segments: Sequence[Segment], columns: str, where: str
) -> list[Any]:
    files = [folder / file.path for segment in segments for file in segment.files]
    if not files:
        return []
    return con.execute(f"SELECT {columns} FROM {parquet(folder, files)} WHERE {where}").fetchall()


@cache
def engine() -> duckdb.DuckDBPyConnection:
    """Return one connection for all: to make one takes longer than to ask it."""
    return duckdb.connect()


def as_of(folder: Path, instant: int, columns: str = KEY) -> list[Any]:
    """Return what was believed at an instant, from the one segment that it is in."""
    at = f"make_timestamp({instant})"
    return rows_of(
        engine(),
        folder,
        [manifest_of(folder).segment_at(instant)],
        columns,
        f"believed_from <= {at} AND (believed_until IS NULL OR {at} < believed_until)",
    )


def spans(folder: Path) -> list[Any]:
    """Return every belief with its own end, as docs/scale.md says where it is."""
    manifest = manifest_of(folder)
    columns = f"{KEY}, epoch_us(believed_until)"
    ended = rows_of(engine(), folder, manifest.segments, columns, "believed_until IS NOT NULL")
    return ended + rows_of(engine(), folder, manifest.segments[-1:], columns, "believed_until IS NULL")


def unbounded(value: int, *ends: int) -> int | None:
    return None if value in ends else value


def key_of(belief: fold.Belief) -> tuple[Any, ...]:
    return (
        belief.entry.event_id,
        unbounded(belief.valid_from, fold.BEGINNING),
        unbounded(belief.valid_to, fold.END),
        belief.believed_from,
    )


def check_whole(folder: Path) -> None:
    """Check that the files are those of the manifest and of the Delta table, that segments cover the axis,
    and that each row is in a segment, a part and a file where the layout puts it.
    """
    manifest = manifest_of(folder)
    table = DeltaTable(Volatile(folder / DELTA_LOG), folder).current()
    assert table.number == manifest.delta_version
    assert set(table.files) == {file.path for segment in manifest.segments for file in segment.files}
    assert manifest.segments[0].start is None
    assert manifest.segments[-1].until is None
    assert len({segment.number for segment in manifest.segments}) == len(manifest.segments)
    for before, after in zip(manifest.segments, manifest.segments[1:], strict=False):
        assert before.until == after.start is not None
    for segment in manifest.segments:
        assert segment.rows == sum(file.rows for file in segment.files)
        for file in segment.files:
            content = (folder / file.path).read_bytes()
            assert (len(content), hashlib.sha256(content).hexdigest()) == (file.bytes, file.sha256)
            assert Path(file.path).parent.name == f"segment={segment.number}"
            part = int(Path(file.path).name[:2], 16)
            with duckdb.connect() as con:
                rows = con.execute(
                    "SELECT fact, epoch_us(believed_from), epoch_us(believed_until) "
                    f"FROM {parquet(folder, [folder / file.path])}"
                ).fetchall()
            assert len(rows) == file.rows > 0
            for fact, began, ended in rows:
                assert segment.until is None or began < segment.until
                assert ended is None or segment.start is None or ended > segment.start
                assert ended is None or segment.until is None or ended <= segment.until
                assert hashlib.md5(fact.encode()).digest()[0] * segment.parts // 256 == part


def state_of(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return each file of rows, with what tells whether it was written again."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.glob("segment=*/*.parquet"))
    }


@contextmanager
def store() -> Iterator[tuple[Log, Index, Path]]:
    """Yield an empty log whose commits are recorded at RECORDED, its index, and a folder to publish to."""
    with tempfile.TemporaryDirectory() as folder:
        Log.create(f"{folder}/store/log")
        clock = iter(RECORDED)
        objects = Volatile(Path(folder) / "store" / "log")
        log = Log(objects.folder, objects=objects, clock=lambda: next(clock))
        yield log, Index(f"{folder}/store/index", log), Path(folder) / "published"


@costly(16)
@given(st.lists(histories(), min_size=1, max_size=6), st.sampled_from((1, 2, 5)), st.sampled_from((0, 1)))
def test_each_state_is_what_the_definition_says(log: list[tuple[Step, ...]], least: int, ratio: int) -> None:
    """Publish after each commit, into the same folder, segments being cut as they grow."""
    commits = written(log)
    with store() as (writer, index, folder):
        for number, rows in enumerate(commits, 1):
            writer.append(lambda head, recorded_at, rows=rows: rows_to_table(rows))  # type: ignore[misc]
            with closing(index.open(may_build=False)) as reader:
                publish_beliefs(writer, reader, folder, least=least, ratio=ratio)
            check_whole(folder)
            entries = entries_of(commits[:number])
            held = [
                (*key_of(span), unbounded(span.believed_until, fold.END))
                for span in fold.belief_spans(entries)
            ]
            assert sorted(spans(folder), key=repr) == sorted(held, key=repr)
            for instant in {moment + step for moment in MOMENTS for step in (-1, 0, 1)}:
                expected = sorted(map(key_of, fold.beliefs(entries, instant)), key=repr)
                assert sorted(as_of(folder, instant), key=repr) == expected, instant
            [last] = writer.commits(number - 1)
            manifest = manifest_of(folder)
            assert (manifest.commit, manifest.digest) == (number, last.digest)
            assert (manifest.position, manifest.recorded_at) == (last.last_position, RECORDED[number - 1])


def dates_of(tl: Timeline) -> list[int]:
    """Return the instants at which anything of a store changes, and their neighbours."""
    rows = tl.sql("SELECT DISTINCT epoch_us(believed_from) AS at FROM belief_spans").to_series().to_list()
    return list(thinned(sorted({at + step for at in rows for step in (-1, 0)})))


@pytest.mark.parametrize("least", [5, 40, 250_000])
def test_bundled_reports_at_many_dates(copy: Timeline, tmp_path: Path, least: int) -> None:
    published(copy, tmp_path / "out", least)
    check_whole(tmp_path / "out")
    assert len(manifest_of(tmp_path / "out").segments) > 1 or least > 40
    columns = ", ".join(BELIEF_COLUMNS)
    with copy.connect() as con:
        for instant in dates_of(copy):
            expected = con.execute(
                f"SELECT {columns} FROM beliefs_as_of(make_timestamp({instant}))"
            ).fetchall()
            assert sorted(as_of(tmp_path / "out", instant, columns), key=repr) == sorted(expected, key=repr)


def delta_copies(folder: Path, out: Path) -> dict[str, pl.DataFrame]:
    """Return the Delta table of published beliefs as each reader has it."""
    found = {"polars": pl.scan_delta(str(folder)).collect()}
    for name, packages in (("duckdb", DUCKDB), ("sail", SAIL)):
        run_in(packages, READERS / f"{name}_delta.py", folder, out / f"{name}.parquet")
        found[name] = pl.read_parquet(out / f"{name}.parquet")
    return found


def test_every_reader_has_the_same_beliefs(copy: Timeline, tmp_path: Path) -> None:
    published(copy, tmp_path / "out", 5)
    manifest = manifest_of(tmp_path / "out")
    assert len(manifest.segments) > 3
    parts = [
        pl.read_parquet(tmp_path / "out" / file.path, hive_partitioning=False).with_columns(
            pl.lit(segment.number, pl.Int32).alias("segment")
        )
        for segment in manifest.segments
        for file in segment.files
    ]
    order = ["segment", "event_id", "valid_from", "believed_from"]
    expected = pl.concat(parts).sort(order)
    assert expected.columns == [*manifest.columns, "segment"]
    assert expected.schema["amount"] == pl.Decimal(38, 9)
    assert expected.schema["believed_until"] == pl.Datetime("us")
    for name, found in delta_copies(tmp_path / "out", tmp_path).items():
        assert found.schema == expected.schema, name
        assert found.sort(order).equals(expected), name


def fact(number: int) -> dict[str, str]:
    return {"fact": f"acme/revenue@{1500 + number}", "unit": "USD", "source": "wire"}


def published(tl: Timeline, folder: str | Path, least: int) -> Any:
    """Publish in segments of about so many beliefs that begin in them, however many are live."""
    return publish_beliefs(tl._log, tl.snapshot().reader(), folder, least=least, ratio=0)


def test_what_did_not_change_is_not_written_again(desk: Timeline, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    days = [f"20{year:02}-{month:02}-01" for year in range(10) for month in range(1, 13)]
    events = [
        fact(number) | {"amount": str(number), "reported": day}
        for number in range(10)
        for day in days[number::10]
    ]
    desk.append(events, register_unknown=True)
    first = published(desk, folder, least=20)
    assert first.segments >= 4
    before = state_of(folder)
    # The head moves on, and no belief changes.
    desk.append([{"type": "source-described", "id": "other", "title": "Other"}])
    same = published(desk, folder, least=20)
    assert (same.written, same.removed, same.commit) == (0, 0, 2)
    assert state_of(folder) == before
    # A report of today changes the last segment, though its fact was believed since long before.
    desk.append([fact(0) | {"amount": "7", "reported": "2010-01-05"}])
    done = published(desk, folder, least=20)
    last = manifest_of(folder).segments[-1]
    assert (done.written, done.removed) == (1, 1)
    after = state_of(folder)
    new = after.keys() - before.keys()
    assert [Path(name).parent.name for name in new] == [f"segment={last.number}"]
    assert {name: after[name] for name in before} == before
    # A late report of an old date changes the one segment that its belief begins and ends in.
    desk.append([fact(1) | {"amount": "8", "reported": "2002-02-02"}])
    done = published(desk, folder, least=20)
    assert done.written < done.segments
    check_whole(folder)


def test_what_the_version_before_names_stays_until_the_next(desk: Timeline, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    states = []
    for number in range(4):
        desk.append(
            [fact(0) | {"amount": str(number), "reported": f"2025-01-0{number + 1}"}], register_unknown=True
        )
        published(desk, folder, 250_000)
        states.append({file.path for segment in manifest_of(folder).segments for file in segment.files})
        assert set(state_of(folder)) == set().union(*states[-2:])


def interrupted(tl: Timeline, folder: Path, monkeypatch: pytest.MonkeyPatch, at: str, nth: int) -> bool:
    """Publish, and stop before the nth call of a step; returns whether that call came."""
    calls = 0
    original = getattr(Volatile.__mro__[1], at)

    def step(self: Any, *arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == nth:
            raise KeyboardInterrupt
        return original(self, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(Volatile.__mro__[1], at, step)
        try:
            published(tl, folder, least=20)
        except KeyboardInterrupt:
            return True
    return False


@pytest.mark.parametrize("step", ["put_if_absent", "replace", "remove"])
def test_a_reader_never_sees_half_of_it(
    desk: Timeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Wherever a process dies, table and manifest each are as before or as after; the next one mends all."""
    folder = tmp_path / "out"
    days = [f"20{year:02}-{month:02}-01" for year in range(10) for month in range(1, 13)]
    desk.append(
        [fact(n) | {"amount": "1", "reported": day} for n in range(10) for day in days[n::10]],
        register_unknown=True,
    )
    for amount in ("2", "3"):
        published(desk, folder, least=20)
        desk.append([fact(n) | {"amount": amount, "reported": f"20{n:02}-0{amount}-15"} for n in range(10)])
    shutil.copytree(folder, tmp_path / "before")
    whole = tmp_path / "whole"
    shutil.copytree(folder, whole)
    published(desk, whole, least=20)
    states = {
        name: (table_of(where), spans(where))
        for name, where in (("before", tmp_path / "before"), ("after", whole))
    }
    stops = 0
    while True:
        shutil.rmtree(folder)
        shutil.copytree(tmp_path / "before", folder)
        if not interrupted(desk, folder, monkeypatch, step, stops + 1):
            break
        stops += 1
        assert table_of(folder).equals(states["before"][0]) or table_of(folder).equals(states["after"][0])
        assert sorted(spans(folder)) in (sorted(states["before"][1]), sorted(states["after"][1]))
        published(desk, folder, least=20)
        check_whole(folder)
        assert table_of(folder).equals(states["after"][0])
        assert sorted(spans(folder)) == sorted(states["after"][1])
    assert stops > 0


def table_of(folder: Path) -> pl.DataFrame:
    found = pl.scan_delta(str(folder)).collect()
    return found.sort("segment", "event_id", "valid_from", "believed_from")


def test_the_folder_of_another_store_is_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        with Timeline.create(tmp_path / name) as tl:
            tl.append(
                [{"fact": "a/b", "text": name, "source": "s", "reported": "2025-01-01"}],
                register_unknown=True,
            )
    with Timeline.open(tmp_path / "one") as tl:
        tl.publish_beliefs(tmp_path / "out")
    before = state_of(tmp_path / "out")
    with (
        Timeline.open(tmp_path / "two") as tl,
        pytest.raises(Conflict, match="was published by another store"),
    ):
        tl.publish_beliefs(tmp_path / "out")
    assert state_of(tmp_path / "out") == before
    with Timeline.create(tmp_path / "empty") as tl, pytest.raises(Conflict, match="ends at commit 0"):
        tl.publish_beliefs(tmp_path / "out")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"timeline_beliefs": 2}', '{"timeline_beliefs": 1}'])
def test_a_manifest_that_is_none_is_refused(desk: Timeline, tmp_path: Path, text: str) -> None:
    desk.publish_beliefs(tmp_path / "out")
    (tmp_path / "out" / "beliefs.json").write_text(text)
    with pytest.raises(BadInput, match=r"beliefs\.json: "):
        desk.publish_beliefs(tmp_path / "out")


def test_an_empty_store(desk: Timeline, tmp_path: Path) -> None:
    done = desk.publish_beliefs(tmp_path / "out")
    assert (done.segments, done.files, done.rows, done.commit) == (1, 0, 0, 0)
    manifest = manifest_of(tmp_path / "out")
    assert (manifest.digest, manifest.recorded_at, manifest.segments[0].files) == (None, None, ())
    assert pl.scan_delta(str(tmp_path / "out")).collect().height == 0


def test_large_segments_have_parts(desk: Timeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("timeline.publish.beliefs._ROWS_OF_PART", 10)
    desk.append(
        [fact(n) | {"amount": "1", "reported": "2025-01-01"} for n in range(100)], register_unknown=True
    )
    folder = tmp_path / "out"
    published(desk, folder, 250_000)
    check_whole(folder)
    [segment] = manifest_of(folder).segments
    assert segment.parts == 16
    assert len(segment.files) > 8
    before = state_of(folder)
    desk.append([fact(5) | {"amount": "2", "reported": "2025-01-02"}])
    assert published(desk, folder, 250_000).written == 1
    assert len(before.keys() & state_of(folder).keys()) == len(before)
    check_whole(folder)


def test_of_a_generation_with_a_tail_the_same_is_published(copy: Timeline, tmp_path: Path) -> None:
    copy.refresh()
    copy.append(
        [{"fact": "nvidia/revenue@2031", "claim": "1 USD", "source": "gate-2026-02-20"}],
        register_unknown=True,
    )
    assert copy.stats()["tail_events"] > 0
    published(copy, tmp_path / "tail", 5)
    copy.rebuild()
    assert copy.stats()["tail_events"] == 0
    published(copy, tmp_path / "rebuilt", 5)
    assert sorted(spans(tmp_path / "tail"), key=repr) == sorted(spans(tmp_path / "rebuilt"), key=repr)
    assert published(copy, tmp_path / "tail", 5).written == 0
