"""A report with all that was ever recorded of it: its corrections, retractions, and theirs in turn.

Its standing entry, and when that counts, as `fold.standing` and `fold.lives` define. Where `fold` looks at
the whole family each time, a `Family` takes one event after the other and follows what changes: n events cost
about n log n steps, chain or fan. For that, the two trees that amendments make (what corrects what, and what
takes back what) are cut into paths, so that from anywhere to the root there are no more than log n of them
(heavy path decomposition, after Sleator and Tarjan, 1983), and each path has its outcome at hand.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final

from timeline.index.winners import Winners
from timeline.meaning import fold
from timeline.meaning.fold import BEGINNING, END, Basis, Entry, counts_from

__all__ = ["Family", "Spans", "families", "is_small"]

_Span = tuple[int, int]

#: Families of no more entries than this are sooner looked at whole by `fold`, each time.
FEW = 12


def is_small(family: Sequence[Entry]) -> bool:
    """Whether `fold` is the quicker to look at a family, however often."""
    return len(family) <= FEW


def families(known: Iterable[Entry]) -> list[list[Entry]]:
    """Return each report or withdrawal, then all that aims at it or at its amendments, in log order."""
    family_of: dict[str, list[Entry]] = {}
    families: list[list[Entry]] = []
    for entry in known:
        family = family_of.get(entry.target or "")
        if family is None:
            families.append(family := [])
        family.append(entry)
        family_of[entry.event_id] = family
    return families


class Spans:
    """Parts of an axis up to END, disjoint and in order, of which parts are turned over."""

    def __init__(self) -> None:
        #: Where a part begins or ends, in turn; the last may go on to END.
        self._edges: list[int] = []

    def __bool__(self) -> bool:
        return bool(self._edges)

    def covers(self, instant: int) -> bool:
        """Whether an instant is in any part."""
        return bool(bisect_right(self._edges, instant) & 1)

    def all(self) -> list[_Span]:
        """Return the parts, in order."""
        return _paired(self._edges)

    @property
    def last_edge(self) -> int:
        """Where the last part begins or ends before END; BEGINNING where there is none."""
        return self._edges[-1] if self._edges else BEGINNING

    def become(self, spans: Iterable[_Span]) -> None:
        """Cover these spans, disjoint and in order, and nothing else."""
        self._edges = [edge for span in spans for edge in span if edge < END]

    def turn(self, start: int, end: int) -> tuple[list[_Span], list[_Span]]:
        """Turn over what of [start, end) is covered, and return the spans gone, and those that have come."""
        first = bisect_left(self._edges, start) & ~1
        last = bisect_right(self._edges, end)
        last += last & 1
        edges = self._edges[first:last]
        gone = _paired(edges)
        for edge in (start, end):
            if edge >= END:
                continue
            at = bisect_left(edges, edge)
            if at < len(edges) and edges[at] == edge:
                del edges[at]
            else:
                edges.insert(at, edge)
        self._edges[first:last] = edges
        return gone, _paired(edges)


def _paired(edges: Sequence[int]) -> list[_Span]:
    return list(zip(edges[::2], [*edges[1::2], END], strict=False))


class _Change:
    """The spans that are gone and those that have come: one that does both has not changed."""

    def __init__(self) -> None:
        self.gone: set[_Span] = set()
        self.come: set[_Span] = set()

    def add(self, gone: Iterable[_Span], come: Iterable[_Span]) -> None:
        for span in gone:
            if span in self.come:
                self.come.remove(span)
            else:
                self.gone.add(span)
        for span in come:
            if span in self.gone:
                self.gone.remove(span)
            else:
                self.come.add(span)


class Family:
    """The standing entry of one family, of which entries become known one by one.

    `entries` are all that ever will, in log order, the report or withdrawal first. `counts` has when it
    counts on the reported axis, `standing` its standing entry, None where it has none. An amendment that is
    known before its target waits for it. A small family is looked at by `fold` each time, unless it is to be
    followed `stepwise`.
    """

    def __init__(self, entries: Sequence[Entry], basis: Basis = "certain", *, stepwise: bool = False) -> None:
        self.place: Final = entries[0].position
        self.standing: Entry | None = None
        self._steps = _Steps(entries, basis) if stepwise or not is_small(entries) else None
        self.counts = Spans() if self._steps is None else self._steps.counts
        self._basis = basis
        self._known: dict[str, Entry] = {}
        self._waiting: dict[str, list[Entry]] = {}

    @property
    def steps(self) -> int:
        """How many steps all of this took: nodes, rows and paths looked at."""
        return 0 if self._steps is None else self._steps.count

    def know(self, entries: Iterable[Entry]) -> tuple[set[_Span], set[_Span]]:
        """Let entries be known: the spans of `counts` that are gone by that, and those that have come."""
        coming = list(entries)[::-1]
        new = []
        while coming:
            entry = coming.pop()
            if entry.target is not None and entry.target not in self._known:
                self._waiting.setdefault(entry.target, []).append(entry)
                continue
            self._known[entry.event_id] = entry
            coming += self._waiting.pop(entry.event_id, [])
            new.append(entry)
        if self._steps is None:
            return self._look()
        gone, come, changed = self._steps.take(new)
        if self.place in changed:
            self.standing = changed[self.place]
        return gone, come

    def _look(self) -> tuple[set[_Span], set[_Span]]:
        standings = fold.standing(self._known.values())
        self.standing = next((one.entry for one in standings if one.place == self.place), None)
        before = set(self.counts.all())
        now = [span for life in fold.lives(standings, self._basis) for span in life.spans]
        self.counts.become(now)
        return before.difference(now), set(now) - before


class _Steps:
    """The same, step by step."""

    def __init__(self, entries: Sequence[Entry], basis: Basis) -> None:
        self._basis = basis
        self._corrections = _Corrections(entries)
        self._retractions = _Retractions(entries, basis)
        self.counts = self._retractions.counts

    @property
    def count(self) -> int:
        return self._corrections.steps + self._retractions.steps

    def take(self, entries: Iterable[Entry]) -> tuple[set[_Span], set[_Span], Mapping[int, Entry | None]]:
        """Return the spans gone and come by these entries, and the standing entries that changed."""
        changed: dict[int, Entry | None] = {}
        for entry in entries:
            changed.update(self._corrections.know(entry))
        for place, counting in changed.items():
            instant = END if counting is None else counts_from(counting, self._basis)
            self._retractions.start(place, instant)
        return *self._retractions.settle(), changed


# What corrects what

_Outcome = Entry | None


#: What a correction makes of the outcome of the one below: of nothing, of a void, and of anything else,
#: where None for the latter is that it goes on as it is.
@dataclass(frozen=True, slots=True)
class _Effect:
    of_nothing: _Outcome
    of_void: _Outcome
    passes: bool
    otherwise: _Outcome = None

    def of(self, outcome: _Outcome) -> _Outcome:
        if outcome is None:
            return self.of_nothing
        if outcome.void:
            return self.of_void
        return outcome if self.passes else self.otherwise

    def after(self, lower: _Effect) -> _Effect:
        """Return the effect of the lower one, then of this."""
        if lower.passes:
            return _Effect(self.of(lower.of_nothing), self.of(lower.of_void), self.passes, self.otherwise)
        return _Effect(self.of(lower.of_nothing), self.of(lower.of_void), False, self.of(lower.otherwise))


_NOTHING: Final = _Effect(None, None, False)


class _Paths:
    """A forest cut into paths from above, each node followed by the child that most nodes hang from.

    `parents` names of each node one before it, or -1. Of each node there is its path, and its place on it,
    `nth`; of each path its length, the node at its top, and how many paths are above it.
    """

    def __init__(self, parents: Sequence[int]) -> None:
        sizes = [1] * len(parents)
        for node in range(len(parents) - 1, -1, -1):
            if parents[node] >= 0:
                sizes[parents[node]] += sizes[node]
        #: The child that each node is followed by, or -1.
        self.next = [-1] * len(parents)
        for node, parent in enumerate(parents):
            if parent >= 0 and (self.next[parent] < 0 or sizes[node] > sizes[self.next[parent]]):
                self.next[parent] = node
        self.path: list[int] = []
        self.nth: list[int] = []
        self.lengths: list[int] = []
        self.tops: list[int] = []
        self.depths: list[int] = []
        for node, parent in enumerate(parents):
            if parent >= 0 and self.next[parent] == node:
                path = self.path[parent]
                self.path.append(path)
                self.nth.append(self.nth[parent] + 1)
                self.lengths[path] += 1
                continue
            self.path.append(len(self.tops))
            self.nth.append(0)
            self.lengths.append(1)
            self.tops.append(node)
            self.depths.append(self.depths[self.path[parent]] + 1 if parent >= 0 else 0)


class _Beside:
    """The outcomes of the corrections of an entry, but for the one that its path goes on with."""

    def __init__(self) -> None:
        self.voids = 0
        self._standing: dict[int, Entry] = {}
        self._positions: list[int] = []

    def replace(self, position: int, old: _Outcome, new: _Outcome) -> None:
        """Replace the outcome of the correction at a position."""
        self.voids += bool(new and new.void) - bool(old and old.void)
        if new is None or new.void:
            if self._standing.pop(position, None) is not None:
                del self._positions[bisect_left(self._positions, position)]
            return
        if position not in self._standing:
            insort(self._positions, position)
        self._standing[position] = new

    @property
    def last(self) -> tuple[int, _Outcome]:
        """The position and the outcome of the last of them that has one and is no void."""
        if not self._positions:
            return 0, None
        return self._positions[-1], self._standing[self._positions[-1]]


class _Corrections:
    """The standing entry of each place of a family: `fold.standing`, step by step."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._nodes = {entry.event_id: node for node, entry in enumerate(entries)}
        self._parents = [
            self._nodes[entry.target] if entry.event_type == "corrected" and entry.target is not None else -1
            for entry in entries
        ]
        self._paths = _Paths(self._parents)
        self._known = [False] * len(entries)
        self._beside: dict[int, _Beside] = {}
        #: The outcome of the top of each path.
        self._outcomes: list[_Outcome] = [None] * len(self._paths.tops)
        #: The effects along a path, put together as a binary tree in a list.
        self._effects: dict[int, list[_Effect]] = {}
        self.steps = 0

    def know(self, entry: Entry) -> list[tuple[int, _Outcome]]:
        """Let an entry be known; return the place with another standing entry now, if any, and that entry."""
        node = self._nodes[entry.event_id]
        self._known[node] = True
        while True:
            path = self._paths.path[node]
            before = self._outcomes[path]
            now = self._put(path, self._paths.nth[node], self._effect(node))
            if now is before:
                return []
            self._outcomes[path] = now
            top = self._paths.tops[path]
            parent = self._parents[top]
            if parent < 0:
                return [(self._entries[top].position, now)]
            beside = self._beside.setdefault(parent, _Beside())
            beside.replace(self._entries[top].position, before, now)
            node = parent

    def _effect(self, node: int) -> _Effect:
        if not self._known[node]:
            return _NOTHING
        beside = self._beside.get(node)
        if beside is None:
            return _Effect(self._entries[node], None, True)
        if beside.voids:
            return _NOTHING
        position, last = beside.last
        following = self._paths.next[node]
        is_last = following >= 0 and self._entries[following].position > position
        otherwise = last or self._entries[node]
        return _Effect(otherwise, None, True) if is_last else _Effect(otherwise, None, False, otherwise)

    def _put(self, path: int, nth: int, effect: _Effect) -> _Outcome:
        """Return the outcome of the top of a path once an entry on it has another effect."""
        self.steps += 1
        length = self._paths.lengths[path]
        if length == 1:
            return effect.of(None)
        size = 1 << (length - 1).bit_length()
        if path not in self._effects:
            self._effects[path] = [_NOTHING] * (2 * size)
        effects = self._effects[path]
        at = size + nth
        effects[at] = effect
        while at > 1:
            at //= 2
            self.steps += 1
            effects[at] = effects[2 * at].after(effects[2 * at + 1])
        return effects[1].of(None)


# What takes back what


class _Retractions:
    """When each report, withdrawal and retraction of a family counts: `fold.lives`, step by step.

    On a path each one is taken back by the next. At any instant there is a first that does not count
    whatever follows, because it is not reported yet or taken back by one beside the path; the one before it
    counts, the one before that does not, and so on to the top. So what comes of a path is who is the first:
    the spans in which they do not count compete, and the one nearest to the top wins.
    """

    def __init__(self, entries: Sequence[Entry], basis: Basis) -> None:
        place_of: dict[str, int] = {}
        self._nodes: dict[int, int] = {}
        parents: list[int] = []
        for entry in entries:
            if entry.event_type == "corrected":
                place_of[entry.event_id] = place_of[entry.target or ""]
                continue
            place_of[entry.event_id] = entry.position
            aims = entry.event_type == "retracted"
            parents.append(self._nodes[place_of[entry.target or ""]] if aims else -1)
            self._nodes[entry.position] = len(self._nodes)
        self._parents = parents
        self._paths = _Paths(parents)
        self._starts = [END] * len(parents)
        edges = sorted({BEGINNING, END, *(counts_from(entry, basis) for entry in entries)})
        with_children = {*parents}
        self._winners: dict[int, Winners[int]] = {}
        for path, top in enumerate(self._paths.tops):
            if top in with_children:
                winners: Winners[int] = Winners(edges)
                self._winners[path] = winners
                # Behind the last one there is nothing that takes it back.
                for nth in range(self._paths.lengths[path] + 1):
                    winners.move(nth, None, (BEGINNING, END))
                winners.changes()
        #: When the top of each path counts.
        self._counts = [Spans() for _ in self._paths.tops]
        self._changes: dict[int, _Change] = {}
        self._waiting: list[tuple[int, int]] = []
        self._noted: set[int] = set()
        self._steps = 0

    @property
    def counts(self) -> Spans:
        return self._counts[0]

    @property
    def steps(self) -> int:
        return self._steps + sum(winners.steps for winners in self._winners.values())

    def start(self, place: int, instant: int) -> None:
        """Let the standing entry of a place count from another instant on; from END on is never."""
        node = self._nodes[place]
        old, self._starts[node] = self._starts[node], instant
        if old == instant:
            return
        path = self._paths.path[node]
        if path in self._winners:
            self._winners[path].move(self._paths.nth[node], (BEGINNING, old), (BEGINNING, instant))
        else:
            self._turn(path, min(old, instant), max(old, instant))
        self._note(path)

    def settle(self) -> tuple[set[_Span], set[_Span]]:
        """Pass on what changed: the spans gone and come of when the first one of all counts."""
        while self._waiting:
            # The deepest first, so that each is looked at once.
            _, path = heappop(self._waiting)
            self._noted.remove(path)
            self._steps += 1
            if path in self._winners:
                self._pass_on(path)
            change = self._changes.pop(path, None) or _Change()
            parent = self._parents[self._paths.tops[path]]
            if parent < 0:
                return change.gone, change.come
            above, nth = self._paths.path[parent], self._paths.nth[parent]
            old, new = dict(change.gone), dict(change.come)
            for start in old.keys() | new.keys():
                self._winners[above].move(nth, _from(start, old), _from(start, new))
            if old or new:
                self._note(above)
        return set(), set()

    def _pass_on(self, path: int) -> None:
        """Turn over when the top of a path counts, wherever another one is the first that does not."""
        edges: set[int] = set()
        for rows in self._winners[path].changes():
            for nth, start, end in rows:
                if nth % 2:
                    edges ^= {start, end}
        turned = sorted(edges)
        for start, end in zip(turned[::2], turned[1::2], strict=True):
            self._turn(path, start, end)

    def _turn(self, path: int, start: int, end: int) -> None:
        self._steps += 1
        change = self._changes.setdefault(path, _Change())
        change.add(*self._counts[path].turn(start, end))

    def _note(self, path: int) -> None:
        if path not in self._noted:
            self._noted.add(path)
            heappush(self._waiting, (-self._paths.depths[path], path))


def _from(start: int, spans: Mapping[int, int]) -> _Span | None:
    return (start, spans[start]) if start in spans else None
