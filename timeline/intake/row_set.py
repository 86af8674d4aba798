"""Numbers of rows, as the runs that they make: twenty million bad rows in a row are two numbers."""

from __future__ import annotations

import heapq
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator

__all__ = ["RowSet"]


class RowSet:
    """A set of rows, given and gone through in their order.

    >>> rows = RowSet([1, 2, 3, 7])
    >>> len(rows), list(rows), rows.within(2, 7), list(rows.united([5, 7]))
    (4, [1, 2, 3, 7], [2, 3, 7], [1, 2, 3, 5, 7])
    >>> 3 in rows, 4 in rows, rows.touches(4, 6), rows.touches(4, 7)
    (True, False, False, True)
    """

    def __init__(self, rows: Iterable[int] = ()) -> None:
        # Both ends of a run are in it.
        self._starts, self._ends = array("q"), array("q")
        self._count = 0
        self.extend(rows)

    def extend(self, rows: Iterable[int]) -> None:
        """Add rows, in order, none before the last one that is there; one that is there is left out."""
        starts, ends = self._starts, self._ends
        for row in rows:
            if ends and row <= ends[-1] + 1:
                self._count += row - ends[-1]
                ends[-1] = row
            else:
                starts.append(row)
                ends.append(row)
                self._count += 1

    def united(self, rows: Iterable[int]) -> RowSet:
        """Return a set that has other rows, in order, too."""
        return RowSet(heapq.merge(self, rows))

    def within(self, first: int, last: int) -> list[int]:
        """Return the rows from `first` to `last`, both included."""
        found: list[int] = []
        at = bisect_left(self._ends, first)
        while at < len(self._starts) and self._starts[at] <= last:
            found += range(max(self._starts[at], first), min(self._ends[at], last) + 1)
            at += 1
        return found

    def touches(self, first: int, last: int) -> bool:
        """Whether a row from `first` to `last`, both included, is in it."""
        at = bisect_left(self._ends, first)
        return at < len(self._starts) and self._starts[at] <= last

    def __contains__(self, row: int) -> bool:
        return self.touches(row, row)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[int]:
        for start, end in zip(self._starts, self._ends, strict=True):
            yield from range(start, end + 1)
