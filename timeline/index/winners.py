"""Who wins along an axis: ranked spans come and go, and at each instant the least rank wins.

Spans are kept in a tree over the edges that they may have, each at the few nodes that it covers, so that
the winner of an instant is found in about log n steps. The rows that follow from it, one as long as its
winner goes on, are kept too, so that only those change which a span touches.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Generic, Protocol, TypeVar

__all__ = ["Row", "Winners", "without"]


class _Rank(Protocol):
    def __lt__(self, other: Any, /) -> bool: ...


R = TypeVar("R", bound=_Rank)

#: A winner, and from when until when it wins.
Row = tuple[R, int, int]
_Span = tuple[int, int]


class Winners(Generic[R]):
    """Rows of winners along an axis, for spans whose edges are among `edges`, in order and without repeats.

    Several spans may have one rank, and overlap: they are one winner. Spans are half-open. `steps` counts
    the nodes and rows looked at.
    """

    def __init__(self, edges: Sequence[int]) -> None:
        self._edges: Final = edges
        self._size = 1
        while self._size < len(edges) - 1:
            self._size *= 2
        self._ranks: dict[int, list[R]] = {}
        self._count: dict[tuple[int, R], int] = defaultdict(int)
        #: The least rank at a node or below it.
        self._least: dict[int, R] = {}
        # Spans that the tree has not got yet: it is not asked before something ends.
        self._coming: list[Row[R]] = []
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._winners: list[R] = []
        #: The rows of each winner, by where they start.
        self._rows_of: dict[R, dict[int, int]] = defaultdict(dict)
        self._gone: set[Row[R]] = set()
        self._come: set[Row[R]] = set()
        self.steps = 0

    def move(self, rank: R, old: _Span | None, new: _Span | None) -> None:
        """Let a span of this rank be another one: no span is one that begins or ends with this."""
        if old == new:
            return
        if old is not None:
            self._flush()
            self._keep(rank, old, -1)
        if new is not None and new[0] < new[1]:
            self._coming.append((rank, *new))
        for start, end in without([old] if old else [], new):
            self._uncover(rank, start, end)
        for start, end in without([new] if new else [], old):
            self._paint(rank, start, end)

    def changes(self) -> tuple[set[Row[R]], set[Row[R]]]:
        """Return the rows that are gone since this was last asked, and those that have come."""
        gone, come = self._gone, self._come
        self._gone, self._come = set(), set()
        return gone, come

    def rows(self, start: int, end: int) -> Iterator[Row[R]]:
        """Yield the rows that have some of [start, end)."""
        for at in range(*self._within(start, end)):
            self.steps += 1
            yield self._winners[at], self._starts[at], self._ends[at]

    # The tree

    def _flush(self) -> None:
        coming, self._coming = self._coming, []
        for rank, start, end in coming:
            self._keep(rank, (start, end), 1)

    def _keep(self, rank: R, span: _Span, count: int) -> None:
        """Add a span to the nodes that make it up, or take it from them."""
        if span[0] >= span[1]:
            return
        left = bisect_left(self._edges, span[0]) + self._size
        last = bisect_left(self._edges, span[1])
        right = (self._size if last == len(self._edges) - 1 else last) + self._size
        touched = []
        while left < right:
            if left & 1:
                touched.append(left)
                left += 1
            if right & 1:
                right -= 1
                touched.append(right)
            left //= 2
            right //= 2
        for node in touched:
            self._count[node, rank] += count
            if count > 0:
                heapq.heappush(self._ranks.setdefault(node, []), rank)
        for node in touched:
            while node and self._settle(node):
                node //= 2

    def _settle(self, node: int) -> bool:
        """Work out the least rank at a node or below it again; whether it changed."""
        self.steps += 1
        now = self._top(node)
        for child in (2 * node, 2 * node + 1):
            least = self._least.get(child)
            if least is not None and (now is None or least < now):
                now = least
        before = self._least.get(node)
        if now is None:
            self._least.pop(node, None)
        else:
            self._least[node] = now
        return now != before

    def _top(self, node: int) -> R | None:
        """Return the least rank of the spans kept at a node."""
        ranks = self._ranks.get(node)
        while ranks:
            if self._count[node, ranks[0]]:
                return ranks[0]
            heapq.heappop(ranks)
        return None

    def _best(self, start: int, end: int) -> Iterator[tuple[R | None, int, int]]:
        """Yield the winners along [start, end) as the tree has them, in order."""
        self._flush()
        first, last = bisect_left(self._edges, start), bisect_left(self._edges, end)
        waiting: list[tuple[int, int, int, R | None]] = [(1, 0, self._size, None)]
        winner: R | None = None
        begun = first
        while waiting:
            node, low, high, best = waiting.pop()
            self.steps += 1
            top = self._top(node)
            if top is not None and (best is None or top < best):
                best = top
            left, right = self._least.get(2 * node), self._least.get(2 * node + 1)
            if (left is None or (best is not None and not left < best)) and (
                right is None or (best is not None and not right < best)
            ):
                if best != winner:
                    if begun < low:
                        yield winner, self._edges[begun], self._edges[low]
                    winner, begun = best, max(low, first)
                continue
            middle = (low + high) // 2
            if middle < last:
                waiting.append((2 * node + 1, middle, high, best))
            if first < middle:
                waiting.append((2 * node, low, middle, best))
        yield winner, self._edges[begun], self._edges[last]

    # The rows

    def _within(self, start: int, end: int) -> _Span:
        """Return which rows have some of [start, end)."""
        first = bisect_right(self._starts, start)
        if first and self._ends[first - 1] > start:
            first -= 1
        return first, bisect_left(self._starts, end, lo=first)

    def _paint(self, rank: R, start: int, end: int) -> None:
        """Let a rank win where nothing of a lesser rank does."""
        free = []
        at = start
        for nth in range(*self._within(start, end)):
            self.steps += 1
            if self._winners[nth] < rank:
                if at < self._starts[nth]:
                    free.append((at, self._starts[nth]))
                at = max(at, self._ends[nth])
        if at < end:
            free.append((at, end))
        for piece in free:
            self._clear(*piece)
            self._put(*piece, rank)

    def _uncover(self, rank: R, start: int, end: int) -> None:
        """Give what a rank won of [start, end) to the best of what is left there."""
        held = self._rows_of.get(rank)
        if not held:
            return
        self.steps += len(held)
        holes = [(max(a, start), min(b, end)) for a, b in held.items() if a < end and start < b]
        for a, b in holes:
            self._clear(a, b)
        for a, b in holes:
            for best, piece_start, piece_end in self._best(a, b):
                if best is not None:
                    self._put(piece_start, piece_end, best)

    def _clear(self, start: int, end: int) -> None:
        """Take what there is of [start, end) out of the rows."""
        first, last = self._within(start, end)
        rest = []
        for at in range(last - 1, first - 1, -1):
            self.steps += 1
            row_start, row_end, winner = self._starts[at], self._ends[at], self._winners[at]
            self._take(at)
            if row_start < start:
                rest.append((row_start, start, winner))
            if end < row_end:
                rest.append((end, row_end, winner))
        for piece in rest:
            self._insert(*piece)

    def _put(self, start: int, end: int, rank: R) -> None:
        """Add a row where nothing is, made one with its neighbours of the same winner."""
        at = bisect_left(self._starts, start)
        if at < len(self._starts) and self._starts[at] == end and self._winners[at] == rank:
            end = self._ends[at]
            self._take(at)
        if at and self._ends[at - 1] == start and self._winners[at - 1] == rank:
            start = self._starts[at - 1]
            self._take(at - 1)
        self._insert(start, end, rank)

    def _insert(self, start: int, end: int, rank: R) -> None:
        at = bisect_left(self._starts, start)
        self._starts.insert(at, start)
        self._ends.insert(at, end)
        self._winners.insert(at, rank)
        self._rows_of[rank][start] = end
        row = (rank, start, end)
        if row in self._gone:
            self._gone.remove(row)
        else:
            self._come.add(row)

    def _take(self, at: int) -> None:
        row = (self._winners[at], self._starts[at], self._ends[at])
        del self._starts[at], self._ends[at], self._winners[at]
        held = self._rows_of[row[0]]
        del held[row[1]]
        if not held:
            del self._rows_of[row[0]]
        if row in self._come:
            self._come.remove(row)
        else:
            self._gone.add(row)


def without(spans: Iterable[_Span], hole: _Span | None) -> Iterator[_Span]:
    """Yield the spans less a hole.

    >>> list(without([(0, 10)], (2, 5)))
    [(0, 2), (5, 10)]
    """
    for a, b in spans:
        if hole is None or b <= hole[0] or hole[1] <= a or hole[0] >= hole[1]:
            if a < b:
                yield a, b
            continue
        if a < hole[0]:
            yield a, hole[0]
        if hole[1] < b:
            yield hole[1], b
