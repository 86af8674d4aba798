"""The readers of one state of a store: for questions of the package, for SQL of people, for its owner."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import duckdb

from timeline.errors import BadInput
from timeline.index.generation import with_room
from timeline.index.index import Index
from timeline.index.reader import Attach, Reader
from timeline.index.seal import Seal

if TYPE_CHECKING:
    from timeline.index.tables import Build

__all__ = ["Readers"]

T = TypeVar("T")

#: What DuckDB says where a block of a file has another checksum than it was written with.
_DAMAGED: Final = "Corrupt database file"
#: What it raises where it reads what makes no sense.
_DAMAGE: Final = (duckdb.InternalException, duckdb.FatalException, duckdb.SerializationException)


class Readers:
    """Opens the readers of one commit where they are needed, and again where the index was damaged.

    `caches` are emptied when events were erased since, because they may still have them. For any number of
    threads.
    """

    def __init__(
        self,
        index: Index,
        commit: int,
        *,
        may_build: bool,
        progress: Callable[[], Build | None] | None,
        seal: Seal,
        caches: Sequence[dict[Any, Any]],
    ) -> None:
        self._index = index
        self._commit = commit
        self._may_build = may_build
        self._find_progress = progress
        self._seal = seal
        self._caches = caches
        self._opening = threading.RLock()
        #: The reader of the package's own questions, once there was one.
        self.opened: Reader | None = None
        #: For SQL that people write, which never runs where the package's own questions do.
        self._sandbox: Reader | None = None
        self._erasures = index.log.erasures()

    @property
    def _progress(self) -> Build | None:
        """What is called with each step of building an index, if anything is now."""
        return None if self._find_progress is None else self._find_progress()

    @property
    def store(self) -> Path:
        """The folder of the store."""
        return self._index.folder.parent

    def mend(self, error: BaseException) -> bool:
        """Remove a damaged index, if an error shows it to be one; returns whether it did.

        The next question opens another, of the same state. Raises Corruption where a damaged index cannot be
        removed.
        """
        raised = error if error.__cause__ is None else error.__cause__
        if _DAMAGED not in str(raised) and not isinstance(raised, _DAMAGE):
            return False
        readers = (reader for reader in (self.opened, self._sandbox) if reader is not None)
        suspects = {reader.generation for reader in readers if reader.generation is not None}
        self.opened = self._sandbox = None
        return any([self._index.remove_damaged(path) for path in suspects or self._index.generations()])

    def reader(self) -> Reader:
        """Return the reader of this state, for the package's own questions and for validation."""
        with self._opening:
            self._leave_erased()
            if self.opened is None:
                self.opened = self._index.open(
                    self._commit, may_build=self._may_build, progress=self._progress, like=self._sandbox
                )
            return self.opened

    def sandboxed(self, *, unlimited: bool = False) -> Reader:
        """Return a locked reader of this state, for SQL that people write."""
        from timeline.ask.sandbox import open_sandbox

        with self._opening:
            self._leave_erased()
            if self._sandbox is None:
                self._sandbox = open_sandbox(self._open_apart, unlimited=unlimited, seal=self._seal)
            return self._sandbox

    def _leave_erased(self) -> None:
        """Let go of what was read before events were erased, and may still have them."""
        before, self._erasures = self._erasures, self._index.log.erasures()
        if before != self._erasures:
            self.opened = self._sandbox = None
            for cache in self._caches:
                cache.clear()

    def owned(self) -> Reader:
        """Return a reader of its own for the owner's SQL, which may be any; a sealed store has none."""
        self._seal.check_open("SQL in it is one query, which reads it and nothing else")
        from timeline.ask.sandbox import open_owned

        self._leave_erased()
        return open_owned(self._open_apart)

    def _open_apart(self, apart: Attach) -> Reader:
        return self._index.open(
            self._commit,
            may_build=self._may_build,
            progress=self._progress,
            apart=apart,
            like=self.opened or self._sandbox,
        )

    def ask(self, ask: Callable[[Reader], T], opened: Callable[[], Reader] | None = None) -> T:
        """Return what a question to a reader returns; where the index is damaged, mend it and ask again."""
        opened = opened or self.reader
        try:
            return ask(opened())
        except (duckdb.Error, BadInput) as error:
            if not self.mend(error):
                raise
        return ask(opened())

    def run(self, ask: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """Return what a question to a connection of the package's own returns."""

        def asked(reader: Reader) -> T:
            with closing(reader.cursor()) as con:
                return with_room(con, lambda: ask(con))

        return self.ask(asked)
