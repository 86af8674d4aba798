"""What the index keeps of facts that were amended, or whose reports are of several valid times.

The same answers as `fold` gives, without going through the whole fact for every event: reports bear
on each other only by their order and valid time, so that only a report and its own amendments, its
family, need be resolved together; and what an event changes in its family is followed, step by step.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from timeline.index.family import Family, Spans, families, is_small
from timeline.index.winners import Winners, without
from timeline.meaning import fold
from timeline.meaning.columns import ERASED
from timeline.meaning.fold import BEGINNING, END, Basis, Effect, Entry, Standing

__all__ = ["StandingSpan", "effects", "standings"]

#: Place, position, whether it claims anything, basis, and bounds on the recorded and the reported axis.
StandingSpan = tuple[int, int, bool, Basis, int, int, int, int]

_BASES: Final[tuple[Basis, ...]] = ("certain", "possible", "evidence")
_Span = tuple[int, int]
_Order = tuple[int, int]


def standings(known: Sequence[Entry]) -> Iterator[StandingSpan]:
    """Yield the standing entry of each place of a fact that was ever amended, along the recorded axis.

    `known` is in log order. A place that never had one comes too, with empty bounds.
    """
    for family in families(known):
        if len(family) == 1:
            continue
        place = family[0].position
        yield place, place, False, "certain", END, END, END, END
        for basis in _BASES:
            yield from (_looked_at if is_small(family) else _along_recorded)(family, basis)


def _looked_at(family: Sequence[Entry], basis: Basis) -> Iterator[StandingSpan]:
    """Yield the stretches of a family of a few entries, by what `fold` says of it at each moment."""
    place = family[0].position
    open_since: dict[tuple[int, bool, int, int], int] = {}
    for moment in [*sorted({entry.recorded_at for entry in family}), END]:
        current = {
            (life.standing.entry.position, life.standing.kind == "report", start, end)
            for life in (fold.lives(fold.standing(family, moment), basis) if moment < END else ())
            for start, end in life.spans
        }
        for stretch in [stretch for stretch in open_since if stretch not in current]:
            position, claims, start, end = stretch
            yield place, position, claims, basis, open_since.pop(stretch), moment, start, end
        for stretch in current:
            open_since.setdefault(stretch, moment)


def _along_recorded(entries: Sequence[Entry], basis: Basis) -> Iterator[StandingSpan]:
    family = Family(entries, basis)
    stood: Entry | None = None
    since: dict[_Span, int] = {}

    def ended(spans: Iterable[_Span], moment: int) -> Iterator[StandingSpan]:
        for span in spans:
            assert stood is not None
            claims = stood.value is not None
            yield family.place, stood.position, claims, basis, since.pop(span), moment, *span

    for moment, group in groupby(sorted(entries, key=_recorded), key=_recorded):
        gone, come = family.know(group)
        if family.standing is not stood:
            yield from ended(list(since), moment)
            stood = family.standing
            come = set(family.counts.all())
        else:
            yield from ended(gone, moment)
        for span in come:
            since[span] = moment
    yield from ended(list(since), END)


def _recorded(entry: Entry) -> int:
    return entry.recorded_at


def effects(known: Iterable[Entry]) -> dict[int, Effect]:
    """Return what each event of one fact did to it when it was recorded; `known` is in log order.

    It is what `fold.effects` returns.
    """
    found: dict[int, Effect] = {}
    for group in _apart(families(known)):
        # A report that shares its valid time with no other finds nothing there.
        state = FactHistory(group) if len(group) > 1 else None
        for entry in sorted(
            (entry for family in group for entry in family),
            key=lambda e: (e.recorded_at, e.reported_at, e.position),
        ):
            if entry.status == ERASED:
                found[entry.position] = "erased"
            elif entry.event_type == "reported":
                found[entry.position] = "opened" if state is None else state.effect_of(entry)
            elif entry.event_type == "corrected":
                found[entry.position] = "voided" if entry.void else "corrected"
            elif entry.event_type == "retracted":
                found[entry.position] = "retracted"
            elif entry.event_type == "withdrawn":
                found[entry.position] = "withdrew"
            if state is not None:
                state.add(entry)
    return found


def _apart(families: Iterable[list[Entry]]) -> Iterator[list[list[Entry]]]:
    """Yield the families in groups that share no valid time."""
    spans = []
    for family in families:
        # A retraction is of no valid time, and that of its standing entry does not matter.
        valid = [_valid(entry) for entry in family if entry.event_type != "retracted"]
        spans.append((min(start for start, _ in valid), max(end for _, end in valid), family))
    group: list[list[Entry]] = []
    group_end = END
    for start, end, family in sorted(spans, key=lambda span: span[:2]):
        if group and start >= group_end:
            yield group
            group = []
        group_end = max(end, group_end) if group else end
        group.append(family)
    if group:
        yield group


class _Living:
    """The standing entry of a family, and when it counts."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.family = Family(entries) if len(entries) > 1 else None
        self.place = entries[0].position
        self.entry: Entry | None = None
        self.counts = Spans() if self.family is None else self.family.counts

    def know(self, entry: Entry) -> None:
        if self.family is not None:
            self.family.know([entry])
            self.entry = self.family.standing
        else:
            self.entry = entry
            self.counts.turn(entry.reported_at, END)

    @property
    def counting(self) -> Entry | None:
        """The standing entry of the family, if it counts at any time."""
        return self.entry if self.counts else None


class FactHistory:
    """What counts of one fact with the entries so far; `families` are all that there will be."""

    def __init__(self, families: Sequence[Sequence[Entry]]) -> None:
        self._living_of: dict[str, _Living] = {}
        edges = {BEGINNING, END}
        for family in families:
            living = _Living(family)
            for entry in family:
                self._living_of[entry.event_id] = living
                edges.update(_valid(entry))
        #: What counts at any time, in the order in which later displaces earlier.
        self._counting: list[tuple[_Order, _Living]] = []
        #: What wins in the end, the later before the earlier.
        self._winners: Winners[_Order] = Winners(sorted(edges))
        self._at: dict[_Order, _Living] = {}
        #: After this instant nothing changes any more.
        self._last = BEGINNING

    def add(self, entry: Entry) -> None:
        living = self._living_of[entry.event_id]
        before = living.counting
        won_before = before if living.counts.covers(END - 1) else None
        living.know(entry)
        now = living.counting
        won_now = now if living.counts.covers(END - 1) else None
        self._last = max(self._last, living.counts.last_edge)
        if before is not now:
            if before is not None:
                at = bisect_left(self._counting, _order(before, living), key=_first)
                del self._counting[at]
            if now is not None:
                insort(self._counting, (_order(now, living), living), key=_first)
        if won_before is not won_now:
            if won_before is not None:
                self._win(won_before, living, end=True)
            if won_now is not None:
                self._win(won_now, living)

    def _win(self, entry: Entry, living: _Living, *, end: bool = False) -> None:
        reported_at, place = _order(entry, living)
        # The least rank wins.
        rank = -reported_at, -place
        valid = _valid(entry)
        if end:
            self._winners.move(rank, valid, None)
        else:
            self._at[rank] = living
            self._winners.move(rank, None, valid)
        self._winners.changes()

    def effect_of(self, report: Entry) -> Effect:
        own = report.reported_at, report.position
        valid = _valid(report)
        if report.reported_at >= self._last and (not self._counting or self._counting[-1][0] < own):
            # Nothing is later, and what wins then wins in the end.
            prior = [self._at[rank].entry for rank, _, _ in self._winners.rows(*valid)]
        else:
            later = bisect_right(self._counting, own, key=_first)
            _, all_won = self._looked_through(later, len(self._counting), END - 1, valid)
            if all_won:
                return "late"
            known = bisect_right(self._counting, (report.reported_at, END), key=_first)
            prior, _ = self._looked_through(0, known, report.reported_at, valid)
        claims = [entry for entry in prior if entry is not None and entry.value is not None]
        if not claims:
            return "opened"
        same = all((entry.value, entry.status) == (report.value, report.status) for entry in claims)
        return "repeated" if same else "revised"

    def _looked_through(
        self, first: int, end: int, as_of: int, valid: _Span
    ) -> tuple[list[Entry | None], bool]:
        """Return which of a stretch of the order wins some of a valid time, and whether all of it is won."""
        winners: list[Entry | None] = []
        left = [valid]
        for nth in range(end - 1, first - 1, -1):
            living = self._counting[nth][1]
            if not living.counts.covers(as_of) or living.entry is None:
                continue
            rest = list(without(left, _valid(living.entry)))
            if rest != left:
                winners.append(living.entry)
                left = rest
            if not left:
                break
        return winners, not left


def _valid(entry: Entry) -> _Span:
    return Standing(entry, entry.position, "report").valid


def _order(entry: Entry, living: _Living) -> _Order:
    return entry.reported_at, living.place


def _first(counting: tuple[_Order, _Living]) -> _Order:
    return counting[0]
