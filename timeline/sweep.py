"""What was believed of one fact under the default policy, by one sweep along the reported axis.

The same spans as `fold.belief_spans` tells, for facts whose reports overlap in valid time or were
amended. Where `fold` looks at everything anew at each instant, this keeps the rows believed so far, in
the order of their valid time, and changes only those that a report or a retraction touches: n reports
cost about n log n steps, however their valid times lie. A retraction looks through what it uncovers.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterator, Sequence

from timeline import fold
from timeline.amended import families
from timeline.fold import END, Entry, Life

__all__ = ["Held", "sweep"]

#: Position, place, valid from and to, believed from and until.
Held = tuple[int, int, int, int, int, int]

_Row = tuple[int, int, int]


def sweep(known: Sequence[Entry]) -> Iterator[Held]:
    """Every belief ever held of one fact, all of whose entries are `known`, in log order.

    Rows are as long as possible and disjoint in valid time; bounds are half-open, in microseconds, from
    `fold.BEGINNING` to `fold.END`. In no particular order.
    """
    living = [life for family in families(known) for life in fold.lives(fold.standing(family))]
    beginning: dict[int, list[Life]] = defaultdict(list)
    ending: dict[int, list[Life]] = defaultdict(list)
    for life in living:
        for start, end in life.spans:
            beginning[start].append(life)
            if end < END:
                ending[end].append(life)
    rows = _Rows()
    for instant in sorted(beginning.keys() | ending.keys()):
        for life in ending.get(instant, ()):
            rows.remove(life)
        for life in sorted(beginning.get(instant, ()), key=_order):
            rows.add(life)
        yield from rows.settle(instant)
    yield from rows.settle(END, everything=True)


def _order(life: Life) -> tuple[int, int]:
    return life.standing.order


class _Rows:
    """Who wins at each valid instant, as rows in the order of their valid time, withdrawals among them."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._winners: list[Life] = []
        #: What counts now, in the order in which later displaces earlier.
        self._counting: list[Life] = []
        self._since: dict[_Row, tuple[int, Life]] = {}
        # What this instant took away, and what it brought: a row that does both has not changed.
        self._closed: dict[_Row, tuple[int, Life]] = {}
        self._opened: dict[_Row, Life] = {}

    def add(self, life: Life) -> None:
        insort(self._counting, life, key=_order)
        self._paint(life, *life.standing.valid)

    def remove(self, life: Life) -> None:
        del self._counting[bisect_left(self._counting, _order(life), key=_order)]
        start, end = life.standing.valid
        for at in range(*self._within(start, end)):
            if self._winners[at] is life:
                break
        else:
            return
        holes = []
        first, last = self._within(start, end)
        for at in range(last - 1, first - 1, -1):
            if self._winners[at] is life:
                holes.append((self._starts[at], self._ends[at]))
                self._take(at)
        for hole in holes:
            self._fill(*hole)

    def settle(self, instant: int, *, everything: bool = False) -> Iterator[Held]:
        """The rows that end with this instant; what is there now is believed from here on."""
        for row, (since, life) in self._closed.items():
            if since < instant:
                yield from self._held(row, life, since, instant)
        for row, life in self._opened.items():
            self._since[row] = (instant, life)
        self._closed.clear()
        self._opened.clear()
        if everything:
            for row, (since, life) in self._since.items():
                yield from self._held(row, life, since, END)

    @staticmethod
    def _held(row: _Row, life: Life, since: int, until: int) -> Iterator[Held]:
        if life.standing.kind == "report":
            place, start, end = row
            yield life.standing.entry.position, place, start, end, since, until

    def _within(self, start: int, end: int) -> tuple[int, int]:
        """Which rows have some valid time in [start, end)."""
        first = bisect_right(self._starts, start)
        if first and self._ends[first - 1] > start:
            first -= 1
        return first, bisect_left(self._starts, end, lo=first)

    def _paint(self, life: Life, start: int, end: int) -> None:
        """Let a life win where nothing that counts more does."""
        first, last = self._within(start, end)
        free = []
        at = start
        for nth in range(first, last):
            row_start, row_end, winner = self._starts[nth], self._ends[nth], self._winners[nth]
            if _order(winner) > _order(life):
                if at < row_start:
                    free.append((at, row_start))
                at = max(at, row_end)
        if at < end:
            free.append((at, end))
        for piece in free:
            self._cut(*piece)
            self._put(*piece, life)

    def _cut(self, start: int, end: int) -> None:
        """Take what there is of [start, end) out of the rows."""
        first, last = self._within(start, end)
        rest = []
        for at in range(last - 1, first - 1, -1):
            row_start, row_end, winner = self._starts[at], self._ends[at], self._winners[at]
            self._take(at)
            if row_start < start:
                rest.append((row_start, start, winner))
            if end < row_end:
                rest.append((end, row_end, winner))
        for piece in rest:
            self._insert(*piece)

    def _fill(self, start: int, end: int) -> None:
        """Give [start, end), which nobody has, to the best of what still counts there."""
        holes = [(start, end)]
        for life in reversed(self._counting):
            if not holes:
                break
            valid_from, valid_to = life.standing.valid
            left = []
            for a, b in holes:
                if b <= valid_from or valid_to <= a:
                    left.append((a, b))
                    continue
                self._put(max(a, valid_from), min(b, valid_to), life)
                if a < valid_from:
                    left.append((a, valid_from))
                if valid_to < b:
                    left.append((valid_to, b))
            holes = left

    def _put(self, start: int, end: int, life: Life) -> None:
        """Add a row where nothing is, made one with its neighbours of the same winner."""
        at = bisect_left(self._starts, start)
        if at < len(self._starts) and self._starts[at] == end and self._winners[at] is life:
            end = self._ends[at]
            self._take(at)
        if at and self._ends[at - 1] == start and self._winners[at - 1] is life:
            start = self._starts[at - 1]
            self._take(at - 1)
        self._insert(start, end, life)

    def _insert(self, start: int, end: int, life: Life) -> None:
        at = bisect_left(self._starts, start)
        self._starts.insert(at, start)
        self._ends.insert(at, end)
        self._winners.insert(at, life)
        row = (life.standing.place, start, end)
        if row in self._closed:
            self._since[row] = self._closed.pop(row)
        else:
            self._opened[row] = life

    def _take(self, at: int) -> None:
        row = (self._winners[at].standing.place, self._starts[at], self._ends[at])
        del self._starts[at], self._ends[at], self._winners[at]
        if self._opened.pop(row, None) is None:
            self._closed[row] = self._since.pop(row)
