"""A generation: one immutable DuckDB file with everything that follows from the log up to one commit.

It is made here, named, and checked for damage; `index` publishes it, and `reader` opens it.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import duckdb

from timeline.index.catalog import OBJECTS, sql_object
from timeline.index.entangled import resolve_entangled
from timeline.index.rows import UpTo
from timeline.index.rows import write as write_rows
from timeline.index.tables import (
    Build,
    announce,
    fill_commits,
    make_segments,
    make_tables,
    making_in,
    view_of_log,
)
from timeline.log.log import CheckedFiles
from timeline.log.paths import quoted, writable_database
from timeline.log.spill import NOWHERE, connect

__all__ = [
    "ALL_MEMORY",
    "CONFIG",
    "DUCKDB_MAGIC",
    "FORMAT",
    "GENERATION_NAME",
    "ROWS_NAME",
    "TO_BUILD",
    "TO_READ",
    "Config",
    "Generation",
    "Held",
    "begins_with",
    "build",
    "build_file",
    "config_for",
    "error_of",
    "is_damage",
    "memory_for",
    "rows_beside",
    "spill_of",
    "with_room",
]

#: The layout of a generation. One that another version of the package built is not used.
FORMAT: Final = 8

#: DuckDB's own row groups, and smaller ones, which make a question of one fact and the building quicker, but
#: are too many to open where there are more events than a few.
_ROW_GROUP: Final = 122_880
_SMALL_ROW_GROUP: Final = 30_720
_FEW: Final = 1_000_000

#: What DuckDB may take to build, and to read: so much, and so much more for each event.
TO_BUILD: Final = (2_500 * 2**20, 80)
TO_READ: Final = (600 * 2**20, 40)

#: The tables of a tail hold a long text in this many places at a time, those that are being made among them.
_TEXT_HELD: Final = 12

GENERATION_NAME: Final = re.compile(r"(\d{12})-(\d+)-v(\d+)\.duckdb", re.ASCII)
#: A row store, or what layouts up to 4 had in place of it.
ROWS_NAME: Final = re.compile(r"(?:\d{12}-)?\d+-v(\d+)\.rows", re.ASCII)

#: What every DuckDB file has behind its first checksum.
DUCKDB_MAGIC: Final = (8, b"DUCK")

_SPILL: Final = ".spill"

#: What the system answers where another process, or the same one later, may open the same file.
_NO_ROOM: Final = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EINTR)


class Held:
    """A file that stays readable at `path` after its name was removed, as long as this object lives."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.path = Path(f"/dev/fd/{descriptor}")

    @classmethod
    def of(cls, file: Path) -> Held | None:
        """Hold a file; None where it cannot be opened."""
        try:
            return cls(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
        except OSError:
            return None

    def __del__(self) -> None:
        with suppress(OSError):
            os.close(self._descriptor)


@dataclass(frozen=True, slots=True)
class Generation:
    """What the name of a generation's file says: its last commit and position, and its layout."""

    path: Path
    commit: int
    position: int
    layout: int
    #: What keeps its file readable, where that may have been removed.
    held: Held | None = None

    @classmethod
    def of(cls, path: Path, held: Held | None = None) -> Generation | None:
        """Return the generation of a file; None where the name is of no generation, or there is no file."""
        found = GENERATION_NAME.fullmatch(path.name)
        # To open a named pipe would wait for its other end.
        if found is None or (held is None and not path.is_file()):
            return None
        return cls(path, int(found[1]), int(found[2]), int(found[3]), held)


Config = dict[str, str | bool | int | float | list[str]]
CONFIG: Final[Config] = {
    # Extensions cannot be fetched behind the user's back; what is needed comes with the wheel.
    "autoinstall_known_extensions": False,
}


def spill_of(path: Path) -> Path:
    """Return where what does not fit into memory goes while a generation is built at a path."""
    return path.with_name(path.name + _SPILL)


def memory_for(base: int, each: int, events: int, texts: int = 0) -> str:
    """Return what DuckDB may take for so many events, and bytes of long texts, which are held some times
    over.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{min(base + each * events + _TEXT_HELD * texts, memory * 6 // 10)}B"


def config_for(base: int, each: int, events: int) -> Config:
    """Return settings for so many events."""
    return CONFIG | {"memory_limit": memory_for(base, each, events)}


#: All that DuckDB may ever take: for what did not fit into less, such as very many long texts.
ALL_MEMORY: Final = memory_for(2**60, 0, 0)


_Answer = TypeVar("_Answer")


def with_room(con: duckdb.DuckDBPyConnection, run: Callable[[], _Answer]) -> _Answer:
    """Return what `run` makes with this connection's database; where memory does not suffice, run it again.

    The second time the database may take all that any may: very many long texts need it. Where its settings
    are locked there is no second time.
    """
    try:
        return run()
    except duckdb.OutOfMemoryException as error:
        try:
            con.execute(f"SET memory_limit = '{ALL_MEMORY}'")
        except duckdb.Error:
            raise error from None
    return run()


def rows_beside(path: Path) -> Path:
    """Return where the row store of a generation is."""
    return path.with_suffix(".rows")


def begins_with(path: Path, offset: int, magic: bytes) -> bool:
    """Whether a regular file has these bytes at an offset."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.pread(descriptor, len(magic), offset) == magic
    except OSError:
        return False
    finally:
        os.close(descriptor)


def is_readable(path: Path) -> bool:
    """Whether the system lets this process read a file: then DuckDB's refusal means damage."""
    try:
        with open(path, "rb"):
            return True
    except (FileNotFoundError, PermissionError):
        return False


def is_damage(path: Path, error: Exception) -> bool:
    """Whether an error of opening a file means that it is damaged, and not that the machine had no room."""
    return is_readable(path) and not any(os.strerror(code) in str(error) for code in _NO_ROOM)


def error_of(path: Path) -> duckdb.Error | None:
    """Return the error of reading a DuckDB file from its first block to its last, if there is one."""
    try:
        with connect(spill=NOWHERE, config=CONFIG) as con:
            con.execute(f"ATTACH {quoted(path)} AS generation (READ_ONLY)")
            tables = con.execute(
                "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'generation'"
            ).fetchall()
            for schema, table in tables:
                con.execute(
                    f'SELECT bit_xor(hash(COLUMNS(*))) FROM generation."{schema}"."{table}"'
                ).fetchall()
    except duckdb.Error as error:
        return error
    return None


def build_file(
    path: str | Path, files: CheckedFiles, progress: Build | None = None, rows: Path | None = None
) -> tuple[int, int]:
    """Build a generation from log files into a new DuckDB file; returns its last commit and position.

    Its row store goes to `rows`, where one is wanted. The DuckDB file opens in DuckDB 1.5 and later, by any
    client, and carries the whole SQL surface.
    """
    path = Path(path)
    events = sum(commit.count for commit in files.commits)
    with writable_database(path) as built:
        config = config_for(*TO_BUILD, events)
        try:
            return _build_file(built, files, config, progress, rows)
        except duckdb.OutOfMemoryException:
            return _build_file(built, files, config | {"memory_limit": ALL_MEMORY}, progress, rows)
        finally:
            shutil.rmtree(spill_of(built), ignore_errors=True)


def _build_file(
    path: Path, files: CheckedFiles, config: Config, progress: Build | None, rows: Path | None
) -> tuple[int, int]:
    for left in (path, path.with_name(f"{path.name}.wal"), rows):
        if left is not None:
            left.unlink(missing_ok=True)
    events = sum(commit.count for commit in files.commits)
    with connect(spill=spill_of(path), config=config) as con:
        con.execute(
            f"ATTACH {quoted(path)} AS built (STORAGE_VERSION 'v1.5.0', "
            f"ROW_GROUP_SIZE {_SMALL_ROW_GROUP if events <= _FEW else _ROW_GROUP})"
        )
        con.execute("USE built")
        # A twentieth of the time goes into trying it, and its successor is chosen each time.
        con.execute("SET disabled_compression_methods = 'fsst'")
        last = build(con, files, progress, rows)
        con.execute("CHECKPOINT built")
        con.execute("USE memory")
        con.execute("DETACH built")
        return last


def build(
    con: duckdb.DuckDBPyConnection,
    files: CheckedFiles,
    progress: Build | None,
    rows: Path | None = None,
    *,
    without: Collection[str] = (),
) -> tuple[int, int]:
    """Build every table, macro and view in the connection's current database, `without` some of `OBJECTS`."""

    con.execute("DROP SCHEMA IF EXISTS store CASCADE; CREATE SCHEMA store")
    con.execute("DROP SCHEMA IF EXISTS rules CASCADE; CREATE SCHEMA rules")
    announce(progress, "reading the log")
    view_of_log(con, files)
    with making_in(con, "store"):
        fill_commits(con, files.commits, "incoming")
        make_tables(con, progress)
        con.execute(sql_object("tables/events"))
        announce(progress, "resolving beliefs")
        resolve_entangled(con, "store.events")
        make_segments(con, progress)
        for name in ("segments", "meta"):
            con.execute(sql_object(f"tables/{name}"))
    for name in OBJECTS:
        if name not in without:
            con.execute(sql_object(name))
    last = files.commits[-1] if files.commits else None
    number, position, digest = (last.number, last.last_position, last.digest) if last else (0, 0, None)
    con.execute("INSERT INTO store.meta VALUES ($1, $2, $3, $4, $3)", [FORMAT, number, position, digest])
    if rows is not None:
        announce(progress, "writing rows")
        write_rows(con, rows, UpTo(number, position, digest), "store.events", log="incoming")
    con.execute("DROP VIEW incoming")
    return number, position
