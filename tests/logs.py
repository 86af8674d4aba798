"""Rows for tests of the log, and folders of it that watch or disturb what is done to them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from timeline.log import file, log
from timeline.log.file import rows_of
from timeline.log.folder import FolderObjects
from timeline.log.log import SMALL, CheckedFiles, Commit, Log, Rows, rows_to_table, schema
from timeline.meaning.identity import content_of, event_id


def row(number: int, **more: object) -> dict[str, object]:
    """Return a small event with its id; equal arguments make equal events."""
    content: dict[str, object] = {
        "event_type": "reported",
        "fact": f"nvidia/revenue@{number}",
        "claim": f"{number} USD",
        "inherited": 0,
    }
    content |= more
    return content | {"event_id": event_id(content_of(content))}


def always(rows: Rows | pa.Table) -> Callable[[Commit | None, int], Rows | pa.Table]:
    """Return a function that gives a log the same rows to append, whatever the head of the log is."""
    return lambda head, recorded_at: rows


def append(log: Log, *numbers: int) -> Commit:
    """Append one commit of the rows of these numbers."""
    rows = [row(number) for number in numbers]
    commit = log.append(always(Rows(rows) if len(rows) < SMALL else rows_to_table(rows)))
    assert commit is not None
    return commit


@contextmanager
def small_blocks() -> Iterator[None]:
    """Have blocks be of few commits meanwhile, so that every step of merging them can be tried."""
    cached = (file._commits_named, log._names_of)
    with pytest.MonkeyPatch.context() as patched:
        for module in (file, log):
            patched.setattr(module, "BLOCKS", (4, 16, 64))
        for function in cached:
            function.cache_clear()
        yield
    for function in cached:
        function.cache_clear()


def events_of(log: Log, after: int = 0) -> pa.Table:
    """Return all events of the commits after number `after`, in log order, as the index reads them."""

    def read(found: CheckedFiles) -> pa.Table:
        later = [commit for commit in found.commits if commit.number > after]
        if not later:
            return schema().empty_table()
        return pa.concat_tables(map(rows_of, found.paths)).slice(later[0].first_position - 1)

    return log.reading(read)


def names(folder: Path) -> list[str]:
    """Return the names of the files in a log's folder, without its locks."""
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


def tree_hash(leaves: list[bytes]) -> bytes:
    """Return the tree hash of RFC 9162, 2.1.1, as the RFC defines it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + tree_hash(leaves[:k]) + tree_hash(leaves[k:])).digest()


class Volatile(FolderObjects):
    """A folder without fsync, for tests that append much and pull no plug."""

    def _write(self, temporary: Path, content: memoryview) -> None:
        temporary.write_bytes(content)

    def _sync(self) -> None:
        pass


class Recording(FolderObjects):
    """A folder that notes every step, in the order in which it was taken."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.steps: list[str] = []

    def put_if_absent(self, name: str, content: memoryview) -> bool:
        self.steps.append(f"put {name}")
        return super().put_if_absent(name, content)

    def get(self, name: str) -> Path:
        self.steps.append(f"get {name}")
        return super().get(name)

    def list(self) -> list[str]:
        self.steps.append("list")
        return super().list()

    def remove(self, names: Iterable[str]) -> None:
        removed = list(names)
        self.steps.append(f"remove {len(removed)}")
        super().remove(removed)

    def _write(self, temporary: Path, content: memoryview) -> None:
        self.steps.append("write and sync a temporary file")
        super()._write(temporary, content)

    def _link(self, temporary: Path, name: str) -> None:
        self.steps.append(f"link {name}")
        super()._link(temporary, name)

    def _sync(self) -> None:
        self.steps.append("sync the folder")
        super()._sync()
