"""An erasure of events, in the log: tombstones are recorded first, then every file is rewritten without them.

So a process that dies in between leaves a log that says what is still to be done, and no event is ever
without its content and without a tombstone. The maintenance lock is held by whoever calls these.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Final

from timeline.errors import BadInput, NotFound
from timeline.log.file import SMALL, Commit, Rows, rows_to_table
from timeline.log.log import CheckedFiles, Log
from timeline.log.paths import parquet_source
from timeline.log.spill import connected
from timeline.meaning.columns import ERASED, LOG_COLUMNS
from timeline.meaning.erasure import KEPT, tombstone

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["amending", "record_tombstones", "remove_erased", "tombstoned"]

_READ: Final = ", ".join(
    f'epoch_us("{name}")' if kind == "instant" else f'"{name}"' for name, kind in LOG_COLUMNS.items()
)

_AMONG: Final = "event_id IN (SELECT unnest($1::VARCHAR[]))"
_UNFINISHED: Final = (
    f"event_id IN (SELECT target FROM log WHERE event_type = '{ERASED}') "
    f"AND status IS DISTINCT FROM '{ERASED}'"
)


def record_tombstones(
    log: Log, event_ids: Sequence[str], reason: str, actor: str | None = None
) -> tuple[Commit | None, list[str]]:
    """Begin an erasure: record, as one commit, that these events are erased, for those of which it is not.

    Returns the commit, None where there are no such events, and their ids. Raises NotFound for an id of no
    event, BadInput for that of a tombstone.
    """
    rows = {row["event_id"]: row for row in _rows(log, _AMONG, [list(event_ids)])}
    for event_id in event_ids:
        if event_id not in rows:
            raise NotFound(f"no event has the id {event_id}")
        if rows[event_id]["event_type"] == ERASED:
            raise BadInput(f"{event_id} says that an event was erased; expected one that can be erased")
    known = tombstoned(log)
    new = [
        row for row in sorted(rows.values(), key=lambda row: row["position"]) if row["event_id"] not in known
    ]
    log.begin_erasure(finish=not event_ids)
    if not new:
        return None, []
    added = [tombstone(row, reason, actor) for row in new]
    commit = log.append(lambda head, recorded_at: Rows(added) if len(added) < SMALL else rows_to_table(added))
    return commit, [row["event_id"] for row in new]


def tombstoned(log: Log) -> set[str]:
    """Return the ids of the events that have a tombstone."""
    return {row["target"] for row in _rows(log, f"event_type = '{ERASED}'")}


def amending(log: Log, event_ids: Sequence[str]) -> list[str]:
    """Return the ids of the events that correct or retract one of these, and are not erased, in log order."""
    rows = _rows(
        log, f"event_type <> '{ERASED}' AND target IN (SELECT unnest($1::VARCHAR[]))", [[*event_ids]]
    )
    rows.sort(key=lambda row: row["position"])
    return [row["event_id"] for row in rows if row["status"] != ERASED]


def remove_erased(log: Log) -> int:
    """Rewrite the files that still have the content of an event with a tombstone; returns how many."""
    rows = _rows(log, _UNFINISHED)
    event_ids = [row["event_id"] for row in rows]
    return log.rewrite({row["commit"] for row in rows}, lambda some: _without(some, event_ids))


def _rows(log: Log, condition: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
    """Return the rows of the log for which a condition of SQL holds, instants in microseconds."""

    def read(files: CheckedFiles) -> list[dict[str, Any]]:
        if not files.paths:
            return []
        with connected(log.folder) as con:
            con.execute(f"CREATE VIEW log AS FROM {parquet_source(files.paths)}")
            found = con.execute(f"SELECT {_READ} FROM log WHERE {condition}", parameters).fetchall()
        return [dict(zip(LOG_COLUMNS, values, strict=True)) for values in found]

    return log.reading(read)


def _without(rows: pa.Table, event_ids: Collection[str]) -> pa.Table:
    """Return rows of the log with those of these events as `left_of` has them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    is_erased: Any = pc.is_in(rows["event_id"], value_set=pa.array(event_ids, pa.string()))
    claimed: Any = pc.is_valid(rows["value_type"])
    left = {
        "status": pa.scalar(ERASED),
        "value_type": pc.if_else(claimed, pa.scalar(ERASED), pa.scalar(None, pa.string())),
    }
    columns = [
        rows[name]
        if name in KEPT
        else pc.if_else(is_erased, left.get(name, pa.scalar(None, rows[name].type)), rows[name])
        for name in rows.column_names
    ]
    return pa.table(columns, schema=rows.schema)
