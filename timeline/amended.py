"""What the index keeps of facts that were amended, or whose reports are of several valid times.

The same answers as `fold` gives, without going through the whole fact for every event: reports bear
on each other only by their order and valid time, so that only a report and its own amendments, its
family, need be resolved together.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from timeline import fold
from timeline.fold import END, Basis, Effect, Entry, Life, Standing

__all__ = ["Stretch", "effects", "families", "standings"]

#: Place, position, whether it claims anything, basis, and bounds on the recorded and the reported axis.
Stretch = tuple[int, int, bool, Basis, int, int, int, int]

_BASES: Final[tuple[Basis, ...]] = ("certain", "possible", "evidence")


def standings(known: Sequence[Entry]) -> Iterator[Stretch]:
    """What stands at each place of a fact that was ever amended, along the recorded axis.

    `known` is in log order. A place where nothing ever stood is told too, by empty bounds.
    """
    for family in families(known):
        if len(family) == 1:
            continue
        place = family[0].position
        yield place, place, False, "certain", END, END, END, END
        moments = sorted({entry.recorded_at for entry in family})
        for basis in _BASES:
            open_since: dict[tuple[int, bool, int, int], int] = {}
            for moment in [*moments, END]:
                current = _stretches(family, moment, basis) if moment < END else set()
                for stretch in [stretch for stretch in open_since if stretch not in current]:
                    position, claims, start, end = stretch
                    yield place, position, claims, basis, open_since.pop(stretch), moment, start, end
                for stretch in current:
                    open_since.setdefault(stretch, moment)


def families(known: Iterable[Entry]) -> list[list[Entry]]:
    """Each report or withdrawal, followed by all that aims at it or at its amendments."""
    family_of: dict[str, list[Entry]] = {}
    families: list[list[Entry]] = []
    for entry in known:
        family = family_of.get(entry.target or "")
        if family is None:
            families.append(family := [])
        family.append(entry)
        family_of[entry.event_id] = family
    return families


def _stretches(family: Sequence[Entry], moment: int, basis: Basis) -> set[tuple[int, bool, int, int]]:
    return {
        (life.standing.entry.position, life.standing.kind == "report", start, end)
        for life in fold.lives(fold.standing(family, moment), basis)
        for start, end in life.spans
    }


def effects(known: Iterable[Entry]) -> dict[int, Effect]:
    """What each event of one fact did to it when it was recorded; `known` is in log order.

    As `fold.effects` tells.
    """
    found: dict[int, Effect] = {}
    for group in _apart(families(known)):
        state = _State()
        for entry in sorted(group, key=lambda e: (e.recorded_at, e.reported_at, e.position)):
            if entry.event_type == "reported":
                found[entry.position] = state.effect_of(entry)
            elif entry.event_type == "corrected":
                found[entry.position] = "voided" if entry.void else "corrected"
            elif entry.event_type == "retracted":
                found[entry.position] = "retracted"
            elif entry.event_type == "withdrawn":
                found[entry.position] = "withdrew"
            state.add(entry)
    return found


def _apart(families: Iterable[list[Entry]]) -> Iterator[list[Entry]]:
    """The families in groups that share no valid time."""
    spans = []
    for family in families:
        # A retraction is of no valid time, and of those that stand for it none matters.
        valid = [_valid(entry) for entry in family if entry.event_type != "retracted"]
        spans.append((min(start for start, _ in valid), max(end for _, end in valid), family))
    group: list[Entry] = []
    group_end = END
    for start, end, family in sorted(spans, key=lambda span: span[:2]):
        if group and start >= group_end:
            yield group
            group = []
        group_end = max(end, group_end) if group else end
        group += family
    if group:
        yield group


class _State:
    """What counts of one fact with the entries so far."""

    def __init__(self) -> None:
        self._family_of: dict[str, list[Entry]] = {}
        # Within a commit an amendment may come before what it aims at.
        self._waiting: dict[str, list[Entry]] = defaultdict(list)
        self._living: list[Life] = []

    def add(self, entry: Entry) -> None:
        if entry.target is not None and entry.target not in self._family_of:
            self._waiting[entry.target].append(entry)
            return
        family = self._family_of.get(entry.target or "", [])
        for life in self._lives(family):
            del self._living[bisect_left(self._living, life.standing.order, key=_order)]
        family.append(entry)
        self._family_of[entry.event_id] = family
        for life in self._lives(family):
            insort(self._living, life, key=_order)
        for waiting in self._waiting.pop(entry.event_id, []):
            self.add(waiting)

    @staticmethod
    def _lives(family: Sequence[Entry]) -> list[Life]:
        return fold.lives(fold.standing(family))

    def effect_of(self, report: Entry) -> Effect:
        own = Standing(report, report.position, "report")
        later = bisect_right(self._living, own.order, key=_order)
        _, all_won = self._winners(later, len(self._living), END - 1, own.valid)
        if all_won:
            return "late"
        known = bisect_right(self._living, (report.reported_at, END), key=_order)
        winners, _ = self._winners(0, known, report.reported_at, own.valid)
        prior = [winner.entry for winner in winners if winner.kind == "report"]
        if not prior:
            return "opened"
        same = all((entry.value, entry.status) == (report.value, report.status) for entry in prior)
        return "repeated" if same else "revised"

    def _winners(
        self, first: int, end: int, as_of: int, valid: tuple[int, int]
    ) -> tuple[list[Standing], bool]:
        """Who of a stretch of the order wins some of a valid time, and whether all of it is won."""
        winners = []
        left = [valid]
        for nth in range(end - 1, first - 1, -1):
            life = self._living[nth]
            if not life.counts_at(as_of):
                continue
            rest = list(_less(left, *life.standing.valid))
            if rest != left:
                winners.append(life.standing)
                left = rest
            if not left:
                break
        return winners, not left


def _less(spans: Iterable[tuple[int, int]], start: int, end: int) -> Iterator[tuple[int, int]]:
    """The spans without [start, end)."""
    for a, b in spans:
        if end <= a or b <= start:
            yield a, b
        else:
            if a < start:
                yield a, start
            if end < b:
                yield end, b


def _valid(entry: Entry) -> tuple[int, int]:
    return Standing(entry, entry.position, "report").valid


def _order(life: Life) -> tuple[int, int]:
    return life.standing.order
