"""Facts that no window resolves, on the workers of a cluster: by the sweep that an index uses too.

The code travels with the query, by value, so that the workers need Python and pyarrow, which PySpark asks for
anyway, and nothing of Timeline.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from timeline.index.sweep import sweep
from timeline.meaning import fold
from timeline.meaning.columns import BELIEF_COLUMNS

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Swept"]

#: The columns of a row that a sweep sets.
_HELD: Final = ("valid_from", "valid_to", "believed_from", "believed_until")


@dataclass(frozen=True, slots=True)
class Swept:
    """What is asked of the facts: instants are microseconds, `as_of` of `fold.END` is after everything.

    With `spans` it is every belief ever held, and `as_of` and `valid_at` do not matter.
    """

    basis: fold.Basis
    by_origin: bool
    as_of: int = fold.END
    valid_at: int | None = None
    spans: bool = False

    def __call__(self, events: pa.Table) -> pa.Table:
        """Return the beliefs in some facts, of which these are all events, in any order."""
        import pyarrow as pa

        facts = events.sort_by([("fact", "ascending"), ("position", "ascending")])
        columns = [_plain(facts[name]) for name in fold.ENTRY_COLUMNS]
        rows: list[int] = []
        held: dict[str, list[int | None]] = {name: [] for name in _HELD}
        entries = enumerate(map(fold.entry_of, zip(*columns, strict=True)))
        for _, group in groupby(entries, key=lambda numbered: numbered[1].fact):
            numbered = list(group)
            row_of = {entry.position: row for row, entry in numbered}
            for position, _, *bounds in sweep(
                [entry for _, entry in numbered], self.basis, by_origin=self.by_origin
            ):
                if self._covers(*bounds):
                    rows.append(row_of[position])
                    for name, bound in zip(_HELD, bounds, strict=True):
                        held[name].append(bound if fold.BEGINNING < bound < fold.END else None)
        taken = facts.take(pa.array(rows, pa.int64()))
        names = [*BELIEF_COLUMNS, *(["believed_until"] if self.spans else [])]
        found = {
            name: pa.array(held[name], pa.timestamp("us")) if name in held else taken[name] for name in names
        }
        return pa.table(found)

    def _covers(self, valid_from: int, valid_to: int, since: int, until: int) -> bool:
        if self.spans:
            return True
        covered = self.valid_at is None or valid_from <= self.valid_at < valid_to
        return covered and since <= min(self.as_of, fold.END - 1) < until


def _plain(column: pa.ChunkedArray[Any]) -> list[Any]:
    """Return the values of a column as `fold` takes them: instants as microseconds."""
    import pyarrow as pa

    instants = pa.types.is_timestamp(column.type)
    return column.cast(pa.timestamp("us")).cast(pa.int64()).to_pylist() if instants else column.to_pylist()
