"""The last cut of dates: no event counts from later than the moment of its own commit.

Validation has cut them already, to the moment by its own clock; that of a commit lies before that only where
a clock was set back meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from timeline.log.file import Rows

__all__ = ["cut"]

#: The instants on the reported axis, of an event and of the source that we hold.
_LAST: Final = ("reported_from", "reported_at", "evidence_at")


def cut(part: Rows | pa.Table | Iterable[pa.Table], recorded_at: int) -> Rows | pa.Table | Iterable[pa.Table]:
    """Return rows for the log whose last instants are no later than `recorded_at`, in microseconds.

    Rows are changed as they are, so that who remembers them knows what was recorded.

    >>> cut(Rows([{"reported_at": 7, "evidence_at": None}]), 5)
    [{'reported_at': 5, 'evidence_at': None}]
    """
    if isinstance(part, Rows):
        for row in part:
            for name in _LAST:
                if (at := row.get(name)) is not None and at > recorded_at:
                    row[name] = recorded_at
        return part
    if isinstance(part, pa.Table):
        return _cut_table(part, recorded_at)
    return (_cut_table(table, recorded_at) for table in part)


def _cut_table(table: pa.Table, recorded_at: int) -> pa.Table:
    for name in _LAST:
        if name not in table.column_names:
            continue
        at = table.column_names.index(name)
        column: Any = table.column(at)
        limit: Any = pa.scalar(recorded_at, pa.int64()).cast(column.type)
        if pc.any(pc.greater(column, limit)).as_py():
            least = pc.if_else(pc.greater(column, limit), limit, column)
            table = table.set_column(at, table.schema.field(at), least)
    return table
