"""The beliefs of a store, written for other engines: a folder a segment of the reported axis.

docs/scale.md describes the layout. Files never change, and are named by what is in them, so that what is the
same as before is not written again. One version of the Delta table switches to the new files, then the
manifest is replaced, and only then what was superseded before is removed.

Of those who publish to one place at once, one has the next version of the table, and the others do their work
again on it. The name of a file ends with the version that it was written for. Who has put version N removes
what was written for versions up to N and is in neither N nor the one before: others can still put versions
behind N alone, of files that N has, and of files that were written for those.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from timeline.errors import Conflict
from timeline.index.catalog import sql_object
from timeline.log.log import Log
from timeline.log.paths import plain_folder, quoted
from timeline.meaning.columns import BELIEF_COLUMNS, EVENT_COLUMNS, Kind
from timeline.meaning.times import now
from timeline.publish.delta import DataFile, DeltaTable, Version, schema_of, stats_of
from timeline.publish.log_table import COMMIT, ERASED, applied_from, check_log, erasures_of
from timeline.publish.manifest import MANIFEST, Manifest, PublishedFile, Segment, manifest_text
from timeline.publish.places import Place, place_at

if TYPE_CHECKING:
    import duckdb

__all__ = ["COLUMNS", "Believed", "Overtaken", "PublishedBeliefs", "publish_beliefs"]

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

_ATTEMPTS: Final = 20
_NAME: Final = re.compile(r"(segment=\d+/[0-9a-f]{2}-[0-9a-f]{32})(?:-(\d+))?\.parquet", re.ASCII)

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
    """Published beliefs: the folder or URL, up to which commit and position, and how much they are.

    `rows` counts a belief once for each segment that it reaches into. `written` and `removed` are how many
    files this time came and went from the table.
    """

    path: str
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
    """A part of a segment as it is now: its path without an ending, which names its rows, how many they are,
    and when the first and the last of them begin.
    """

    number: int
    stem: str
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


class Overtaken(Conflict):
    """Somebody published later commits to the same place, or events were erased, while this was under way."""


class _MovedError(Exception):
    """Somebody put a version of the table, or replaced the manifest, meanwhile."""


def publish_beliefs(
    log: Log,
    reader: Believed,
    target: str | Path,
    *,
    erased: int | None = None,
    least: int = _LEAST,
    ratio: int = _RATIO,
    progress: Callable[[str], None] | None = None,
) -> PublishedBeliefs:
    """Write every belief of the log that a reader has to a folder or bucket, or bring what is there up to it.

    In a segment begin `ratio` times as many beliefs as are live, and at least `least`. `erased` is what
    `erasures_of` the log was before the reader was opened.

    Raises Conflict where something else lies there, or what another log or a later state of this one
    published, and where an erasure is not finished; it is Overtaken where a new reader would do.
    """
    place = place_at(target)
    place.check(log)
    if log.is_erasing():
        raise Conflict(
            f"{log.place}: an erasure is not finished, so that nothing is published; "
            "`timeline erase` finishes it"
        )
    work = _Work(log, reader, place, erasures_of(log) if erased is None else erased, least, ratio, progress)
    strangers = place.strangers()
    if strangers and place.manifest() is None:
        raise Conflict(f"{place.name} has something in it, and no {MANIFEST}: {strangers[0]}; name another")
    place.make()
    with place.alone():
        for _ in range(_ATTEMPTS):
            try:
                return work.publish()
            except _MovedError:
                continue
    raise Conflict(f"{place.name}: others kept publishing there meanwhile; try again")


@dataclass(slots=True)
class _Work:
    """What is to be published, and where."""

    log: Log
    reader: Believed
    place: Place
    erased: int
    least: int
    ratio: int
    progress: Callable[[str], None] | None
    table: DeltaTable = field(init=False)

    def __post_init__(self) -> None:
        self.table = DeltaTable(self.place.versions, self.place.name)

    def publish(self) -> PublishedBeliefs:
        """Publish once; raises _MovedError where somebody put a version meanwhile."""
        before = self.place.manifest()
        held = self.table.current()
        self._check(before, held)
        con = self.reader.cursor()
        try:
            cuts = _cuts(con, before, self.least, self.ratio)
            segments, files = self._written(con, cuts, held)
        finally:
            con.close()
        commit = self.reader.commit

        def wanted(known: Version) -> tuple[list[DataFile], dict[str, int]]:
            if known.number != held.number:
                raise _MovedError
            self._check_erased()
            return files, applied_from(self.log, commit, self.erased)

        _, after = self.table.put(wanted, schema=_SCHEMA, partitions=["segment"], at=now() // 1_000)
        manifest = Manifest(
            commit=commit,
            position=self.reader.position,
            digest=self.reader.digest,
            recorded_at=self.reader.recorded_at if commit else None,
            columns=tuple(COLUMNS),
            delta_version=after.number,
            segments=segments,
        )
        if manifest != before:
            self._check_last(after)
            if not self.place.replace_manifest(manifest_text(manifest)):
                raise _MovedError
            # Who published since may have died before the manifest; and a bucket may ignore the condition.
            self._check_last(after)
        self._remove_others(after)
        return PublishedBeliefs(
            path=self.place.name,
            version=after.number,
            commit=manifest.commit,
            position=manifest.position,
            segments=len(segments),
            files=len(files),
            rows=sum(segment.rows for segment in segments),
            written=sum(path not in held.files for path in after.files),
            removed=sum(path not in after.files for path in held.files),
        )

    def _check(self, manifest: Manifest | None, held: Version) -> None:
        """Raise Conflict where there is what this state of the log cannot follow."""
        where = self.place.name
        check_log(self.log, held, where)
        published = max(held.applied.get(COMMIT, 0), manifest.commit if manifest else 0)
        if published > self.reader.commit:
            raise Overtaken(
                f"{where}: was published up to commit {published} meanwhile, which is later than commit "
                f"{self.reader.commit}; publish again"
            )
        if manifest is not None and manifest.commit:
            [known] = self.log.commits(manifest.commit - 1, manifest.commit)
            if known.digest != manifest.digest:
                raise Conflict(
                    f"{where}: was published by another store: its commit {manifest.commit} has the digest "
                    f"{manifest.digest}, that of {self.log.place} has {known.digest}; name another folder"
                )
        self._check_erased()

    def _check_last(self, table: Version) -> None:
        """Raise _MovedError where there is a later version."""
        if self.table.number() != table.number:
            raise _MovedError

    def _check_erased(self) -> None:
        """Raise Overtaken where the reader may still have what was erased."""
        # Which looks at what there is now.
        self.log.head_number()
        if erasures_of(self.log) != self.erased or self.log.is_erasing():
            raise Overtaken(f"{self.log.place}: events were erased meanwhile; publish again")

    def _written(
        self, con: duckdb.DuckDBPyConnection, cuts: list[_Cut], held: Version
    ) -> tuple[tuple[Segment, ...], list[DataFile]]:
        """Write the parts that the table does not have; returns the segments and all their files."""
        there = {_stem_of(path): file for path, file in held.files.items()}
        segments = []
        files = []
        for cut in cuts:
            cut, parts = _parts(con, cut)
            found = []
            for part in parts:
                known = there.get(part.stem)
                if known is None:
                    path = f"{part.stem}-{held.number + 1}.parquet"
                    if self.progress is not None:
                        self.progress(f"writing {path}")
                    known = self._write(con, cut, part, path)
                found.append((part, known))
            files += [file for _, file in found]
            segments.append(
                Segment(
                    cut.number,
                    cut.start,
                    cut.until,
                    cut.parts,
                    sum(part.rows for part, _ in found),
                    tuple(
                        PublishedFile(file.path, part.rows, file.size, file.sha256) for part, file in found
                    ),
                )
            )
        return tuple(segments), files

    def _write(self, con: duckdb.DuckDBPyConnection, cut: _Cut, part: _Part, path: str) -> DataFile:
        """Write a part, durably, under its own name; one that is there is whole, and taken as it is."""
        with tempfile.TemporaryDirectory(prefix="timeline-") as elsewhere, plain_folder(elsewhere) as plain:
            written = plain / "part.parquet"
            con.execute(_COPY.format(rows=_rows_of(cut), part=part.number, file=quoted(written)))
            stored = self.place.put(path, written)
        bounds = {"believed_from": (part.first, part.last)}
        return DataFile(
            path=path,
            size=stored.size,
            modified=stored.modified,
            sha256=stored.sha256,
            stats=stats_of(part.rows, bounds, bounds),
            partition={"segment": str(cut.number)},
        )

    def _remove_others(self, table: Version) -> None:
        """Remove files that neither this version nor the one before has: somebody may be reading that.

        Once events were erased, those of the version before go too. What was written for a later version is
        left: who did may be about to put it.
        """
        kept = table.files.keys() if ERASED in table.fresh else table.files.keys() | table.removed
        others = [path for path in self.place.files() if path not in kept]
        self.place.remove(path for path in others if 0 <= _written_for(path) <= table.number)


def _stem_of(path: str) -> str:
    """Return the path of a file without the version that it was written for."""
    found = _NAME.fullmatch(path)
    return found[1] if found else path


def _written_for(path: str) -> int:
    """Return the version that a file was written for, 0 where its name has none, -1 for any other file."""
    found = _NAME.fullmatch(path)
    return int(found[2] or 0) if found else -1


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
        yield _Part(number, f"segment={cut.number}/{number:02x}-{name}", rows, first, last)


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
