"""The log as a Delta table: its very files, registered and not copied.

The folder of the log is the folder of the table, since readers of Delta take paths that are relative to it.
In another folder the table is made of hard links to the same files. Whatever merges or replaces files of the
log registers them again before what they replace is removed: see `Log.on_change`.
"""

from __future__ import annotations

import errno
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from timeline.atomic import is_free, sync_folder
from timeline.errors import BadInput, Conflict
from timeline.log.checks import check_file_hash, declared_hash
from timeline.log.file import LogFile, log_files
from timeline.log.folder import FolderObjects
from timeline.log.log import Log
from timeline.log.objects import Objects
from timeline.meaning.columns import LOG_COLUMNS
from timeline.meaning.times import now
from timeline.publish.delta import DELTA_LOG, DataFile, DeltaTable, Version, schema_of, stats_of
from timeline.urls import url_of

__all__ = [
    "COMMIT",
    "ERASED",
    "LOG",
    "PublishedTable",
    "applied_from",
    "check_log",
    "erasures_of",
    "is_published",
    "publish_log",
    "refresh_log_table",
]

#: What a table says was applied to it: commits of the log up to a number, which erasures, and of which log.
COMMIT: Final = "timeline"
ERASED: Final = "timeline.erased"
LOG: Final = "timeline.log"

_SCHEMA: Final = schema_of(LOG_COLUMNS, narrow={"inherited"})
#: Columns whose least and greatest value let readers pass over a file; none of them is anything that is
#: erased.
_BOUNDED: Final = ("position", "commit", "recorded_at", "reported_at")
_INSTANTS: Final = frozenset(name for name in _BOUNDED if LOG_COLUMNS[name] == "instant")


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """A Delta table: the folder or URL that it is at, its version, up to which commit, its files and rows.

    `added` and `removed` are how many files this time came and went.
    """

    path: str
    version: int
    commit: int
    files: int
    rows: int
    added: int
    removed: int


def is_published(log: Log) -> bool:
    """Whether a log is a Delta table."""
    return bool(_versions(log).list()) if log.is_shared else (log.folder / DELTA_LOG).is_dir()


def erasures_of(log: Log) -> int:
    """Return a number that is another one once events of the log were erased, the same on every machine."""
    return zlib.crc32(log.erased_mark() or b"")


def applied_from(log: Log, commit: int, erased: int) -> dict[str, int]:
    """Return what is applied to a table that has a log up to a commit, with the erasures of a number."""
    known = {COMMIT: commit, ERASED: erased}
    return known | {LOG: _identity(log)} if commit else known


def _identity(log: Log) -> int:
    """Return a number that another log does not have: it is of the first commit, which stays."""
    [first] = log.commits(0, 1)
    return zlib.crc32(first.digest.encode())


def check_log(log: Log, table: Version, where: object) -> None:
    """Raise Conflict where a table is of another log, or of commits that the log does not have."""
    commit = table.applied.get(COMMIT, 0)
    if commit > log.head_number():
        raise Conflict(
            f"{where}: was published up to commit {commit}, and the log ends at commit "
            f"{log.head_number()}: it is of another store, or this one has lost its last commits"
        )
    if commit and table.applied.get(LOG) not in (None, _identity(log)):
        raise Conflict(f"{where}: was published by another store; name another folder")


def publish_log(log: Log, target: str | Path | None = None) -> PublishedTable:
    """Register every file of the log in the Delta table of its own folder, or of `target` by hard links.

    Raises Conflict where an erasure is not finished, or `target` holds other files, BadInput where files
    cannot be linked to it, Corruption where a file is not the one that was written.
    """
    with log.maintenance():
        if log.is_erasing():
            raise Conflict(
                f"{log.place}: an erasure is not finished, so that nothing is published; "
                "`timeline erase` finishes it"
            )
        if target is not None and (url := url_of(target)) is not None:
            raise BadInput(
                f"{url}: files of a log cannot be linked to a bucket; name no target: then the log is the "
                "table where it lies"
            )
        if target is None or Path(target).resolve() == log.folder.resolve():
            return _publish(log)
        if log.is_shared:
            raise BadInput(
                f"{log.place}: the files of a log in a bucket cannot be linked to {target}; name no target: "
                "then the log is the table where it lies"
            )
        return _publish_links(log, Path(target).absolute())


def refresh_log_table(log: Log) -> None:
    """Register the files of the log again where it is published, for who holds the maintenance lock."""
    if is_published(log):
        _publish(log)


def _versions(log: Log) -> Objects:
    """Return the versions of the table that a log is."""
    if not log.is_shared:
        return FolderObjects(log.folder / DELTA_LOG)
    from timeline.log.bucket import BucketObjects

    url, _, within = log.place.rpartition("/")
    return BucketObjects(url, log.folder / DELTA_LOG, within=f"{within}/{DELTA_LOG}")


def _publish(log: Log) -> PublishedTable:
    versions = _versions(log)
    if not log.is_shared:
        FolderObjects.create(log.folder / DELTA_LOG)
    table = DeltaTable(versions, log.place)
    before, after = table.put(
        lambda known: _wanted(log, _located(log), known), schema=_SCHEMA, at=now() // 1_000
    )
    return _published(log.place, before, after)


def _published(place: str, before: Version, after: Version) -> PublishedTable:
    return PublishedTable(
        path=place,
        version=after.number,
        commit=after.applied[COMMIT],
        files=len(after.files),
        rows=sum(json.loads(file.stats)["numRecords"] for file in after.files.values()),
        added=sum(before.files.get(path) != file for path, file in after.files.items()),
        removed=sum(path not in after.files for path in before.files),
    )


def _located(log: Log) -> list[LogFile]:
    """Return the files of the log, each where it can be read."""
    files = log.files()
    log.objects.fetch(file.name for file in files)
    return [replace(file, path=str(log.objects.get(file.name))) for file in files]


def _wanted(log: Log, files: Sequence[LogFile], known: Version) -> tuple[list[DataFile], dict[str, int]]:
    """Return these files of the log as the table has them, those that it has not yet with statistics."""
    check_log(log, known, log.place)
    found = []
    for file in files:
        size, sha256 = os.stat(file.path).st_size, declared_hash(file.path).decode()
        same = known.files.get(file.name)
        if same is not None and (same.size, same.sha256) == (size, sha256):
            found.append(same)
            continue
        # What is damaged is not handed to others.
        check_file_hash(file)
        found.append(
            DataFile(
                path=file.name,
                size=size,
                modified=os.stat(file.path).st_mtime_ns // 1_000_000,
                sha256=sha256,
                stats=_stats(file),
                rearranged=same is None and file.last <= known.applied.get(COMMIT, 0),
            )
        )
    return found, applied_from(log, files[-1].last if files else 0, erasures_of(log))


def _stats(file: LogFile) -> str:
    import pyarrow.parquet as pq

    metadata = pq.read_metadata(file.path)
    names = list(LOG_COLUMNS)
    bounds: dict[str, tuple[int, int]] = {}
    for name in _BOUNDED:
        pairs = list(_pairs(metadata, names.index(name)))
        if pairs and len(pairs) == metadata.num_row_groups:
            bounds[name] = min(low for low, _ in pairs), max(high for _, high in pairs)
    return stats_of(metadata.num_rows, bounds, _INSTANTS)


def _pairs(metadata: Any, column: int) -> Iterator[tuple[int, int]]:
    """Yield the least and the greatest value of a column of integers in each row group that has them."""
    for group in range(metadata.num_row_groups):
        found = metadata.row_group(group).column(column).statistics
        if found is not None and found.has_min_max:
            yield found.min_raw, found.max_raw


# A folder elsewhere


def _publish_links(log: Log, folder: Path) -> PublishedTable:
    if not is_free(folder) and not (folder / DELTA_LOG).is_dir():
        raise Conflict(f"{folder} has something in it, and is no table of a log; name another folder")
    table = DeltaTable(FolderObjects.create(folder / DELTA_LOG), folder)
    # Before a link takes the place of another log's.
    check_log(log, table.current(), folder)
    files = _located(log)
    _link(files, folder)
    before, after = table.put(lambda known: _wanted(log, files, known), schema=_SCHEMA, at=now() // 1_000)
    _remove_others(folder, after)
    return _published(str(folder), before, after)


def _link(files: Iterable[LogFile], folder: Path) -> None:
    for file in files:
        path = folder / file.name
        with suppress(FileNotFoundError):
            if path.samefile(file.path):
                continue
        temporary = folder / f".tmp-{os.getpid()}-{file.name}"
        try:
            temporary.unlink(missing_ok=True)
            os.link(file.path, temporary)
            os.replace(temporary, path)
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK):
                raise
            raise BadInput(
                f"{folder}: files of the log cannot be linked to it ({error.strerror}); name a folder on the "
                "same file system, or none: then the folder of the log is the table"
            ) from None
    sync_folder(folder)


def _remove_others(folder: Path, table: Version) -> None:
    """Remove files that neither this version nor the one before has: somebody may be reading that.

    Once events were erased, those of the version before go too.
    """
    held = set(table.files) if ERASED in table.fresh else table.files.keys() | table.removed
    for file in log_files(folder, os.listdir(folder)):
        if file.name not in held:
            os.unlink(file.path)
