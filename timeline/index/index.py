"""The index: everything that can be derived from the log, in DuckDB, and the readers that open it.

A generation is a DuckDB file built from the log up to one commit, published whole by a rename and
never changed, so that readers need no lock. What was appended since is resolved in memory when a
reader opens, for the facts that it touches (the tail). The next generation is a copy of the last with
the tail put into it, or, once enough was put in, built from the log. Every generation can be deleted: the
next reader builds another from the log.

Beside a generation lies its row store, of the same name, for lookups of one fact or event.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import duckdb

from timeline.atomic import naming, remove_leftovers, sync_file, sync_folder
from timeline.errors import Corruption
from timeline.index.catalog import COSTLY_VIEWS
from timeline.index.check import REBUILD, check_generation, check_rows
from timeline.index.generation import (
    ALL_MEMORY,
    CONFIG,
    DUCKDB_MAGIC,
    FORMAT,
    ROWS_NAME,
    TO_BUILD,
    TO_READ,
    Config,
    Generation,
    Held,
    begins_with,
    build,
    build_file,
    config_for,
    error_of,
    is_damage,
    memory_for,
    rows_beside,
    spill_of,
    with_room,
)
from timeline.index.reader import (
    ATTACHED_PATH,
    TAIL_AT_MOST,
    TAIL_PATH,
    TAIL_SHARE,
    Attach,
    Reader,
    attach_generation,
)
from timeline.index.rows import ROWS_MAGIC, RowStore
from timeline.index.tables import Build
from timeline.index.tail import Appended, apply_tail, load_tail
from timeline.log.erasing import tombstoned
from timeline.log.log import Commit, Log
from timeline.log.paths import can_be_connected, plain_folder, quoted, writable_database
from timeline.log.spill import NOWHERE, Spill, connect

__all__ = ["Index"]

#: So is one with more bytes of text, if that is more than a twentieth of the last generation, or with more
#: events that are worked out fact by fact.
TAIL_BYTES_AT_MOST: Final = 16 * 2**20
_TAIL_BYTES_SHARE: Final = 20
TAIL_ENTANGLING_AT_MOST: Final = 500

#: A generation into which more than this share was put is built from the log; but so few events may always
#: come in behind where it is published quickly.
_ADDED_SHARE: Final = 10
_ADDED_AT_LEAST: Final = 2_000

#: How the row files of layouts up to 4 begin.
_OLD_ROWS_MAGIC: Final = (0, b"tl-rows1")

#: Marks a folder in which a generation is being built, and what the mark says.
_BUILDING: Final = "timeline-building"
_BUILDING_PREFIX: Final = ".building-"
_MARK: Final = b"A generation of a Timeline index is built here. Without its builder it can be removed.\n"

#: Holds the mark of the erasure that the generations come after, of a log that other machines use.
_SEEN_ERASED: Final = ".erased"

#: The folder for generations that are not of the log any more.
_ASIDE: Final = "set-aside"
_SPILLED: Final = re.compile(r"\d{12}-\d+-v\d+\.duckdb\.(?:tmp|spill)", re.ASCII)


class Index:
    """The generations in a folder, for one log."""

    def __init__(self, folder: str | Path, log: Log) -> None:
        self.folder = Path(folder).absolute()
        self.log = log

    def generations(self) -> list[Path]:
        """Return the generations of this layout, the newest last."""
        return [generation.path for generation in self._generations()]

    def _generations(self) -> list[Generation]:
        return [generation for generation in self._found() if generation.layout == FORMAT]

    def _found(self) -> list[Generation]:
        """Return the generations of every layout, the newest last."""
        try:
            names = os.listdir(self.folder)
        except (FileNotFoundError, NotADirectoryError):
            return []
        found = [generation for name in names if (generation := Generation.of(self.folder / name))]
        return sorted(found, key=lambda generation: generation.commit)

    def check_log(self) -> None:
        """Raise Corruption where a generation knows commits that the log has not: the log has lost them."""
        self._head_behind(self._found())

    def _head_behind(self, generations: Sequence[Generation]) -> int:
        """Return the number of the log's last commit; raises Corruption where a generation is ahead of it.

        The generations were listed before, so that nothing that was appended meanwhile explains that.
        """
        head = self.log.head_number() if self.log.is_shared or self.log.exists() else 0
        if generations and generations[-1].commit > head:
            newest = generations[-1]
            ends = f"ends at commit {head}" if head else "has no commit"
            raise Corruption(
                f"{self.log.place}: {ends}, but the index was built from {newest.commit} commits with "
                f"{newest.position} events ({newest.path.name}): the log has lost the last ones; {_WAYS_OUT}"
            )
        return head

    def open(
        self,
        commit: int | None = None,
        *,
        may_build: bool = True,
        progress: Build | None = None,
        apart: Attach | None = None,
        like: Reader | None = None,
    ) -> Reader:
        """Return a reader of everything up to a commit, by default up to the last one acknowledged.

        Without a usable generation it builds one, or, where it may not or cannot, answers from the log alone.
        With `apart` the reader shares no database with another: `apart` attaches the generation to an empty
        one in memory, as `generation`. It reads the generation of `like`, a reader of the same commit, even
        where a newer one has replaced that. Raises Corruption where the log is not the one that a generation
        was built from.
        """
        self._leave_erased()
        if like is not None and like.generation is not None:
            held = Generation.of(like.generation, held=like.held)
            if held is not None and (reader := self._open(held, like.commit, apart)):
                return reader
        found = self._found()
        head = self._head_behind(found)
        # That was a look at the log, which shows what other machines erased.
        if self._leave_erased():
            found = []
        end = head if commit is None else commit
        for generation in reversed(found):
            usable = generation.layout == FORMAT and generation.commit <= end
            if usable and (reader := self._open(generation, end, apart)):
                return self._relieved(reader, progress, apart) if may_build and end == head else reader
        built = self._build_quietly(progress) if may_build and end == head > 0 else None
        made = None if built is None else Generation.of(built)
        if made is not None and made.commit <= end and (reader := self._open(made, end, apart)):
            return reader
        return self.in_memory(end)

    def _build_quietly(self, progress: Build | None) -> Path | None:
        """Build a generation, unless something that is no file is in its place."""
        try:
            return self.build(progress)
        except IsADirectoryError as error:
            _warn_damaged(self.folder, error)
            return None

    def _relieved(self, reader: Reader, progress: Build | None, apart: Attach | None) -> Reader:
        """Return the reader, or where its tail is large one on the next generation, which is published first.

        How much work a tail is shows only once it is resolved: then the next reader is spared it.
        """
        if self.is_large(reader.appended, reader.position):
            built = self.publish_next(progress)
            made = None if built is None else Generation.of(built)
            if made is not None and made.commit <= reader.commit:
                newer = self._open(made, reader.commit, apart)
                if newer is not None:
                    reader.close()
                    return newer
        reader.relieve = self.publish_next
        return reader

    def publish_next(self, progress: Build | None = None) -> Path | None:
        """Publish the next generation, if nobody else is at it and it can be written: see `refresh`.

        For the asking and the appending, which have no need of it: None where it did not come to that.
        """
        try:
            return self.refresh(progress, wait=False, quick=True)
        except (OSError, duckdb.Error):
            return None

    def _open(self, generation: Generation, end: int, apart: Attach | None = None) -> Reader | None:
        """Return a reader on a generation and its tail up to commit `end`; None where it is gone or damaged.

        Raises Corruption where the log has another commit in its place.
        """
        config = config_for(*TO_READ, generation.position)
        is_whole = generation.commit == end
        attached = not is_whole or apart is not None or not can_be_connected(self.folder)
        con = None
        held = generation.held
        try:
            with plain_folder(self.folder) as folder:
                path = folder / generation.path.name if held is None else held.path
                spill = self._spill(None if attached else path)
                if not attached:
                    try:
                        con = connect(path, spill=spill.path, read_only=True, config=config)
                    except duckdb.ConnectionException:
                        # What this process opened before, and somebody holds still, spills elsewhere.
                        attached, spill = True, self._spill()
                if con is None:
                    con = connect(spill=spill.path, config=config)
                    (apart or attach_generation)(con, path)
                held = Held.of(path) if held is None else held
            prefix = "generation." if attached else ""
            [(digest,)] = con.execute(f"SELECT digest FROM {prefix}store.meta").fetchall()
        except (duckdb.Error, ValueError, FileNotFoundError, PermissionError) as error:
            if con is not None:
                con.close()
            if is_damage(generation.path, error):
                _warn_damaged(generation.path, error)
            return None
        try:
            last = self._commit(generation.commit)
            if digest != (last.digest if last else None):
                # A damaged file of the log explains it best, and is named.
                self.log.reading(lambda files: None)
                raise Corruption(
                    f"{self.log.place}: its commit {generation.commit} is not the one that the index was "
                    f"built from ({generation.path.name}): the log was replaced or has lost commits; "
                    f"{_WAYS_OUT}"
                )
            appended = None
            if not is_whole:
                appended = self._read_tail(con, generation, last, end)
                con.execute(TAIL_PATH)
            elif attached:
                con.execute(ATTACHED_PATH)
            rows = RowStore.open(rows_beside(generation.path))
            if rows is not None and rows.upto != (generation.commit, generation.position, digest):
                rows.close()
                rows = None
            alone = attached and is_whole
            return Reader(
                con, generation.path, appended, rows, apart=apart is not None or alone, held=held, spill=spill
            )
        except BaseException:
            con.close()
            raise

    def _read_tail(
        self, con: duckdb.DuckDBPyConnection, generation: Generation, last: Commit | None, end: int
    ) -> Appended:
        appended = with_room(con, lambda: self.log.reading(partial(load_tail, con), last, until=end))
        if appended.bytes > TAIL_BYTES_AT_MOST:
            limit = memory_for(*TO_READ, generation.position, appended.bytes)
            con.execute(f"SET memory_limit = '{limit}'")
        return appended

    def _commit(self, number: int) -> Commit | None:
        """Return the commit of that number, as the log has it."""
        commits = self.log.commits(number - 1, number) if number else []
        return commits[0] if commits else None

    def set_aside(self) -> list[Path]:
        """Move every generation that is not of this log out of the way; returns where they are now.

        That gives up the commits that only they have, but keeps their files.
        """
        head = self.log.head_number()
        moved = []
        with self.log.maintenance():
            for generation in self._found():
                if generation.commit <= head and self._is_of_log(generation):
                    continue
                aside = self.folder / _ASIDE
                aside.mkdir(exist_ok=True)
                target = aside / f"{generation.path.stem}-{os.urandom(4).hex()}.duckdb"
                os.rename(generation.path, target)
                moved.append(target)
            if moved:
                sync_folder(self.folder)
        return moved

    def _is_of_log(self, generation: Generation) -> bool:
        try:
            reader = self._open(generation, max(self.log.head_number(), generation.commit))
        except Corruption:
            return False
        if reader is not None:
            reader.close()
        return True

    def in_memory(self, end: int) -> Reader:
        """Return a reader of the commits up to `end` that keeps nothing on disk.

        It is for an empty log, a folder that cannot be written, and a state that no generation has any more.
        """
        spill = self._spill()
        con = connect(spill=spill.path, config=CONFIG)
        self.log.reading(lambda files: build(con, files, None, without=COSTLY_VIEWS), until=end)
        return Reader(con, None, spill=spill)

    def _spill(self, file: Path | None = None) -> Spill:
        # Resolved, so that readers of one folder by different names share a place, and in a plain one.
        return Spill(self.folder.resolve(), file)

    def build(self, progress: Build | None = None) -> Path | None:
        """Build a generation up to the head and publish it; None where the folder cannot be written.

        Older generations are removed: readers that hold one open keep it until they close.
        """
        with self._publishing() as publish:
            self.check_log()
            return publish(lambda path: self._built(path, progress))

    def _built(self, path: Path, progress: Build | None) -> tuple[int, int]:
        return self.log.reading(lambda files: build_file(path, files, progress, rows_beside(path)))

    def refresh(
        self, progress: Build | None = None, *, wait: bool = True, quick: bool = False
    ) -> Path | None:
        """Publish a generation up to the head that costs what was appended since the last, and a copy of it.

        Where there is none to go on from, or a tenth of it was put in behind by now, it is built from the
        log. With `quick` a few events are put in however many there are already, and long texts are not
        compressed. Returns the path of the newest generation; None where the folder cannot be written, or,
        without `wait`, where another process is building.
        """
        with self._publishing(wait) as publish:
            # Others may have been faster, so that this is asked with the lock held.
            generations = self._found()
            head = self._head_behind(generations)
            newest = generations[-1] if generations and generations[-1].layout == FORMAT else None
            if newest is not None and self._can_grow(newest, _ADDED_AT_LEAST if quick else 0):
                if newest.commit == head:
                    return newest.path
                if progress is not None:
                    progress("copying the last generation")
                return publish(lambda path: self._grown(newest, path, progress, quick))
            return publish(lambda path: self._built(path, progress))

    def _can_grow(self, generation: Generation, at_least: int) -> bool:
        """Return whether what was appended may be put into a copy of a generation."""
        head = self.log.head()
        try:
            # Attached, because this process may read it already, and then with other settings.
            with plain_folder(self.folder) as folder, connect(spill=NOWHERE, config=CONFIG) as con:
                attach_generation(con, folder / generation.path.name)
                [(digest, whole)] = con.execute("SELECT digest, whole FROM generation.store.meta").fetchall()
        except duckdb.Error:
            return False
        last = self._commit(generation.commit)
        return (
            head is not None
            and head.last_position - whole <= max(whole // _ADDED_SHARE, at_least)
            and digest == (last.digest if last else None)
        )

    def _grown(self, last: Generation, path: Path, progress: Build | None, quick: bool) -> tuple[int, int]:
        _copy(last, path)
        if progress is not None:
            progress("putting in what was appended since")
        config = config_for(*TO_BUILD, last.position)
        try:
            return self._grow(last, path, config, quick)
        except duckdb.OutOfMemoryException:
            _copy(last, path)
            return self._grow(last, path, config | {"memory_limit": ALL_MEMORY}, quick)

    def _grow(self, last: Generation, path: Path, config: Config, quick: bool) -> tuple[int, int]:
        with writable_database(path) as made, connect(spill=spill_of(made), config=config) as con:
            con.execute(f"ATTACH {quoted(made)} AS built")
            if quick:
                # Whatever row group is changed is written again, of which long texts would be nearly all.
                con.execute("SET disabled_compression_methods = 'fsst,zstd'")
            grown = self.log.reading(
                lambda files: apply_tail(con, files, rows_beside(path)), self._commit(last.commit)
            )
            con.execute("CHECKPOINT built")
            con.execute("DETACH built")
        return grown

    @contextlib.contextmanager
    def _publishing(self, wait: bool = True) -> Iterator[_Publish]:
        """Something that makes a file and then publishes it as a generation, while the lock is held.

        The row store that was written beside it is published first.
        """
        with contextlib.ExitStack() as cleanup:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                folder = cleanup.enter_context(plain_folder(self.folder))
                # Asked before the lock, which cannot be had either where nothing can be written.
                tempfile.TemporaryFile(dir=folder).close()
            except OSError:
                yield lambda make: None
                return
            if not cleanup.enter_context(self.log.maintenance(wait)):
                yield lambda make: None
                return
            self._leave_erased(is_held=True)
            self._remove_unfinished()
            building = Path(tempfile.mkdtemp(prefix=_BUILDING_PREFIX, dir=folder))
            cleanup.callback(_remove_building, building)
            # Made and marked under the lock alone: another builder removes what it finds under it.
            _mark(building)
            made = building / "generation.duckdb"

            def publish(make: _Make) -> Path:
                commit, position = make(made)
                path = self.folder / f"{commit:012d}-{position}-v{FORMAT}.duckdb"
                sync_file(made)
                if rows_beside(made).exists():
                    sync_file(rows_beside(made))
                    os.replace(rows_beside(made), rows_beside(path))
                os.replace(made, path)
                sync_folder(self.folder)
                self._remove_older(path)
                return path

            yield publish

    def row_stores(self) -> list[Path]:
        """Return the row stores of this layout."""
        return [path for path, layout in self._row_stores() if layout == FORMAT]

    def _row_stores(self) -> list[tuple[Path, int]]:
        if not self.folder.is_dir():
            return []
        found = ((path, ROWS_NAME.fullmatch(path.name)) for path in sorted(self.folder.iterdir()))
        return [(path, int(match[1])) for path, match in found if match]

    def remove_all(self, erased: Collection[str]) -> None:
        """Remove every generation and what is left of others, in an erasure, under the maintenance lock.

        What was deleted in a generation survives in its file, and in what was copied from it. Of those that
        were set aside, the ones that have one of the `erased` events go, and those that cannot be read.
        """
        if not self.folder.is_dir():
            return
        self._remove_older(None)
        self._remove_unfinished()
        remove_leftovers(self.folder)
        for path in self.folder.iterdir():
            # Where readers of earlier versions put what did not fit into memory.
            if path.is_dir() and not path.is_symlink() and _SPILLED.fullmatch(path.name):
                shutil.rmtree(path, ignore_errors=True)
        with plain_folder(self.folder) as folder:
            for path in (folder / _ASIDE).glob("*.duckdb"):
                if _may_hold(path, erased):
                    path.unlink(missing_ok=True)
                    sync_folder(path.parent)
        sync_folder(self.folder)

    def _leave_erased(self, *, is_held: bool = False) -> bool:
        """Remove what was built before events were erased by another machine; returns whether they were.

        Whether the maintenance lock `is_held` already, under which what is being built is published first.
        """
        if not self.log.is_shared or (mark := self.log.erased_mark()) == self._seen_erased():
            return False
        with contextlib.nullcontext() if is_held else self.log.maintenance():
            self.folder.mkdir(parents=True, exist_ok=True)
            self.remove_all(() if mark is None else tombstoned(self.log))
            (self.folder / _SEEN_ERASED).write_bytes(mark or b"")
        return True

    def _seen_erased(self) -> bytes | None:
        """Return the mark of the last erasure that the generations here come after; None where of none."""
        try:
            return (self.folder / _SEEN_ERASED).read_bytes() or None
        except FileNotFoundError:
            return None

    def _remove_older(self, newest: Path | None) -> None:
        """Remove the generations and row stores before the newest, under the maintenance lock.

        With None all of them. A name is not enough: what does not begin as such a file does is left alone.
        """
        older = [(generation.path, DUCKDB_MAGIC) for generation in self._found()]
        older += [(path, magic) for path, _ in self._row_stores() for magic in (ROWS_MAGIC, _OLD_ROWS_MAGIC)]
        for path, (offset, magic) in older:
            is_newest = newest is not None and path in (newest, rows_beside(newest))
            if not is_newest and begins_with(path, offset, magic):
                path.unlink(missing_ok=True)

    def _remove_unfinished(self) -> None:
        """Remove what builders that died have left, under the maintenance lock, so that none is at work."""
        for path in self.folder.iterdir():
            if not path.is_dir() or path.is_symlink():
                continue
            if begins_with(path / _BUILDING, 0, _MARK):
                _remove_building(path)
            elif path.name.startswith(_BUILDING_PREFIX):
                _remove_unmarked(path)

    def remove_damaged(self, path: Path) -> bool:
        """Remove a generation if reading all of it fails, with a warning; returns whether it is gone."""
        with contextlib.ExitStack() as cleanup:
            folder = cleanup.enter_context(plain_folder(self.folder))
            error = error_of(folder / path.name)
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
        """Compare every generation, and its row store, with what follows from the log; returns how many.

        Costs a build for each. Raises Corruption where one holds anything else.
        """
        self.check_log()
        with contextlib.ExitStack() as cleanup:
            try:
                cleanup.enter_context(self.log.maintenance())
                within = tempfile.TemporaryDirectory(prefix=_BUILDING_PREFIX, dir=self.folder)
            except OSError:
                # A store that may not be written to is checked in a folder elsewhere.
                within = tempfile.TemporaryDirectory(prefix="timeline-")
            folder = cleanup.enter_context(plain_folder(cleanup.enter_context(within)))
            cleanup.callback(_remove_building, folder)
            _mark(folder)
            here = cleanup.enter_context(plain_folder(self.folder))
            generations = self._generations()
            for generation in generations:
                self._check(generation, here / generation.path.name, folder / "expected.duckdb", progress)
        return len(generations)

    def _check(self, generation: Generation, given: Path, expected: Path, progress: Build | None) -> None:
        name = str(generation.path)
        built = self.log.reading(lambda files: build_file(expected, files, progress), until=generation.commit)
        if built != (generation.commit, generation.position):
            raise Corruption(f"{name}: its name does not say what the log holds; {REBUILD}")
        if progress is not None:
            progress("comparing the index with the log")
        check_generation(given, expected, name)
        rows = rows_beside(generation.path)
        if rows.exists():
            check_rows(rows, expected)

    def wants_building(self, position: int) -> bool:
        """Whether so much was appended since the newest generation that another pays."""
        generations = self._generations()
        if not generations:
            return position > 0
        return self.is_large(Appended(position - generations[-1].position), position)

    def is_large(self, appended: Appended, position: int) -> bool:
        """Whether so much was appended, of a log that ends at a position, that another generation pays."""
        share = position // TAIL_SHARE
        if appended.events > max(TAIL_AT_MOST, share):
            return True
        if appended.entangling > max(TAIL_ENTANGLING_AT_MOST, share):
            return True
        if appended.bytes <= TAIL_BYTES_AT_MOST:
            return False
        # To go on costs a copy of the last generation, and more where that is long texts.
        generations = self.generations()
        return not generations or appended.bytes > generations[-1].stat().st_size // _TAIL_BYTES_SHARE


_WAYS_OUT: Final = (
    "bring the files of the log back from a copy, or, to go on without them, run "
    "`timeline rebuild --trust-log`, which keeps that index aside"
)

#: Makes a file, and returns the last commit and position in it.
_Make = Callable[[Path], tuple[int, int]]


#: Publishes what is made; None where the folder cannot be written.
_Publish = Callable[[_Make], Path | None]


def _copy(last: Generation, path: Path) -> None:
    """Copy a generation, and its row store if it has one."""
    shutil.copyfile(last.path, path)
    with contextlib.suppress(OSError):
        shutil.copyfile(rows_beside(last.path), rows_beside(path))


def _mark(folder: Path) -> None:
    """Mark a folder durably as one in which a generation is built, before there is anything else in it."""
    with naming(folder.parent):
        (folder / _BUILDING).write_bytes(_MARK)
        sync_file(folder / _BUILDING)
        sync_folder(folder)


def _remove_unmarked(folder: Path) -> None:
    """Remove a folder whose builder died before it had marked it: empty, but for a part of a mark."""
    mark = folder / _BUILDING
    with contextlib.suppress(OSError):
        if [path.name for path in folder.iterdir()] == [_BUILDING] and _MARK.startswith(mark.read_bytes()):
            mark.unlink()
        # Which fails where anything is in it.
        folder.rmdir()


def _remove_building(folder: Path) -> None:
    """Remove a folder in which a generation was built, its mark last, by which others know it."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if path.name == _BUILDING:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        sync_folder(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _may_hold(path: Path, event_ids: Collection[str]) -> bool:
    """Whether a generation has one of these events, or cannot be read."""
    try:
        with connect(spill=NOWHERE, config=CONFIG) as con:
            attach_generation(con, path)
            [(count,)] = con.execute(
                "SELECT count(*) FROM generation.store.events "
                "WHERE event_id IN (SELECT unnest($1::VARCHAR[]))",
                [list(event_ids)],
            ).fetchall()
    except duckdb.Error:
        return True
    return bool(count)


def _warn_damaged(path: Path, error: Exception) -> None:
    logging.getLogger(__name__).warning(
        "%s: the index is damaged, and is replaced by one built from the log: %s", path, error
    )
