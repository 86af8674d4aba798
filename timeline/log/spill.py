"""Connections of DuckDB, and where each puts what does not fit into memory.

By itself that is a folder `.tmp` where the user is, or one beside the file that was opened, and stays there
when the process is killed. Here it is in a temporary folder of `atomic`, which is locked as long as it is in
use: the next process that opens the store removes one whose process died.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from timeline.atomic import temporary_folder

if TYPE_CHECKING:
    import duckdb

__all__ = ["NOWHERE", "Spill", "connect", "connected", "spilling"]

#: For a connection that keeps all in memory.
NOWHERE: Final = ""


def connect(
    path: str | Path = ":memory:",
    *,
    spill: str | Path,
    read_only: bool = False,
    config: Mapping[str, Any] | None = None,
) -> duckdb.DuckDBPyConnection:
    """Open a database, which puts what does not fit into memory into the folder `spill`, or `NOWHERE`.

    DuckDB makes that folder when it is needed, in one that has to be there, and removes it. A database in a
    file has to be there; raises OSError where it cannot be opened.
    """
    import duckdb

    if path != ":memory:":
        # DuckDB ends the process where it cannot have a single file descriptor for a database.
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    con = duckdb.connect(
        str(path), read_only=read_only, config={**(config or {}), "temp_directory": str(spill)}
    )
    # Where Python runs no file (`python -c`, a notebook), DuckDB shows progress on stdout, among the answers.
    con.execute("SET enable_progress_bar = false")
    return con


@contextmanager
def connected(within: Path, config: Mapping[str, Any] | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a database in memory, which spills to a temporary folder within a folder."""
    with spilling(within) as spill, connect(spill=spill, config=config) as con:
        yield con


@contextmanager
def spilling(within: Path) -> Iterator[str]:
    """Where one database may spill to: within a folder, where that can be written, else within another."""
    with ExitStack() as stack:
        path = NOWHERE
        for parent in _parents(within):
            with suppress(OSError):
                path = str(stack.enter_context(temporary_folder(parent)) / "spill")
                break
        yield path


class Spill:
    """Where a database may spill to that lives longer than a block: as long as this object.

    What one process opens within a folder shares one temporary folder. In that, a database in memory has a
    place of its own, and a `file` has one: DuckDB opens a file once in a process, and not with another place.
    """

    def __init__(self, within: Path, file: Path | None = None) -> None:
        self.within = within
        #: What `connect` takes.
        self.path = NOWHERE
        for parent in _parents(within):
            with _lock:
                shared = _shared_within(parent)
                if shared is None:
                    continue
                shared.users += 1
                shared.count += 1
                name = (
                    str(shared.count) if file is None else hashlib.sha256(os.fsencode(file)).hexdigest()[:16]
                )
                self.path = str(shared.folder / name)
                weakref.finalize(self, _let_go, shared)
                break

    def keep(self) -> None:
        """Keep it until the process ends, for a connection that is handed out."""
        _kept.append(self)


class _Shared:
    def __init__(self, parent: Path) -> None:
        self.stack = ExitStack()
        self.folder = self.stack.enter_context(temporary_folder(parent))
        # A fork has the objects of its parent and none of its folders.
        self.key = os.getpid(), parent
        self.users = self.count = 0


_shared: dict[tuple[int, Path], _Shared] = {}
_kept: list[Spill] = []
# Reentrant: what is collected in the block may be another such object.
_lock = threading.RLock()


def _parents(within: Path) -> tuple[Path, Path]:
    return within, Path(tempfile.gettempdir())


def _shared_within(parent: Path) -> _Shared | None:
    """Return what this process shares within a folder; None where that cannot be written."""
    key = os.getpid(), parent
    if key not in _shared:
        try:
            _shared[key] = _Shared(parent)
        except OSError:
            return None
    return _shared[key]


def _let_go(shared: _Shared) -> None:
    with _lock:
        shared.users -= 1
        if shared.users == 0:
            del _shared[shared.key]
            # Which somebody may have removed with the store.
            with suppress(OSError):
                shared.stack.close()
