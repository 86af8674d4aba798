"""The beliefs of a store, written for other engines: a folder a segment of the reported axis.

docs/scale.md describes the layout. Files never change, and are named by what is in them, so that what is the
same as before is not written again. One version of the Delta table switches to the new files, then the
manifest is replaced, and only then what was superseded before is removed.
"""

from __future__ import annotations

import hashlib
import mmap
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from timeline.errors import BadInput, Conflict
from timeline.index.catalog import sql_object
from timeline.log.folder import FolderObjects
from timeline.log.log import Log
from timeline.log.paths import plain_folder, quoted
from timeline.meaning.columns import BELIEF_COLUMNS, EVENT_COLUMNS, Kind
from timeline.meaning.times import now
from timeline.publish.delta import DELTA_LOG, DataFile, DeltaTable, Version, schema_of, stats_of
from timeline.publish.log_table import COMMIT, ERASED, erasures_of
from timeline.publish.manifest import (
    MANIFEST,
    Manifest,
    PublishedFile,
    Segment,
    manifest_text,
    read_manifest,
)

if TYPE_CHECKING:
    import duckdb

__all__ = ["COLUMNS", "Believed", "PublishedBeliefs", "publish_beliefs"]

#: The columns of the files, in order.
COLUMNS: Final[dict[str, Kind]] = {
    **{name: EVENT_COLUMNS.get(name, "instant") for name in BELIEF_COLUMNS},
    "believed_until": "instant",
}
_SCHEMA: Final = schema_of(COLUMNS | {"segment": "integer"}, narrow={"segment"})

#: In a segment begin so many times as many beliefs as are live, and at least so many.
_RATIO: Final = 4
_LEAST: Final = 250_000
#: A part of a segment has about so many rows: so many a small append writes again, and each part is a scan.
_ROWS_OF_PART: Final = 250_000
_MOST_PARTS: Final = 256

_HASHED: Final = f"hash({', '.join(COLUMNS)})"
#: What of a part is compared with what was published; the hash is of DuckDB's version.
_PARTS: Final = f"""
SELECT part, count(*), bit_xor({_HASHED}), sum({_HASHED}::HUGEINT),
       epoch_us(min(believed_from)), epoch_us(max(believed_from)), version()
FROM ({{rows}}) GROUP BY part ORDER BY part
"""
_COPY: Final = f"""
COPY (
    SELECT {", ".join(COLUMNS)} FROM ({{rows}}) WHERE part = {{part}}
    ORDER BY believed_from, believed_until, fact, valid_from, event_id
) TO {{file}} (FORMAT parquet, COMPRESSION zstd)
"""


class Believed(Protocol):
    """Every belief of a log up to a commit: those of an index, or those that a cluster worked out.

    `recorded_at` is the commit's, in microseconds; `cursor` opens a connection in which `belief_spans` has
    them, which the caller closes.
    """

    @property
    def commit(self) -> int: ...
    @property
    def position(self) -> int: ...
    @property
    def digest(self) -> str | None: ...
    @property
    def recorded_at(self) -> int: ...
    def cursor(self) -> duckdb.DuckDBPyConnection: ...


@dataclass(frozen=True, slots=True)
class PublishedBeliefs:
    """Published beliefs: the folder, up to which commit and position, and how much they are.

    `rows` counts a belief once for each segment that it reaches into. `written` and `removed` are how many
    files this time came and went from the table.
    """

    path: Path
    version: int
    commit: int
    position: int
    segments: int
    files: int
    rows: int
    written: int
    removed: int


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a segment as it is now: its path, its rows, and when the first and the last of them begin."""

    number: int
    path: str
    rows: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class _Cut:
    """A segment of the axis and the parts it has."""

    number: int
    start: int | None
    until: int | None
    parts: int


def publish_beliefs(
    log: Log,
    reader: Believed,
    target: Path,
    *,
    least: int = _LEAST,
    ratio: int = _RATIO,
    progress: Callable[[str], None] | None = None,
) -> PublishedBeliefs:
    """Write every belief of the log that a reader has to a folder, or bring what is there up to it.

    In a segment begin `ratio` times as many beliefs as are live, and at least `least`. Raises Conflict where
    the folder holds anything else, or what another log or a later state of this one published, and where an
    erasure is not finished.
    """
    folder = target.absolute()
    if folder.resolve().is_relative_to(log.folder.parent.resolve()):
        raise BadInput(f"{target} is within the store; expected a folder elsewhere")
    if log.is_erasing():
        raise Conflict(
            f"{log.folder}: an erasure is not finished, so that nothing is published; "
            "`timeline erase` finishes it"
        )
    before = read_manifest(folder)
    _check(log, reader, folder, before)
    objects = FolderObjects.create(folder)
    table = DeltaTable(FolderObjects.create(folder / DELTA_LOG), folder)
    held = table.current()
    erased = erasures_of(log)
    con = reader.cursor()
    try:
        cuts = _cuts(con, before, least, ratio)
        segments, files = _written(con, cuts, held, folder, progress)
    finally:
        con.close()
    _, after = table.put(
        lambda known: (files, {COMMIT: reader.commit, ERASED: erased}),
        schema=_SCHEMA,
        partitions=["segment"],
        at=now() // 1_000,
    )
    manifest = Manifest(
        commit=reader.commit,
        position=reader.position,
        digest=reader.digest,
        recorded_at=reader.recorded_at if reader.commit else None,
        columns=tuple(COLUMNS),
        delta_version=after.number,
        segments=segments,
    )
    if manifest != before:
        objects.replace(MANIFEST, memoryview(manifest_text(manifest).encode()))
    # What the version before has, somebody may be reading; unless something in it was erased.
    kept = set(after.files)
    if held.applied.get(ERASED) == erased:
        kept |= held.files.keys()
    _remove_others(folder, kept)
    return PublishedBeliefs(
        path=folder,
        version=after.number,
        commit=manifest.commit,
        position=manifest.position,
        segments=len(segments),
        files=len(files),
        rows=sum(segment.rows for segment in segments),
        written=sum(path not in held.files for path in after.files),
        removed=sum(path not in after.files for path in held.files),
    )


def _check(log: Log, reader: Believed, folder: Path, manifest: Manifest | None) -> None:
    """Raise Conflict where a folder holds what this state of the log cannot follow."""
    if manifest is None:
        if folder.exists() and any(name != DELTA_LOG for name in FolderObjects(folder).list()):
            raise Conflict(f"{folder} has something in it, and no {MANIFEST}; name another folder")
        return
    if manifest.commit > reader.commit:
        raise Conflict(
            f"{folder}: was published up to commit {manifest.commit}, and the log ends at commit "
            f"{reader.commit}: it is of another store, or this one has lost its last commits"
        )
    if manifest.commit:
        [known] = log.commits(manifest.commit - 1, manifest.commit)
        if known.digest != manifest.digest:
            raise Conflict(
                f"{folder}: was published by another store: its commit {manifest.commit} has the digest "
                f"{manifest.digest}, that of {log.folder} has {known.digest}; name another folder"
            )


def _cuts(con: duckdb.DuckDBPyConnection, before: Manifest | None, least: int, ratio: int) -> list[_Cut]:
    """Return the segments to publish: those that are published, cut where too much begins in one."""
    known = (
        [_Cut(each.number, each.start, each.until, each.parts) for each in before.segments] if before else []
    )
    known = known or [_Cut(1, None, None, 1)]
    bounds = ", ".join(
        f"({cut.number}, {_instant(cut.start, '-infinity')}, {_instant(cut.until, 'infinity')})"
        for cut in known
    )
    con.execute(
        "CREATE OR REPLACE TEMP VIEW published_bounds AS "
        f"SELECT * FROM (VALUES {bounds}) AS b(segment, segment_from, segment_until)"
    )
    found = con.execute(sql_object("publish/bounds"), {"least": least, "ratio": ratio}).fetchall()
    number = max(cut.number for cut in known)
    cuts: list[_Cut] = []
    for cut in known:
        starts = [start for segment, start in found if segment == cut.number]
        ends = [*starts, cut.until]
        cuts.append(_Cut(cut.number, cut.start, ends[0], 1 if starts else cut.parts))
        for start, end in zip(starts, ends[1:], strict=True):
            number += 1
            cuts.append(_Cut(number, start, end, 1))
    return cuts


def _written(
    con: duckdb.DuckDBPyConnection,
    cuts: list[_Cut],
    held: Version,
    folder: Path,
    progress: Callable[[str], None] | None,
) -> tuple[tuple[Segment, ...], list[DataFile]]:
    """Write the parts of segments that the table does not have; returns the segments and all their files."""
    segments = []
    files = []
    for cut in cuts:
        cut, parts = _parts(con, cut)
        found = []
        for part in parts:
            known = held.files.get(part.path)
            if known is None:
                if progress is not None:
                    progress(f"writing {part.path}")
                known = _write(con, cut, part, folder)
            found.append((part, known))
        files += [file for _, file in found]
        segments.append(
            Segment(
                cut.number,
                cut.start,
                cut.until,
                cut.parts,
                sum(part.rows for part, _ in found),
                tuple(PublishedFile(file.path, part.rows, file.size, file.sha256) for part, file in found),
            )
        )
    return tuple(segments), files


def _parts(con: duckdb.DuckDBPyConnection, cut: _Cut) -> tuple[_Cut, list[_Part]]:
    """Return what is in a segment now, part by part, in more parts where it has grown out of those it has."""
    parts = list(_found(con, cut))
    rows = sum(part.rows for part in parts)
    if rows <= 2 * cut.parts * _ROWS_OF_PART or cut.parts == _MOST_PARTS:
        return cut, parts
    number = cut.parts
    while number < _MOST_PARTS and rows > number * _ROWS_OF_PART:
        number *= 2
    cut = _Cut(cut.number, cut.start, cut.until, number)
    return cut, list(_found(con, cut))


def _found(con: duckdb.DuckDBPyConnection, cut: _Cut) -> Iterator[_Part]:
    for number, rows, *marks, first, last, version in con.execute(
        _PARTS.format(rows=_rows_of(cut))
    ).fetchall():
        name = hashlib.sha256(f"{version} {rows} {marks}".encode()).hexdigest()[:32]
        yield _Part(number, f"segment={cut.number}/{number:02x}-{name}.parquet", rows, first, last)


def _rows_of(cut: _Cut) -> str:
    given = {
        "$segment_from": _instant(cut.start, "-infinity"),
        "$segment_until": _instant(cut.until, "infinity"),
        "$parts": str(cut.parts),
    }
    sql = sql_object("publish/rows")
    for name, value in given.items():
        sql = sql.replace(name, value)
    return sql


def _instant(microseconds: int | None, unbounded: str) -> str:
    return f"TIMESTAMP '{unbounded}'" if microseconds is None else f"make_timestamp({microseconds})"


def _write(con: duckdb.DuckDBPyConnection, cut: _Cut, part: _Part, folder: Path) -> DataFile:
    """Write a part, durably, under its own name; one that is there is whole, and taken as it is."""
    within, _, name = part.path.partition("/")
    objects = FolderObjects.create(folder / within)
    with tempfile.TemporaryDirectory(prefix="timeline-") as elsewhere, plain_folder(elsewhere) as plain:
        written = plain / "part.parquet"
        con.execute(_COPY.format(rows=_rows_of(cut), part=part.number, file=quoted(written)))
        with (
            written.open("rb") as opened,
            mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content,
            memoryview(content) as view,
        ):
            objects.put_if_absent(name, view)
    path = objects.get(name)
    stat = path.stat()
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    bounds = {"believed_from": (part.first, part.last)}
    return DataFile(
        path=part.path,
        size=stat.st_size,
        modified=stat.st_mtime_ns // 1_000_000,
        sha256=digest,
        stats=stats_of(part.rows, bounds, bounds),
        partition={"segment": str(cut.number)},
    )


def _remove_others(folder: Path, kept: set[str]) -> None:
    """Remove the files of segments that are not among those kept."""
    for within in sorted(folder.glob("segment=*")):
        objects = FolderObjects(within)
        objects.remove([name for name in objects.list() if f"{within.name}/{name}" not in kept])
