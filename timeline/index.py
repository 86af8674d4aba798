"""The index: everything that can be derived from the log, in DuckDB, and the readers that open it.

A generation is a DuckDB file built from the log up to one commit, published whole by a rename and
never changed, so that readers need no lock. What was appended since is resolved in memory when a
reader opens, for the facts that it touches (the tail). The next generation is a copy of the last with
the tail put into it, or, once enough was put in, built anew. Every generation can be deleted: the next
reader builds another from the log.

Beside a generation lies the row file of what was built at once, for lookups of one fact or event.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import threading
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import duckdb

from timeline.log import Log
from timeline.rowfile import RowFile
from timeline.rowpack import write as write_rows
from timeline.tables import (
    Build,
    commits_in,
    fill_commits,
    fill_segments,
    make_tables,
    quoted,
    sql_object,
    view_incoming,
)
from timeline.tail import Tail, append_tail, lay_tail, patch

__all__ = ["Index", "Reader", "build_file", "sql_object"]

#: The layout of a generation. One that another version of the package built is not used.
FORMAT: Final = 3

#: What everything else reads through.
_INSTANTS: Final = ("reported_instant", "recorded_instant", "valid_instant")

#: The views of the SQL surface, which have to be made anew over a tail; macros find the tail by themselves.
_VIEWS: Final = (
    *("events", "sources", "entities", "attributes", "statuses", "belief_spans", "beliefs", "claims"),
    "disagreements",
)

#: The objects of the SQL surface and, in schema `rules`, what they are made of. Those that read through
#: others come after them.
_SURFACE: Final = (
    *_INSTANTS,
    *("sources_as_of", "standing", "candidates", "covered", "cells", "merged", "resolved"),
    *("events", "sources", "entities_as_of", "entities", "attributes_as_of", "attributes"),
    *("statuses", "policy_check", "agrees", "widened", "clears", "disagrees", "confirmed"),
    *("belief_spans_as_of", "belief_spans", "covers", "believed", "beliefs_as_of", "beliefs", "claimed"),
    *("claims_as_of", "claims", "disagreements_as_of", "disagreements", "believed_only_then", "changes"),
    "history",
)

#: A tail longer than this, and than a hundredth of the generation, is worth a new generation.
TAIL_AT_MOST: Final = 2_000
_TAIL_SHARE: Final = 100

#: To look for a fact in DuckDB takes as long as to fetch so many hashes.
_FETCHED_LIKE_ONE: Final = 4_000

#: A generation into which more than this share was put is built anew.
_ADDED_SHARE: Final = 10

#: DuckDB's own row groups, and smaller ones, which make a question of one fact and the building quicker, but
#: are too many to open where there are more events than a few.
_ROW_GROUP: Final = 122_880
_SMALL_ROW_GROUP: Final = 30_720
_FEW: Final = 1_000_000

#: What DuckDB may take to build, and to read: so much, and so much more for each event.
_TO_BUILD: Final = (2_500 * 2**20, 80)
_TO_READ: Final = (600 * 2**20, 40)

_GENERATION: Final = re.compile(rf"(\d{{12}})-(\d+)-v{FORMAT}\.duckdb")
_ROW_FILE: Final = re.compile(rf"\d+-v{FORMAT}\.rows")
_TAIL_PATH: Final = "SET search_path = 'memory.main,generation.main,generation.rules'"


@dataclass(frozen=True, slots=True)
class _Generation:
    path: Path
    commit: int
    position: int

    @classmethod
    def of(cls, path: Path) -> _Generation | None:
        found = _GENERATION.fullmatch(path.name)
        # To open a named pipe would wait for its other end.
        return cls(path, int(found[1]), int(found[2])) if found and path.is_file() else None


class Reader:
    """One consistent view of the store: everything up to one commit, whatever is appended meanwhile.

    `commit` and `position` are the last that it shows, 0 of an empty log. `tail_events` are not in the
    generation yet; they are resolved when something is asked that needs it. `rows` is the row file of all
    up to position `whole`, if there is one; what came `later` is in the tables alone. Threads of one's own
    need cursors of their own.
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        generation: Path | None,
        tail_events: int = 0,
        rows: RowFile | None = None,
        grown_by: int = 0,
    ) -> None:
        self.con = con
        self.generation = generation
        self.tail_events = tail_events
        self._tail: Tail | None = None
        self.rows = rows
        self.whole = rows.position if rows is not None else 0
        #: How many events were put into the generation since it was built, and the facts that they speak of.
        self._grown_by = grown_by
        self._grown: array[int] | None = None
        self._grown_asked = 0
        self._views = threading.Lock()
        self._asking = threading.Lock()
        self._asked: duckdb.DuckDBPyConnection | None = None
        self._prepared: set[str] = set()
        self._touched: frozenset[int] | None = None
        self._has_views = not tail_events
        last = con.execute(
            "SELECT number, first_position + count - 1, epoch_us(recorded_at), digest FROM store.commits "
            "ORDER BY number DESC LIMIT 1"
        ).fetchall()
        self.commit: int
        self.position: int
        self.commit, self.position, self.recorded_at, self.digest = last[0] if last else (0, 0, 0, None)

    @property
    def tail(self) -> Tail | None:
        """What is not in the generation yet, resolved; None where there is nothing."""
        if self.tail_events and self._tail is None:
            with self._views:
                if self._tail is None:
                    with contextlib.closing(self.con.cursor()) as con:
                        # All or nothing: who is interrupted may ask again.
                        con.execute("BEGIN")
                        try:
                            tail = lay_tail(con, self.rows)
                            con.execute("COMMIT")
                        except BaseException:
                            con.execute("ROLLBACK")
                            raise
                        self._tail = tail
        return self._tail

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection with every object of the SQL surface in it."""
        cursor = self.quick()
        if not self._has_views:
            with self._views:
                if not self._has_views:
                    for name in _VIEWS:
                        cursor.execute(sql_object(name))
                    self._has_views = True
        return cursor

    def quick(self) -> duckdb.DuckDBPyConnection:
        """A connection for the tables in `store` and the macros; over a tail the views may be missing."""
        return self._over(self.tail)

    def _over(self, tail: object) -> duckdb.DuckDBPyConnection:
        cursor = self.con.cursor()
        if tail:
            cursor.execute(_TAIL_PATH)
        return cursor

    def prepared(self, name: str, sql: str, *arguments: str) -> list[tuple[Any, ...]]:
        """The rows of a small answer to a statement that is planned once; `arguments` are literals of SQL.

        It may name `store.commits`, what `relation` and `later` tell, and no other tables.
        """
        with self._asking:
            if self._asked is None:
                self._asked = self._over(self.tail_events)
            if name not in self._prepared:
                self._asked.execute(f"PREPARE {name} AS {sql}")
                self._prepared.add(name)
            return self._asked.execute(f"EXECUTE {name}({', '.join(arguments)})").fetchall()

    def relation(self, table: str, number: int) -> str:
        """Where to look for a fact of this hash: past the tail, if that does not touch it."""
        if self.tail_events and not self._touches(number):
            return f"generation.store.{table}"
        return f"store.{table}" if self.tail is None else f"memory.store.{table}"

    def _touches(self, number: int) -> bool:
        with self._asking:
            if self._touched is None:
                rows = self.con.cursor().execute(
                    "SELECT DISTINCT md5_number_lower(fact) FROM tail.appended WHERE fact IS NOT NULL"
                )
                self._touched = frozenset(touched for (touched,) in rows.fetchall())
        return number in self._touched

    def later(self, number: int) -> list[str]:
        """The tables that may have events of a fact of this hash behind those of the row file.

        In a table of the generation they come after position `whole`.
        """
        found = []
        if self._grown_by and self._grows(number):
            found.append("generation.store.events" if self.tail_events else "store.events")
        if self.tail_events and self._touches(number):
            found.append("tail.appended")
        return found

    def _grows(self, number: int) -> bool:
        """Whether anything was put into the generation that may speak of such a fact."""
        with self._asking:
            if self._grown is None:
                self._grown_asked += 1
                if self._grown_asked * _FETCHED_LIKE_ONE < self._grown_by:
                    return True
                prefix = "generation." if self.tail_events else ""
                fetching = self.con.cursor().execute(
                    f"SELECT DISTINCT fact_hash FROM {prefix}store.events "
                    f"WHERE position > {self.whole} AND fact_hash IS NOT NULL ORDER BY fact_hash"
                )
                grown = array("Q")
                while rows := fetching.fetchmany(10_000):
                    grown.extend(found for (found,) in rows)
                self._grown = grown
        at = bisect_left(self._grown, number)
        return at < len(self._grown) and self._grown[at] == number

    def close(self) -> None:
        self.con.close()
        if self.rows is not None:
            self.rows.close()


class Index:
    """The generations in a folder, for one log."""

    def __init__(self, folder: str | Path, log: Log) -> None:
        self.folder = Path(folder)
        self.log = log

    def generations(self) -> list[Path]:
        """The generations of this layout, the newest last."""
        return [generation.path for generation in self._generations()]

    def _generations(self) -> list[_Generation]:
        if not self.folder.is_dir():
            return []
        found = [generation for p in self.folder.iterdir() if (generation := _Generation.of(p))]
        return sorted(found, key=lambda generation: generation.commit)

    def open(self, *, may_build: bool = True, progress: Build | None = None) -> Reader:
        """A reader of everything acknowledged so far.

        Without a usable generation it builds one, or, where it may not or cannot, answers from the log alone.
        """
        generations = self._generations()
        # Listed after the generations, so that none of them can be ahead of the head.
        head = self.log.head_number()
        for generation in reversed(generations):
            if generation.commit <= head and (reader := self._open(generation, head)):
                return reader
        if head and may_build and (built := self.build(progress)) is not None:
            made = _Generation.of(built)
            if made is not None and (reader := self._open(made, max(head, made.commit))):
                return reader
        return self.in_memory()

    def _open(self, generation: _Generation, head: int) -> Reader | None:
        """A reader on a generation and its tail; None where the generation is gone or not of this log."""
        config = _config(*_TO_READ, generation.position)
        try:
            if generation.commit == head:
                con = duckdb.connect(str(generation.path), read_only=True, config=config)
            else:
                con = duckdb.connect(":memory:", config=config)
                con.execute(f"ATTACH {quoted(generation.path)} AS generation (READ_ONLY)")
        except duckdb.IOException:
            return None
        try:
            prefix = "" if generation.commit == head else "generation."
            found = con.execute(
                f"SELECT m.digest, m.whole, c.digest FROM {prefix}store.meta AS m "
                f"LEFT JOIN {prefix}store.commits AS c ON c.first_position + c.count - 1 = m.whole"
            ).fetchall()
            if not found or found[0][0] != self._digest_at(generation.commit):
                con.close()
                return None
            _, whole, digest = found[0]
            rows = RowFile.open(self._rows_of(whole))
            if rows is not None and (rows.position, rows.digest) != (whole, digest):
                rows = None
            tail_events = 0
            if generation.commit < head:
                tail_events = self.log.reading(
                    lambda files: append_tail(con, files, generation.commit), generation.commit
                )
                con.execute(_TAIL_PATH)
            return Reader(con, generation.path, tail_events, rows, generation.position - whole)
        except BaseException:
            con.close()
            raise

    def _digest_at(self, number: int) -> str | None:
        """The digest that the log has of a commit."""
        commits = self.log.commits(number - 1)
        return commits[0].digest if commits and commits[0].number == number else None

    def in_memory(self) -> Reader:
        """A reader that keeps nothing on disk: for an empty log, or a folder that cannot be written."""
        con = duckdb.connect(":memory:", config=_CONFIG)
        self.log.reading(lambda files: _build(con, files, commits_in(con, files), None))
        return Reader(con, None)

    def build(self, progress: Build | None = None) -> Path | None:
        """Build a generation up to the head and publish it; None where the folder cannot be written.

        Older generations are removed: readers that hold one open keep it until they close.
        """
        with self._publishing() as publish:
            return publish(lambda path: self._built(path, progress))

    def _built(self, path: Path, progress: Build | None) -> tuple[int, int]:
        return self.log.reading(lambda files: build_file(path, files, progress, _rows_beside(path)))

    def refresh(self, progress: Build | None = None) -> Path | None:
        """Publish a generation up to the head that costs what was appended since the last, and a copy of it.

        Where there is none to go on from, or a tenth of it was put in behind by now, it is built anew. The
        path of the newest generation; None where the folder cannot be written.
        """
        with self._publishing() as publish:
            # Others may have been faster, so that this is asked with the lock held.
            generations = self._generations()
            newest = generations[-1] if generations else None
            head = self.log.head_number()
            whole = None if newest is None or newest.commit > head else self._grows_from(newest)
            if newest is not None and whole is not None:
                if newest.commit == head:
                    return newest.path
                if progress is not None:
                    progress("copying the last generation")
                return publish(lambda path: self._grown(newest, path, progress), whole)
            return publish(lambda path: self._built(path, progress))

    def _grows_from(self, generation: _Generation) -> int | None:
        """Up to where a generation was built at once; None where it is not to be gone on from."""
        head = self.log.head()
        try:
            # Attached, because this process may read it already, and then with other settings.
            with duckdb.connect(":memory:", config=_CONFIG) as con:
                con.execute(f"ATTACH {quoted(generation.path)} AS generation (READ_ONLY)")
                [(digest, whole)] = con.execute("SELECT digest, whole FROM generation.store.meta").fetchall()
        except duckdb.Error:
            return None
        can_grow = (
            head is not None
            and head.last_position - whole <= whole // _ADDED_SHARE
            and digest == self._digest_at(generation.commit)
        )
        return int(whole) if can_grow else None

    def _grown(self, last: _Generation, path: Path, progress: Build | None) -> tuple[int, int]:
        shutil.copyfile(last.path, path)
        if progress is not None:
            progress("putting in what was appended since")
        with duckdb.connect(":memory:", config=_config(*_TO_BUILD, last.position, path)) as con:
            con.execute(f"ATTACH {quoted(path)} AS built")
            grown = self.log.reading(lambda files: patch(con, files, last.commit), last.commit)
            con.execute("CHECKPOINT built")
            con.execute("DETACH built")
        return grown

    @contextlib.contextmanager
    def _publishing(self) -> Iterator[_Publish]:
        """Something that makes a file and then publishes it as a generation, while the lock is held.

        Rows that were written beside it are published first; a generation that grew goes on with those
        of what was built at once, up to the position `whole`.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix=".building-", suffix=".duckdb", dir=self.folder)
        except OSError:
            yield lambda make, whole=None: None
            return
        os.close(descriptor)
        building = Path(name)
        building.unlink()

        rows = _rows_beside(building)

        def publish(make: _Make, whole: int | None = None) -> Path:
            commit, position = make(building)
            path = self.folder / f"{commit:012d}-{position}-v{FORMAT}.duckdb"
            its_rows = self._rows_of(position if whole is None else whole)
            _sync(building)
            if rows.exists():
                os.replace(rows, its_rows)
            os.replace(building, path)
            _sync(self.folder)
            self._remove_older(path, its_rows)
            return path

        with self.log.maintenance():
            try:
                yield publish
            finally:
                for leftover in (building, building.with_name(f"{building.name}.wal"), rows):
                    leftover.unlink(missing_ok=True)
                shutil.rmtree(_spill(building), ignore_errors=True)

    def _rows_of(self, whole: int) -> Path:
        return self.folder / f"{whole}-v{FORMAT}.rows"

    def row_files(self) -> list[Path]:
        """The row files of this layout."""
        if not self.folder.is_dir():
            return []
        return sorted(path for path in self.folder.iterdir() if _ROW_FILE.fullmatch(path.name))

    def _remove_older(self, *newest: Path) -> None:
        for path in list(self.folder.iterdir()):
            # The maintenance lock is ours, so that whoever was building died.
            if path not in newest and path.name.endswith((".duckdb", ".duckdb.wal", ".rows")):
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()
            elif path.name.endswith(_SPILL):
                shutil.rmtree(path, ignore_errors=True)

    def wants_building(self, position: int) -> bool:
        """Whether so much was appended since the newest generation that another pays."""
        generations = self._generations()
        if not generations:
            return position > 0
        return position - generations[-1].position > max(TAIL_AT_MOST, position // _TAIL_SHARE)


_SPILL: Final = ".spill"
#: Makes a file, and tells the last commit and position in it.
_Make = Callable[[Path], tuple[int, int]]


class _Publish(Protocol):
    def __call__(self, make: _Make, whole: int | None = None) -> Path | None: ...


_Config = dict[str, str | bool | int | float | list[str]]
_CONFIG: Final[_Config] = {
    # Extensions cannot be fetched behind the user's back; what is needed comes with the wheel.
    "autoinstall_known_extensions": False,
}


def _spill(path: Path) -> Path:
    return path.with_name(path.name + _SPILL)


def _config(base: int, each: int, events: int, path: Path | None = None) -> _Config:
    """Settings for so many events; what does not fit into memory goes beside `path`."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    config = _CONFIG | {"memory_limit": f"{min(base + each * events, memory * 6 // 10)}B"}
    return config | {"temp_directory": str(_spill(path))} if path is not None else config


def _rows_beside(path: Path) -> Path:
    return path.with_suffix(".rows")


def _sync(path: str | Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def build_file(
    path: str | Path, files: Sequence[str], progress: Build | None = None, rows: Path | None = None
) -> tuple[int, int]:
    """Build a generation from log files into a new DuckDB file; returns its last commit and position.

    Its row file goes to `rows`, where one is wanted. The DuckDB file opens in DuckDB 1.5 and later, by any
    client, and carries the whole SQL surface.
    """
    path = Path(path)
    for left in (path, rows):
        if left is not None:
            left.unlink(missing_ok=True)
    with duckdb.connect() as con:
        commits = commits_in(con, files)
    events = sum(commit["count"] for commit in commits)
    try:
        with duckdb.connect(":memory:", config=_config(*_TO_BUILD, events, path)) as con:
            con.execute(
                f"ATTACH {quoted(path)} AS built (STORAGE_VERSION 'v1.5.0', "
                f"ROW_GROUP_SIZE {_SMALL_ROW_GROUP if events <= _FEW else _ROW_GROUP})"
            )
            con.execute("USE built")
            # A twentieth of the time goes into trying it, and its successor is chosen each time.
            con.execute("SET disabled_compression_methods = 'fsst'")
            last = _build(con, files, commits, progress, rows)
            con.execute("CHECKPOINT built")
            con.execute("USE memory")
            con.execute("DETACH built")
            return last
    finally:
        shutil.rmtree(_spill(path), ignore_errors=True)


def _build(
    con: duckdb.DuckDBPyConnection,
    files: Sequence[str],
    commits: Sequence[dict[str, Any]],
    progress: Build | None,
    rows: Path | None = None,
) -> tuple[int, int]:
    """Build every table and macro in the connection's current database."""

    def tell(what: str) -> None:
        if progress is not None:
            progress(what)

    con.execute("DROP SCHEMA IF EXISTS store CASCADE; CREATE SCHEMA store")
    con.execute("DROP SCHEMA IF EXISTS rules CASCADE; CREATE SCHEMA rules")
    tell("reading the log")
    view_incoming(con, files)
    fill_commits(con, "store", commits)
    implied = make_tables(con, "store", tell)
    fill_segments(con, "store", tell, implied=implied)
    for name in _SURFACE:
        con.execute(sql_object(name))
    con.execute(sql_object("tables/meta"))
    last: dict[str, Any] = {"number": 0, "first_position": 1, "count": 0, "digest": None}
    if commits:
        last = commits[-1]
    position = last["first_position"] + last["count"] - 1
    con.execute(
        "INSERT INTO store.meta VALUES ($1, $2, $3, $4, $3)",
        [FORMAT, last["number"], position, last["digest"]],
    )
    con.execute("DROP TABLE settled")
    if rows is not None:
        tell("writing rows")
        write_rows(con, rows, commit=last["number"], position=position, digest=last["digest"], log="incoming")
    con.execute("DROP VIEW incoming")
    return int(last["number"]), int(position)
