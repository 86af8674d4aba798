"""What was believed of one fact, by the latest report or by that of each origin, by one sweep along the
reported axis.

The same spans as `fold.belief_spans` returns, for facts whose reports overlap in valid time or were
amended. Where `fold` looks at everything again at each instant, this keeps the rows believed so far, in
the order of their valid time, and changes only those that a report or a retraction touches: n events
cost about n log n steps, and what comes of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from timeline.index.family import Family, families
from timeline.index.winners import Row, Winners
from timeline.meaning import fold
from timeline.meaning.fold import END, Basis, Entry, Standing

__all__ = ["BeliefSpan", "sweep"]

#: Position, place, valid from and to, believed from and until.
BeliefSpan = tuple[int, int, int, int, int, int]

#: Of so many entries `fold` is the quicker where all are known at once.
_FEW = 64

#: The order in which earlier displaces later, which is how winners are ranked.
_Rank = tuple[int, int]

#: What stands for a family, and when it counts.
_Lived = tuple[Standing, Iterable[tuple[int, int]]]


def sweep(
    known: Sequence[Entry], basis: Basis = "certain", *, by_origin: bool = False
) -> Iterator[BeliefSpan]:
    """Yield every belief ever held of one fact, all of whose entries are `known`, in log order.

    With `by_origin` they are each origin's own. Rows are as long as possible and disjoint in valid time,
    those of one origin where they are by origin; bounds are half-open, in microseconds, from
    `fold.BEGINNING` to `fold.END`. In no particular order.
    """
    parts: dict[str, list[_Lived]] = defaultdict(list)
    for family in families(known):
        for one, spans in _lives(family, basis):
            parts[one.entry.origin if by_origin else ""].append((one, spans))
    for part in parts.values():
        yield from _swept(part)


def _swept(lived: Iterable[_Lived]) -> Iterator[BeliefSpan]:
    """Yield the beliefs that follow from what competes, and when each of it counts."""
    standing: dict[_Rank, Standing] = {}
    changing: dict[int, list[tuple[bool, _Rank]]] = defaultdict(list)
    for one, spans in lived:
        rank = -one.entry.reported_at, -one.place
        standing[rank] = one
        for start, end in spans:
            changing[start].append((True, rank))
            if end < END:
                changing[end].append((False, rank))
    edges = {edge for one in standing.values() for edge in one.valid}
    winners: Winners[_Rank] = Winners(sorted(edges))
    since: dict[Row[_Rank], int] = {}

    def held(rows: Iterable[Row[_Rank]], until: int) -> Iterator[BeliefSpan]:
        for row in rows:
            rank, start, end = row
            one = standing[rank]
            begun = since.pop(row)
            if one.kind == "report":
                yield one.entry.position, one.place, start, end, begun, until

    for instant in sorted(changing):
        # What ends goes first, and the least comes first, so that it is seldom looked for.
        for begins, rank in sorted(changing[instant], key=lambda change: (change[0], _negated(change[1]))):
            valid = standing[rank].valid
            winners.move(rank, None if begins else valid, valid if begins else None)
        gone, come = winners.changes()
        yield from held(gone, instant)
        for row in come:
            since[row] = instant
    yield from held(list(since), END)


def _negated(rank: _Rank) -> _Rank:
    return -rank[0], -rank[1]


def _lives(family: Sequence[Entry], basis: Basis) -> Iterator[_Lived]:
    """Return the standing entry of a family, if it has one, and when it counts."""
    if len(family) <= _FEW:
        for life in fold.lives(fold.standing(family), basis):
            yield life.standing, life.spans
        return
    whole = Family(family, basis, stepwise=True)
    whole.know(family)
    entry = whole.standing
    if entry is not None:
        kind: Literal["report", "withdrawal"] = "withdrawal" if entry.value is None else "report"
        yield Standing(entry, family[0].position, kind), whole.counts.all()
