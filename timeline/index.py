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
import logging
import os
import re
import shutil
import tempfile
import threading
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

import duckdb

from timeline.duckdb_paths import plain_folder, quoted, writable_database
from timeline.errors import Corruption
from timeline.index_check import REBUILD, check_generation, check_row_file
from timeline.log import CheckedFiles, Commit, Log
from timeline.rowfile import MAGIC as ROWS_MAGIC
from timeline.rowfile import RowFile
from timeline.rowpack import write as write_rows
from timeline.tables import (
    Build,
    fill_commits,
    fill_segments,
    make_tables,
    sql_object,
    view_incoming,
)
from timeline.tail import Tail, append_tail, lay_tail, patch

__all__ = ["TAIL_PATH", "Attach", "Index", "Reader", "attach_generation", "build_file", "sql_object"]

#: The layout of a generation. One that another version of the package built is not used.
FORMAT: Final = 4

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

_GENERATION: Final = re.compile(r"(\d{12})-(\d+)-v(\d+)\.duckdb", re.ASCII)
_ROW_FILE: Final = re.compile(r"\d+-v(\d+)\.rows", re.ASCII)

#: What every DuckDB file has behind its first checksum.
_DUCKDB_MAGIC: Final = (8, b"DUCK")

#: Marks a folder in which a generation is being built, and what the mark says.
_BUILDING: Final = "timeline-building"
_MARK: Final = b"A generation of a Timeline index is built here. Without its builder it can be removed.\n"
_ATTACHED_PATH: Final = "SET search_path = 'generation.main'"
TAIL_PATH: Final = "SET search_path = 'memory.main,generation.main,generation.rules'"


@dataclass(frozen=True, slots=True)
class _Generation:
    path: Path
    commit: int
    position: int
    layout: int

    @classmethod
    def of(cls, path: Path) -> _Generation | None:
        found = _GENERATION.fullmatch(path.name)
        return cls(path, int(found[1]), int(found[2]), int(found[3])) if found else None


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
        *,
        apart: bool = False,
    ) -> None:
        self.con = con
        #: What finds the SQL surface where it is in no file that was opened, for every connection.
        self.search_path = _ATTACHED_PATH if apart and generation else None
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
        if path := TAIL_PATH if tail else self.search_path:
            cursor.execute(path)
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
        self.folder = Path(folder).absolute()
        self.log = log

    def generations(self) -> list[Path]:
        """The generations of this layout, the newest last."""
        return [generation.path for generation in self._generations()]

    def _generations(self) -> list[_Generation]:
        return [generation for generation in self._found() if generation.layout == FORMAT]

    def _found(self) -> list[_Generation]:
        """The generations of every layout, the newest last."""
        try:
            names = os.listdir(self.folder)
        except (FileNotFoundError, NotADirectoryError):
            return []
        found = [generation for name in names if (generation := _Generation.of(self.folder / name))]
        return sorted(found, key=lambda generation: generation.commit)

    def check_log(self) -> None:
        """Raise Corruption where a generation knows commits that the log has not: the log has lost them."""
        self._head_behind(self._found())

    def _head_behind(self, generations: Sequence[_Generation]) -> int:
        """Return the number of the log's last commit; raises Corruption where a generation is ahead of it.

        The generations were listed before, so that nothing that was appended meanwhile explains that.
        """
        head = self.log.head_number() if self.log.folder.is_dir() else 0
        if generations and generations[-1].commit > head:
            newest = generations[-1]
            ends = f"ends at commit {head}" if head else "has no commit"
            raise Corruption(
                f"{self.log.folder}: {ends}, but the index was built from {newest.commit} commits with "
                f"{newest.position} events ({newest.path.name}): the log has lost the last ones; {_WAYS_OUT}"
            )
        return head

    def open(
        self, *, may_build: bool = True, progress: Build | None = None, apart: Attach | None = None
    ) -> Reader:
        """A reader of everything acknowledged so far.

        Without a usable generation it builds one, or, where it may not or cannot, answers from the log alone.
        With `apart` the reader shares no database with another: `apart` attaches the generation to an empty
        one in memory, as `generation`. Raises Corruption where the log is not the one that a generation was
        built from.
        """
        found = self._found()
        head = self._head_behind(found)
        for generation in reversed(found):
            if generation.layout == FORMAT and (reader := self._open(generation, head, apart)):
                return reader
        if head and may_build and (built := self.build(progress)) is not None:
            made = _Generation.of(built)
            if made is not None and (reader := self._open(made, max(head, made.commit), apart)):
                return reader
        return self._in_memory()

    def _open(self, generation: _Generation, head: int, apart: Attach | None = None) -> Reader | None:
        """A reader on a generation and its tail; None where the generation is gone or damaged.

        Raises Corruption where the log has another commit in its place.
        """
        config = _config(*_TO_READ, generation.position)
        is_head = generation.commit == head
        attached = not is_head or apart is not None
        con = None
        try:
            with plain_folder(self.folder) as folder:
                path = folder / generation.path.name
                if attached:
                    con = duckdb.connect(":memory:", config=config)
                    (apart or attach_generation)(con, path)
                else:
                    con = duckdb.connect(str(path), read_only=True, config=config)
            prefix = "generation." if attached else ""
            [(digest, whole, digest_of_whole)] = con.execute(
                f"SELECT m.digest, m.whole, c.digest FROM {prefix}store.meta AS m "
                f"LEFT JOIN {prefix}store.commits AS c ON c.first_position + c.count - 1 = m.whole"
            ).fetchall()
        except (duckdb.Error, ValueError) as error:
            if con is not None:
                con.close()
            if _is_readable(generation.path):
                _warn_damaged(generation.path, error)
            return None
        try:
            last = self._commit(generation.commit)
            if digest != (last.digest if last else None):
                # A damaged file of the log explains it best, and is named.
                self.log.reading(lambda files: None)
                raise Corruption(
                    f"{self.log.folder}: its commit {generation.commit} is not the one that the index was "
                    f"built from ({generation.path.name}): the log was replaced or has lost commits; "
                    f"{_WAYS_OUT}"
                )
            rows = RowFile.open(self._rows_of(whole))
            if rows is not None and (rows.position, rows.digest) != (whole, digest_of_whole):
                rows = None
            tail_events = 0
            if not is_head:
                tail_events = self.log.reading(partial(append_tail, con), last)
                con.execute(TAIL_PATH)
            elif attached:
                con.execute(_ATTACHED_PATH)
            grown_by = generation.position - whole
            return Reader(con, generation.path, tail_events, rows, grown_by, apart=apart is not None)
        except BaseException:
            con.close()
            raise

    def _commit(self, number: int) -> Commit | None:
        """The commit of that number, as the log has it."""
        commits = self.log.commits(number - 1) if number else []
        return commits[0] if commits and commits[0].number == number else None

    def set_aside(self) -> list[Path]:
        """Move every generation that is not of this log out of the way; returns where they are now.

        Whoever asks for that gives up the commits that only they know of, but not the files.
        """
        head = self.log.head_number()
        moved = []
        with self.log.maintenance():
            for generation in self._found():
                if generation.commit <= head and self._is_of_log(generation):
                    continue
                aside = self.folder / "set-aside"
                aside.mkdir(exist_ok=True)
                target = aside / f"{generation.path.stem}-{os.urandom(4).hex()}.duckdb"
                os.rename(generation.path, target)
                moved.append(target)
            _sync(self.folder)
        return moved

    def _is_of_log(self, generation: _Generation) -> bool:
        try:
            reader = self._open(generation, max(self.log.head_number(), generation.commit))
        except Corruption:
            return False
        if reader is not None:
            reader.close()
        return True

    def _in_memory(self) -> Reader:
        """A reader that keeps nothing on disk: for an empty log, or a folder that cannot be written."""
        con = duckdb.connect(":memory:", config=_CONFIG)
        self.log.reading(lambda files: _build(con, files, None))
        return Reader(con, None)

    def build(self, progress: Build | None = None) -> Path | None:
        """Build a generation up to the head and publish it; None where the folder cannot be written.

        Older generations are removed: readers that hold one open keep it until they close.
        """
        with self._publishing() as publish:
            self.check_log()
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
            generations = self._found()
            head = self._head_behind(generations)
            newest = generations[-1] if generations and generations[-1].layout == FORMAT else None
            whole = None if newest is None else self._grows_from(newest)
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
            with plain_folder(self.folder) as folder, duckdb.connect(":memory:", config=_CONFIG) as con:
                attach_generation(con, folder / generation.path.name)
                [(digest, whole)] = con.execute("SELECT digest, whole FROM generation.store.meta").fetchall()
        except duckdb.Error:
            return None
        last = self._commit(generation.commit)
        can_grow = (
            head is not None
            and head.last_position - whole <= whole // _ADDED_SHARE
            and digest == (last.digest if last else None)
        )
        return int(whole) if can_grow else None

    def _grown(self, last: _Generation, path: Path, progress: Build | None) -> tuple[int, int]:
        shutil.copyfile(last.path, path)
        if progress is not None:
            progress("putting in what was appended since")
        with (
            writable_database(path) as made,
            duckdb.connect(":memory:", config=_config(*_TO_BUILD, last.position, made)) as con,
        ):
            con.execute(f"ATTACH {quoted(made)} AS built")
            grown = self.log.reading(partial(patch, con), self._commit(last.commit))
            con.execute("CHECKPOINT built")
            con.execute("DETACH built")
        return grown

    @contextlib.contextmanager
    def _publishing(self) -> Iterator[_Publish]:
        """Something that makes a file and then publishes it as a generation, while the lock is held.

        Rows that were written beside it are published first; a generation that grew goes on with those
        of what was built at once, up to the position `whole`.
        """
        with contextlib.ExitStack() as cleanup:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                folder = cleanup.enter_context(plain_folder(self.folder))
                building = Path(tempfile.mkdtemp(prefix=".building-", dir=folder))
            except OSError:
                yield lambda make, whole=None: None
                return
            cleanup.callback(shutil.rmtree, building, ignore_errors=True)
            cleanup.enter_context(self.log.maintenance())
            self._remove_unfinished()
            # Marked under the lock alone: another builder removes what is marked while it holds the lock.
            (building / _BUILDING).write_bytes(_MARK)
            made = building / "generation.duckdb"

            def publish(make: _Make, whole: int | None = None) -> Path:
                commit, position = make(made)
                path = self.folder / f"{commit:012d}-{position}-v{FORMAT}.duckdb"
                its_rows = self._rows_of(position if whole is None else whole)
                _sync(made)
                if _rows_beside(made).exists():
                    os.replace(_rows_beside(made), its_rows)
                os.replace(made, path)
                _sync(self.folder)
                self._remove_older(path, its_rows)
                return path

            yield publish

    def _rows_of(self, whole: int) -> Path:
        return self.folder / f"{whole}-v{FORMAT}.rows"

    def row_files(self) -> list[Path]:
        """The row files of this layout."""
        return [path for path, layout in self._row_files() if layout == FORMAT]

    def _row_files(self) -> list[tuple[Path, int]]:
        if not self.folder.is_dir():
            return []
        found = ((path, _ROW_FILE.fullmatch(path.name)) for path in sorted(self.folder.iterdir()))
        return [(path, int(match[1])) for path, match in found if match]

    def _remove_older(self, *newest: Path) -> None:
        """Remove the generations and row files before the newest, under the maintenance lock.

        A name is not enough: what does not begin as such a file does is left alone.
        """
        older = [(generation.path, _DUCKDB_MAGIC) for generation in self._found()]
        older += [(path, (0, ROWS_MAGIC)) for path, _ in self._row_files()]
        for path, (offset, magic) in older:
            if path not in newest and _begins_with(path, offset, magic):
                path.unlink(missing_ok=True)

    def _remove_unfinished(self) -> None:
        """Remove what builders that died have left, under the maintenance lock, so that none is at work."""
        for path in self.folder.iterdir():
            if path.is_dir() and not path.is_symlink() and _begins_with(path / _BUILDING, 0, _MARK):
                shutil.rmtree(path, ignore_errors=True)

    def remove_damaged(self, path: Path) -> bool:
        """Remove a generation if reading all of it fails, with a warning; returns whether it is gone."""
        with contextlib.ExitStack() as cleanup:
            folder = cleanup.enter_context(plain_folder(self.folder))
            error = _error_of(folder / path.name)
            if error is None:
                return False
            try:
                cleanup.enter_context(self.log.maintenance())
                path.unlink(missing_ok=True)
            except OSError as refused:
                raise Corruption(f"{path}: the index is damaged: {error}; remove it ({refused})") from error
            _warn_damaged(path, error)
            return True

    def check(self, progress: Build | None = None) -> int:
        """Compare every generation, and its row file, with what follows from the log; returns how many.

        Costs a build for each. Raises Corruption where one holds anything else.
        """
        self.check_log()
        with contextlib.ExitStack() as cleanup:
            try:
                cleanup.enter_context(self.log.maintenance())
                within = tempfile.TemporaryDirectory(prefix=".building-", dir=self.folder)
            except OSError:
                # Whoever may not write here can check the index elsewhere.
                within = tempfile.TemporaryDirectory(prefix="timeline-")
            folder = cleanup.enter_context(plain_folder(cleanup.enter_context(within)))
            (folder / _BUILDING).write_bytes(_MARK)
            here = cleanup.enter_context(plain_folder(self.folder))
            generations = self._generations()
            for generation in generations:
                self._check(generation, here / generation.path.name, folder / "expected.duckdb", progress)
        return len(generations)

    def _check(self, generation: _Generation, given: Path, expected: Path, progress: Build | None) -> None:
        def built(files: CheckedFiles) -> tuple[int, int]:
            commits = [commit for commit in files.commits if commit.number <= generation.commit]
            return build_file(expected, CheckedFiles(files.paths, commits), progress)

        name = str(generation.path)
        if self.log.reading(built) != (generation.commit, generation.position):
            raise Corruption(f"{name}: its name does not say what the log holds; {REBUILD}")
        if progress is not None:
            progress("comparing the index with the log")
        check_generation(given, expected, name)
        with duckdb.connect(":memory:", config=_CONFIG) as con:
            con.execute(f"ATTACH {quoted(given)} AS generation (READ_ONLY)")
            [(whole,)] = con.execute("SELECT whole FROM generation.store.meta").fetchall()
        path = self._rows_of(whole)
        if path.exists():
            rows = RowFile.open(path)
            if rows is None:
                raise Corruption(f"{path}: is damaged; {REBUILD}")
            with contextlib.closing(rows):
                commit = next((one for one in self.log.commits() if one.last_position == whole), None)
                if (rows.position, rows.digest) != (whole, commit.digest if commit else None):
                    raise Corruption(f"{path}: is of another log; {REBUILD}")
                check_row_file(rows, expected, str(path))

    def wants_building(self, position: int) -> bool:
        """Whether so much was appended since the newest generation that another pays."""
        generations = self._generations()
        if not generations:
            return position > 0
        return position - generations[-1].position > max(TAIL_AT_MOST, position // _TAIL_SHARE)


_WAYS_OUT: Final = (
    "bring the files of the log back from a copy, or, to go on without them, run "
    "`timeline rebuild --trust-log`, which keeps that index aside"
)

#: Attaches a generation, read-only, as `generation`.
Attach = Callable[[duckdb.DuckDBPyConnection, Path], None]


def attach_generation(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Attach the file of a generation, in a plain folder, read-only as `generation`."""
    con.execute(f"ATTACH {quoted(path)} AS generation (READ_ONLY)")


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


def _begins_with(path: Path, offset: int, magic: bytes) -> bool:
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


def _is_readable(path: Path) -> bool:
    """Whether the system lets this process read a file: then DuckDB's refusal means damage."""
    try:
        with open(path, "rb"):
            return True
    except (FileNotFoundError, PermissionError):
        return False


def _error_of(path: Path) -> duckdb.Error | None:
    """Return the error of reading a DuckDB file from its first block to its last, if there is one."""
    try:
        with duckdb.connect(":memory:", config=_CONFIG) as con:
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


def _warn_damaged(path: Path, error: Exception) -> None:
    logging.getLogger(__name__).warning(
        "%s: the index is damaged, and is replaced by one built from the log: %s", path, error
    )


def _sync(path: str | Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def build_file(
    path: str | Path, files: CheckedFiles, progress: Build | None = None, rows: Path | None = None
) -> tuple[int, int]:
    """Build a generation from log files into a new DuckDB file; returns its last commit and position.

    Its row file goes to `rows`, where one is wanted. The DuckDB file opens in DuckDB 1.5 and later, by any
    client, and carries the whole SQL surface.
    """
    path = Path(path)
    for left in (path, rows):
        if left is not None:
            left.unlink(missing_ok=True)
    events = sum(commit.count for commit in files.commits)
    with writable_database(path) as built:
        try:
            with duckdb.connect(":memory:", config=_config(*_TO_BUILD, events, built)) as con:
                con.execute(
                    f"ATTACH {quoted(built)} AS built (STORAGE_VERSION 'v1.5.0', "
                    f"ROW_GROUP_SIZE {_SMALL_ROW_GROUP if events <= _FEW else _ROW_GROUP})"
                )
                con.execute("USE built")
                # A twentieth of the time goes into trying it, and its successor is chosen each time.
                con.execute("SET disabled_compression_methods = 'fsst'")
                last = _build(con, files, progress, rows)
                con.execute("CHECKPOINT built")
                con.execute("USE memory")
                con.execute("DETACH built")
                return last
        finally:
            shutil.rmtree(_spill(built), ignore_errors=True)


def _build(
    con: duckdb.DuckDBPyConnection,
    files: CheckedFiles,
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
    fill_commits(con, "store", files.commits)
    implied = make_tables(con, "store", tell)
    fill_segments(con, "store", tell, implied=implied)
    for name in _SURFACE:
        con.execute(sql_object(name))
    con.execute(sql_object("tables/meta"))
    last = files.commits[-1] if files.commits else None
    number, position, digest = (last.number, last.last_position, last.digest) if last else (0, 0, None)
    con.execute("INSERT INTO store.meta VALUES ($1, $2, $3, $4, $3)", [FORMAT, number, position, digest])
    con.execute("DROP TABLE settled")
    if rows is not None:
        tell("writing rows")
        write_rows(con, rows, commit=number, position=position, digest=digest, log="incoming")
    con.execute("DROP VIEW incoming")
    return number, position
