"""A log that is written at once, from the rows and commits of another one that were chosen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from timeline.errors import TimelineError
from timeline.log.file import BLOCKS, Commit, CommitRecord, file_name
from timeline.log.folder import FolderObjects
from timeline.log.merkle import MerkleTree
from timeline.log.writing import Spool

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["write_log"]


def write_log(folder: Path, rows: Iterable[pa.Table], commits: Sequence[tuple[int, int]]) -> Commit | None:
    """Write a new log at `folder`, durably; returns its last commit, None where there is none.

    `rows` are tables of `schema()`, complete, in the order of their positions. `commits` has when each was
    recorded, and of how many events, at least one. They are put into the widest files that a log may have, so
    that many small ones cost little.
    """
    objects = FolderObjects.create(folder)
    cut = _Cut(rows)
    last: Commit | None = None
    first = 1
    while first <= len(commits):
        size = _widest(first, len(commits))
        spool = Spool(folder)
        try:
            records = []
            for recorded_at, count in commits[first - 1 : first - 1 + size]:
                record = _written(spool, cut.take(count), count, last, recorded_at)
                records.append(record)
                last = record.commit
            with spool.finish(records) as content, memoryview(content) as view:
                if not objects.put_if_absent(file_name(first, first + size - 1), view):
                    raise TimelineError(f"{folder}: holds a log already")
        finally:
            spool.close()
        first += size
    cut.end()
    return last


def _widest(first: int, last: int) -> int:
    """Return how many commits the widest file holds that may begin with commit `first`."""
    sizes = (size for size in reversed(BLOCKS) if (first - 1) % size == 0 and first + size - 1 <= last)
    return next(sizes, 1)


def _written(
    spool: Spool, rows: Iterable[pa.Table], count: int, previous: Commit | None, recorded_at: int
) -> CommitRecord:
    tree = MerkleTree()
    for part in rows:
        spool.write(part)
        tree.add_ids(part["event_id"])
    first_position = previous.last_position + 1 if previous else 1
    return CommitRecord.over(tree.root(), count, previous, first_position, recorded_at)


class _Cut:
    """Tables that are taken so many rows at a time, wherever one ends."""

    def __init__(self, tables: Iterable[pa.Table]) -> None:
        self._tables = iter(tables)
        self._begun: pa.Table | None = None

    def take(self, count: int) -> Iterator[pa.Table]:
        """Yield the next `count` rows; raises TimelineError where there are fewer."""
        while count:
            if self._begun is None or not self._begun.num_rows:
                self._begun = next(self._tables, None)
                if self._begun is None:
                    raise TimelineError(f"a log to be written lacks {count:,} rows of its commits")
            part = self._begun.slice(0, count)
            self._begun = self._begun.slice(part.num_rows)
            count -= part.num_rows
            if part.num_rows:
                yield part

    def end(self) -> None:
        """Raise TimelineError where rows are left."""
        if (self._begun is not None and self._begun.num_rows) or any(one.num_rows for one in self._tables):
            raise TimelineError("a log to be written has more rows than its commits")
