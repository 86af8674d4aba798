"""An append made complete: its rows get what only the log knows, and its record is worked out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from timeline.errors import TimelineError
from timeline.log.file import Commit, CommitRecord, Rows, rows_to_table, schema
from timeline.log.merkle import MerkleTree, merkle_root, unpacked_ids
from timeline.log.writing import Spool, encoded
from timeline.meaning.columns import LOG_COLUMNS

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Completing", "of_rows", "spooled"]

#: How many events are written at once: a quarter of a row group.
_AT_ONCE: Final = 30_720

#: What only the log knows of a row.
_FILLED_IN: Final = frozenset({"position", "commit", "recorded_at"})


class Completing:
    """The rows of an append with what only the log knows, in the columns of `schema()`, part by part.

    `count` is of those yielded so far.
    """

    def __init__(self, rows: pa.Table | Iterable[pa.Table], head: Commit | None, recorded_at: int) -> None:
        import pyarrow as pa

        self.head = head
        self.number = head.number + 1 if head else 1
        self.first_position = head.last_position + 1 if head else 1
        self.recorded_at = recorded_at
        self.count = 0
        self._parts = self._all([rows] if isinstance(rows, pa.Table) else rows)

    def __iter__(self) -> Iterator[pa.Table]:
        # The same iterator each time, so that a second loop goes on where the first stopped.
        return self._parts

    def _all(self, tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
        for table in tables:
            for at in range(0, table.num_rows, _AT_ONCE):
                yield self._completed(table.slice(at, _AT_ONCE))

    def _completed(self, rows: pa.Table) -> pa.Table:
        import pyarrow as pa
        import pyarrow.compute as pc

        wanted = schema()
        count = rows.num_rows
        if rows.schema.equals(wanted):
            columns: dict[str, Any] = dict(zip(LOG_COLUMNS, rows.columns, strict=True))
        else:
            columns = _cast(rows, wanted)
        before = pa.scalar(self.first_position + self.count - 1, pa.int64())
        ones: Any = pa.repeat(1, count)
        positions: Any = pc.cumulative_sum(ones, start=before)
        place = columns.get("place")
        columns["position"] = positions
        columns["commit"] = pa.repeat(self.number, count)
        columns["recorded_at"] = pa.repeat(pa.scalar(self.recorded_at, pa.timestamp("us")), count)
        columns["place"] = positions
        if place is not None and place.null_count < count:
            places = _places(place.to_pylist(), self.first_position, self.count)
            columns["place"] = pa.array(places, pa.int64())
        self.count += count
        return pa.table([columns[name] for name in LOG_COLUMNS], schema=wanted)


def _cast(rows: pa.Table, wanted: pa.Schema) -> dict[str, Any]:
    """Return the columns of an append in the types of the log.

    Raises TimelineError where any are not its own.
    """
    given = set(rows.column_names)
    missing = LOG_COLUMNS.keys() - given - _FILLED_IN - {"place"}
    if missing or given - LOG_COLUMNS.keys():
        raise TimelineError(
            f"an append was given other columns than the log has: missing {sorted(missing)}, "
            f"unknown {sorted(given - LOG_COLUMNS.keys())}"
        )
    columns = {name: rows[name] for name in LOG_COLUMNS if name in given - _FILLED_IN}
    return {
        name: column if column.type == (kind := wanted.field(name).type) else column.cast(kind)
        for name, column in columns.items()
    }


def of_rows(rows: Rows, head: Commit | None, recorded_at: int) -> tuple[CommitRecord, memoryview]:
    """Return what `Completing` and `Log.append` make of a table of these rows, of at least one."""
    number = head.number + 1 if head else 1
    first_position = head.last_position + 1 if head else 1
    places = _places([row.get("place") for row in rows], first_position, 0)
    completed = Rows(
        row | {"position": position, "commit": number, "recorded_at": recorded_at, "place": place}
        for position, (row, place) in enumerate(zip(rows, places, strict=True), first_position)
    )
    root = merkle_root(unpacked_ids([row.get("event_id") for row in rows]))
    record = CommitRecord.over(root, len(rows), head, first_position, recorded_at)
    return record, encoded(rows_to_table(completed), [record])


def spooled(spool: Spool, rows: Iterable[pa.Table], parts: Completing) -> CommitRecord:
    """Write rows while the next ones are made, and hash them meanwhile; returns the commit's record."""
    from concurrent.futures import Future, ThreadPoolExecutor

    tree = MerkleTree()
    with ThreadPoolExecutor(1) as writing, ThreadPoolExecutor(1) as hashing:
        under_way: deque[Future[None]] = deque()
        for part in rows:
            # No more than a part waits for either, so that memory does not depend on how many there are.
            while len(under_way) > 2:
                under_way.popleft().result()
            under_way.append(hashing.submit(tree.add_ids, part["event_id"]))
            under_way.append(writing.submit(spool.write, part))
        for step in under_way:
            step.result()
    return CommitRecord.over(tree.root(), parts.count, parts.head, parts.first_position, parts.recorded_at)


def _places(given: list[int | None], first_position: int, before: int) -> Iterator[int]:
    for row, place in enumerate(given, before):
        position = first_position + row
        resolved = position if place is None else place if place >= 0 else first_position - place - 1
        if not 1 <= resolved <= position:
            raise TimelineError(
                f"row {row} of an append has place {place}, expected an event at or before it"
            )
        yield resolved
