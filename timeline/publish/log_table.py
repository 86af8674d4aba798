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
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from timeline.atomic import is_free, sync_folder
from timeline.errors import BadInput, Conflict
from timeline.log.checks import check_file_hash, declared_hash
from timeline.log.file import LogFile, log_files
from timeline.log.folder import FolderObjects
from timeline.log.log import Log
from timeline.meaning.columns import LOG_COLUMNS
from timeline.meaning.times import now
from timeline.publish.delta import DELTA_LOG, DataFile, DeltaTable, Version, schema_of, stats_of

__all__ = [
    "COMMIT",
    "ERASED",
    "PublishedTable",
    "erasures_of",
    "is_published",
    "publish_log",
    "refresh_log_table",
]

#: What a table says was applied to it: the commits of the log up to a number, and which erasures.
COMMIT: Final = "timeline"
ERASED: Final = "timeline.erased"

_SCHEMA: Final = schema_of(LOG_COLUMNS, narrow={"inherited"})
#: Columns whose least and greatest value let readers pass over a file; none of them is anything that is
#: erased.
_BOUNDED: Final = ("position", "commit", "recorded_at", "reported_at")
_INSTANTS: Final = frozenset(name for name in _BOUNDED if LOG_COLUMNS[name] == "instant")


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """A Delta table: the folder it is in, its version, up to which commit, its files and rows.

    `added` and `removed` are how many files this time came and went.
    """

    path: Path
    version: int
    commit: int
    files: int
    rows: int
    added: int
    removed: int


def is_published(folder: Path) -> bool:
    """Whether the log in a folder is a Delta table."""
    return (folder / DELTA_LOG).is_dir()


def erasures_of(log: Log) -> int:
    """Return a number that is another one once events of the log were erased."""
    return zlib.crc32(repr(log.erasures()).encode())


def publish_log(log: Log, target: Path | None = None) -> PublishedTable:
    """Register every file of the log in the Delta table of its own folder, or of `target` by hard links.

    Raises Conflict where an erasure is not finished, or `target` holds other files, BadInput where files
    cannot be linked to it, Corruption where a file is not the one that was written.
    """
    with log.maintenance():
        if log.is_erasing():
            raise Conflict(
                f"{log.folder}: an erasure is not finished, so that nothing is published; "
                "`timeline erase` finishes it"
            )
        return _publish(log, log.folder if target is None else target.absolute())


def refresh_log_table(log: Log) -> None:
    """Register the files of the log again where it is published, for who holds the maintenance lock."""
    if is_published(log.folder):
        _publish(log, log.folder)


def _publish(log: Log, folder: Path) -> PublishedTable:
    own = folder.resolve() == log.folder.resolve()
    if not own:
        _check_target(folder)
    table = DeltaTable(FolderObjects.create(folder / DELTA_LOG), folder)
    files = log.files()
    if not own:
        _link(files, folder)
    before, after = table.put(
        lambda known: _registered(files, known),
        schema=_SCHEMA,
        applied={COMMIT: files[-1].last if files else 0, ERASED: erasures_of(log)},
        at=now() // 1_000,
    )
    if not own:
        _remove_others(folder, before, after)
    return PublishedTable(
        path=folder,
        version=after.number,
        commit=after.applied[COMMIT],
        files=len(after.files),
        rows=sum(json.loads(file.stats)["numRecords"] for file in after.files.values()),
        added=sum(before.files.get(path) != file for path, file in after.files.items()),
        removed=sum(path not in after.files for path in before.files),
    )


def _registered(files: Iterable[LogFile], known: Version) -> list[DataFile]:
    """Return files of the log as the table has them, those that it has not yet with their statistics."""
    found = []
    for file in files:
        stat = os.stat(file.path)
        sha256 = declared_hash(file.path).decode()
        same = known.files.get(file.name)
        if same is not None and (same.size, same.sha256) == (stat.st_size, sha256):
            found.append(same)
            continue
        # What is damaged is not handed to others.
        check_file_hash(file)
        found.append(
            DataFile(
                path=file.name,
                size=stat.st_size,
                modified=stat.st_mtime_ns // 1_000_000,
                sha256=sha256,
                stats=_stats(file),
                rearranged=same is None and file.last <= known.applied.get(COMMIT, 0),
            )
        )
    return found


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


def _check_target(folder: Path) -> None:
    """Raise Conflict for a folder that holds something else than such a table."""
    if is_free(folder) or is_published(folder):
        return
    raise Conflict(f"{folder} has something in it, and is no table of a log; name another folder")


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


def _remove_others(folder: Path, before: Version, after: Version) -> None:
    """Remove files that neither this version nor the one before has: somebody may be reading that.

    Once events were erased, those of the version before go too.
    """
    erased = before.applied.get(ERASED) != after.applied[ERASED]
    held = set(after.files) if erased else {*before.files, *after.files}
    for file in log_files(folder, os.listdir(folder)):
        if file.name not in held:
            os.unlink(file.path)
