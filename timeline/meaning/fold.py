"""What was believed: the definition.

A log of entries goes in, beliefs come out, for any date on each of the three axes. Everything here
is meant to be read and checked by eye against the contract, not to be fast; every faster path is
tested against it.

The steps, each a function of its own:

1. `standing`: which entry each report has once our own corrections are applied, as recorded by R;
2. `lives`: when, on the reported axis, each of them counts, given the retractions;
3. `slice_at`: who wins at each valid instant as of one date, merged into rows;
4. `belief_spans`: those rows followed along the reported axis.

Instants are integer microseconds since 1970-01-01 UTC. Intervals are half-open, from
`BEGINNING` to `END` where a side is unbounded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, pairwise
from typing import Any, Final, Literal

from timeline.errors import BadInput
from timeline.meaning.columns import ERASED
from timeline.meaning.decimals import EXACT

__all__ = [
    "BEGINNING",
    "END",
    "ENTRY_COLUMNS",
    "WITHIN",
    "Basis",
    "Belief",
    "Change",
    "Disagreement",
    "Entry",
    "Life",
    "Span",
    "Standing",
    "Value",
    "agree",
    "belief_spans",
    "beliefs",
    "changes",
    "check_policy",
    "counts_from",
    "disagreements",
    "disagrees",
    "effects",
    "entry_of",
    "standing",
]

BEGINNING: Final = -(2**62)
END: Final = 2**62

#: Two claims reported further apart than this do not disagree: the world had time to change.
WITHIN: Final = 90 * 86_400 * 1_000_000

Basis = Literal["certain", "possible", "evidence"]
Effect = Literal[
    "opened", "revised", "repeated", "late", "corrected", "voided", "retracted", "withdrew", "erased"
]

#: Statuses of claims that agree with none, not even with themselves.
_AGREES_WITH_NONE: Final = frozenset({"denied", ERASED})


@dataclass(frozen=True, slots=True)
class Value:
    """What a claim says, apart from how firm it is."""

    value_type: str
    low: Decimal | None = None
    high: Decimal | None = None
    unit: str | None = None
    approximate: bool = False
    text: str | None = None
    date_from: int | None = None
    date_to: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An event of the log that speaks of a fact.

    `value` is None where nothing is claimed: withdrawals, retractions, voids and corrections of
    those. `target` is an event id. One that was erased has the status `erased` and, where it claimed
    anything, a value of that type, so that it competes as it did and says nothing.
    """

    position: int
    event_id: str
    event_type: str
    fact: str
    reported_at: int
    recorded_at: int
    origin: str
    value: Value | None = None
    status: str | None = None
    reported_from: int | None = None
    evidence_at: int | None = None
    valid_from: int | None = None
    valid_to: int | None = None
    source: str | None = None
    target: str | None = None
    void: bool = False


#: The columns of an event that an entry is made of.
ENTRY_COLUMNS: Final = (
    *("position", "event_id", "event_type", "fact", "reported_at", "recorded_at", "origin", "value_type"),
    *("amount_low", "amount_high", "unit", "approximate", "text", "date_from", "date_to", "status"),
    *("reported_from", "evidence_at", "valid_from", "valid_to", "source", "target", "void"),
)


def entry_of(row: Sequence[Any]) -> Entry:
    """Return the entry of an event that speaks of a fact, from its ENTRY_COLUMNS; instants are integers."""
    (
        position,
        event_id,
        event_type,
        fact,
        reported_at,
        recorded_at,
        origin,
        value_type,
        low,
        high,
        unit,
        approximate,
        text,
        date_from,
        date_to,
        status,
        reported_from,
        evidence_at,
        valid_from,
        valid_to,
        source,
        target,
        void,
    ) = row
    value = None
    if value_type is not None:
        value = Value(value_type, low, high, unit, bool(approximate), text, date_from, date_to)
    return Entry(
        position=position,
        event_id=event_id,
        event_type=event_type,
        fact=fact,
        reported_at=BEGINNING if reported_at is None else reported_at,
        recorded_at=recorded_at,
        origin=origin or "",
        value=value,
        status=status,
        reported_from=reported_from,
        evidence_at=evidence_at,
        valid_from=valid_from,
        valid_to=valid_to,
        source=source,
        target=target,
        void=bool(void),
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """The entry that counts for one report, withdrawal or retraction, at its `place` in the log."""

    entry: Entry
    place: int
    kind: Literal["report", "withdrawal", "retraction"]
    retracts: int | None = None  # the place of what a retraction takes back

    @property
    def order(self) -> tuple[int, int]:
        """The order in which later displaces earlier."""
        return self.entry.reported_at, self.place

    @property
    def valid(self) -> tuple[int, int]:
        return _bounds(self.entry)


@dataclass(frozen=True, slots=True)
class Life:
    """The parts of the reported axis in which something standing counts, disjoint and in order."""

    standing: Standing
    spans: tuple[tuple[int, int], ...]

    def counts_at(self, as_of: int) -> bool:
        return any(start <= as_of < end for start, end in self.spans)


@dataclass(frozen=True, slots=True)
class Span:
    """A belief and for how long, on the reported axis, exactly this row was held."""

    fact: str
    entry: Entry
    place: int
    valid_from: int
    valid_to: int
    believed_from: int
    believed_until: int


Belief = Span


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two origins' own beliefs that cannot both be right; the first is the one reported first."""

    fact: str
    valid_from: int
    valid_to: int
    first: Belief
    second: Belief


@dataclass(frozen=True, slots=True)
class Change:
    """What was believed of a fact at a valid time, before and after."""

    fact: str
    valid_from: int
    valid_to: int
    change: Literal["appeared", "changed", "gone"]
    before: Entry | None
    after: Entry | None


def _bounds(entry: Entry) -> tuple[int, int]:
    return (
        BEGINNING if entry.valid_from is None else entry.valid_from,
        END if entry.valid_to is None else entry.valid_to,
    )


def check_policy(policy: str) -> int:
    """Return the number of origins that a policy asks for; 0 for policies that count none.

    >>> check_policy("latest"), check_policy("confirmed:2")
    (0, 2)
    """
    if policy in ("latest", "first", "by-origin", "ranked"):
        return 0
    name, _, number = policy.partition(":")
    digits = number.lstrip("0")
    if name == "confirmed" and number.isascii() and number.isdigit() and 1 <= len(digits) <= 7:
        origins = int(digits)
        if origins <= 1_000_000:
            return origins
    raise BadInput(
        f"no such policy: {policy[:60]!r}; expected latest, first, by-origin, ranked "
        "or confirmed:N (such as confirmed:2)"
    )


# 1. Our own corrections


def standing(entries: Iterable[Entry], recorded_as_of: int = END) -> list[Standing]:
    """Return the entry that counts for each report, withdrawal and retraction recorded by `recorded_as_of`.

    They come by place. A correction counts instead of its target, at the target's place. Of several, the
    last recorded counts, then that one's own corrections. A void makes its target count as never recorded,
    and with it all corrections of the target, whenever they were recorded; a void that is itself void does
    nothing.
    """
    visible = sorted((e for e in entries if e.recorded_at <= recorded_as_of), key=lambda e: e.position)
    corrections: dict[str, list[Entry]] = defaultdict(list)
    for entry in visible:
        if entry.event_type == "corrected" and entry.target is not None:
            corrections[entry.target].append(entry)

    counting: dict[str, Entry | None] = {}
    # A correction comes after its target, so going backwards settles every correction first.
    for entry in reversed(visible):
        settled = [s for c in corrections[entry.event_id] if (s := counting[c.event_id]) is not None]
        if any(s.void for s in settled):
            counting[entry.event_id] = None
        else:
            counting[entry.event_id] = settled[-1] if settled else entry

    place_of: dict[str, int] = {}
    for entry in visible:
        corrects = entry.event_type == "corrected" and entry.target is not None
        place_of[entry.event_id] = place_of[entry.target or ""] if corrects else entry.position

    found = []
    for root in visible:
        if root.event_type not in ("reported", "withdrawn", "retracted"):
            continue
        own = counting[root.event_id]
        if own is None:
            continue
        if root.event_type == "retracted":
            found.append(Standing(own, root.position, "retraction", place_of[root.target or ""]))
        else:
            kind: Literal["report", "withdrawal"] = "withdrawal" if own.value is None else "report"
            found.append(Standing(own, root.position, kind))
    return found


# 2. What the world took back


def counts_from(entry: Entry, basis: Basis) -> int:
    if basis == "possible":
        return BEGINNING if entry.reported_from is None else entry.reported_from
    if basis == "evidence" and entry.evidence_at is not None:
        return entry.evidence_at
    return entry.reported_at


def _without(start: int, holes: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return [start, END) less the holes."""
    left = []
    for hole_start, hole_end in sorted(holes):
        if start < hole_start:
            left.append((start, hole_start))
        start = max(start, hole_end)
    if start < END:
        left.append((start, END))
    return tuple(left)


def lives(standings: Sequence[Standing], basis: Basis = "certain") -> list[Life]:
    """Return when each report and withdrawal counts.

    From its own date on, less while a retraction of it counts.

    A retraction counts in the same way, so a retracted retraction gives back what it took. No
    order of dates is demanded between a retraction and its target.
    """
    retractions: dict[int, list[Standing]] = defaultdict(list)
    for one in standings:
        if one.retracts is not None:
            retractions[one.retracts].append(one)
    life_of: dict[int, tuple[tuple[int, int], ...]] = {}
    # A retraction comes after its target, so the last come first.
    for one in sorted(standings, key=lambda s: -s.place):
        holes = [hole for r in retractions[one.place] for hole in life_of[r.place]]
        life_of[one.place] = _without(counts_from(one.entry, basis), holes)
    return [Life(s, life_of[s.place]) for s in standings if s.kind != "retraction" and life_of[s.place]]


# 3. Who wins

Winner = Callable[[Sequence[Standing]], Standing | None]


def _latest(candidates: Sequence[Standing]) -> Standing | None:
    best = max(candidates, key=lambda s: s.order, default=None)
    return best if best and best.kind == "report" else None


def _first(candidates: Sequence[Standing]) -> Standing | None:
    return min((s for s in candidates if s.kind == "report"), key=lambda s: s.order, default=None)


def _ranked(tiers: Mapping[str, int]) -> Winner:
    def winner(candidates: Sequence[Standing]) -> Standing | None:
        def rank(s: Standing) -> tuple[float, tuple[int, int]]:
            return -tiers.get(s.entry.source or "", float("inf")), s.order

        best = max(candidates, key=rank, default=None)
        return best if best and best.kind == "report" else None

    return winner


def _confirmed(number: int) -> Winner:
    def winner(candidates: Sequence[Standing]) -> Standing | None:
        by_origin: dict[str, list[Standing]] = defaultdict(list)
        for candidate in candidates:
            by_origin[candidate.entry.origin].append(candidate)
        own = [best for group in by_origin.values() if (best := _latest(group))]
        confirmed = [b for b in own if sum(agree(b.entry, other.entry) for other in own) >= number]
        return max(confirmed, key=lambda s: s.order, default=None)

    return winner


def _winner(policy: str, tiers: Mapping[str, int]) -> Winner:
    number = check_policy(policy)
    if number:
        return _confirmed(number)
    if policy == "first":
        return _first
    return _ranked(tiers) if policy == "ranked" else _latest


def slice_at(living: Sequence[Life], as_of: int, winner: Winner) -> list[tuple[Standing, int, int]]:
    """Return the rows believed of one fact as of one date: winner, valid from and valid to, in valid order.

    Rows are as long as possible: adjacent valid times with the same winner are one row.
    """
    candidates = [life.standing for life in living if life.counts_at(as_of)]
    edges = sorted({edge for s in candidates for edge in s.valid})
    rows: list[tuple[Standing, int, int]] = []
    for start, end in pairwise(edges):
        best = winner([s for s in candidates if s.valid[0] <= start and end <= s.valid[1]])
        if best is None:
            continue
        if rows and rows[-1][2] == start and rows[-1][0].place == best.place:
            rows[-1] = (best, rows[-1][1], end)
        else:
            rows.append((best, start, end))
    return rows


# 4. Along the reported axis


def belief_spans(
    entries: Iterable[Entry],
    *,
    policy: str = "latest",
    basis: Basis = "certain",
    recorded_as_of: int = END,
    tiers: Mapping[str, int] | None = None,
) -> list[Span]:
    """Return every belief ever held, with the part of the reported axis in which exactly that row held.

    Under `by-origin` the rule applies to each origin's own reports and withdrawals, so that rows
    of different origins overlap. `tiers` maps sources to tiers, 1 being best. Ordered by fact,
    believed_from, valid_from and place.
    """
    winner = _winner(policy, tiers or {})
    by_fact: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_fact[entry.fact].append(entry)

    spans: list[Span] = []
    for fact, group in by_fact.items():
        living = lives(standing(group, recorded_as_of), basis)
        if policy == "by-origin":
            origins = sorted({life.standing.entry.origin for life in living})
            parts = [[life for life in living if life.standing.entry.origin == o] for o in origins]
        else:
            parts = [living]
        for part in parts:
            spans += _follow(fact, part, winner)
    return sorted(spans, key=lambda s: (s.fact, s.believed_from, s.valid_from, s.place))


def _follow(fact: str, living: Sequence[Life], winner: Winner) -> list[Span]:
    cuts = sorted({edge for life in living for span in life.spans for edge in span} - {END})
    held: dict[tuple[int, int, int], tuple[Standing, int]] = {}
    spans: list[Span] = []

    def close(row: tuple[int, int, int], until: int) -> None:
        best, since = held.pop(row)
        spans.append(Span(fact, best.entry, best.place, row[1], row[2], since, until))

    for cut in cuts:
        rows = {(s.place, start, end): s for s, start, end in slice_at(living, cut, winner)}
        for gone in [row for row in held if row not in rows]:
            close(gone, cut)
        for row, best in rows.items():
            held.setdefault(row, (best, cut))
    for row in list(held):
        close(row, END)
    return spans


def beliefs(
    entries: Iterable[Entry],
    as_of: int = END - 1,
    *,
    policy: str = "latest",
    basis: Basis = "certain",
    recorded_as_of: int = END,
    valid_at: int | None = None,
    tiers: Mapping[str, int] | None = None,
) -> list[Belief]:
    """Return what was believed as of a date: the spans that cover it, narrowed to `valid_at` where given."""
    spans = belief_spans(entries, policy=policy, basis=basis, recorded_as_of=recorded_as_of, tiers=tiers)
    return [
        span
        for span in spans
        if span.believed_from <= as_of < span.believed_until
        and (valid_at is None or span.valid_from <= valid_at < span.valid_to)
    ]


# Agreement and disagreement


def agree(one: Entry, other: Entry) -> bool:
    """Whether two claims say the same: same type and unit, and equal value, overlap or the same bound."""
    a, b = one.value, other.value
    if a is None or b is None or not _AGREES_WITH_NONE.isdisjoint((one.status, other.status)):
        return False
    if (a.value_type, a.unit) != (b.value_type, b.unit):
        return False
    if a.value_type != "amount":
        return _same_value(a, b)
    if None not in (a.low, a.high, b.low, b.high):
        return _overlap(a.low, a.high, b.low, b.high)
    return (a.low, a.high) == (b.low, b.high)


def _same_value(a: Value, b: Value) -> bool:
    dates = (a.date_from, a.date_to) == (b.date_from, b.date_to)
    # Two ways of writing one date are one value.
    return dates if a.value_type == "date" else dates and a.text == b.text


def _overlap(
    low_a: Decimal | None, high_a: Decimal | None, low_b: Decimal | None, high_b: Decimal | None
) -> bool:
    return (low_a is None or high_b is None or low_a <= high_b) and (
        low_b is None or high_a is None or low_b <= high_a
    )


def _widened(value: Value) -> tuple[Decimal | None, Decimal | None]:
    if not value.approximate:
        return value.low, value.high
    low, high = (
        None if bound is None else EXACT.fma(bound.copy_abs(), tenth, bound)
        for bound, tenth in ((value.low, Decimal("-0.1")), (value.high, Decimal("0.1")))
    )
    return low, high


def disagrees(one: Entry, other: Entry, within: int | None = WITHIN) -> bool:
    """Whether two origins' claims, overlapping in valid time, cannot both be right."""
    a, b = one.value, other.value
    if a is None or b is None or (a.value_type, a.unit) != (b.value_type, b.unit):
        return False
    if within is not None and abs(one.reported_at - other.reported_at) > within:
        return False
    if (one.status == "denied") != (other.status == "denied"):
        return True
    if a.value_type == "amount":
        return not _overlap(*_widened(a), *_widened(b))
    return not _same_value(a, b)


def disagreements(
    entries: Iterable[Entry],
    as_of: int = END - 1,
    *,
    basis: Basis = "certain",
    recorded_as_of: int = END,
    valid_at: int | None = None,
    within: int | None = WITHIN,
) -> list[Disagreement]:
    """Return the pairs of origins' own beliefs that disagree, with the valid time that they share."""
    claims: dict[str, list[Belief]] = defaultdict(list)
    for claim in beliefs(
        entries,
        as_of,
        policy="by-origin",
        basis=basis,
        recorded_as_of=recorded_as_of,
        valid_at=valid_at,
    ):
        claims[claim.fact].append(claim)
    found = []
    for fact, group in claims.items():
        group.sort(key=lambda c: (c.entry.reported_at, c.place, c.valid_from))
        for one, other in combinations(group, 2):
            start, end = max(one.valid_from, other.valid_from), min(one.valid_to, other.valid_to)
            if (
                one.entry.origin != other.entry.origin
                and start < end
                and disagrees(one.entry, other.entry, within)
            ):
                found.append(Disagreement(fact, start, end, one, other))
    return found


# What changed, and what each event did


def changes(before: Iterable[Belief], after: Iterable[Belief]) -> list[Change]:
    """Return where two answers differ: for each fact and valid time the event believed before and after.

    Both answers hold at most one row for a fact and a valid instant. Rows are as long as possible.
    """
    by_fact: dict[str, tuple[list[Belief], list[Belief]]] = defaultdict(lambda: ([], []))
    for belief in before:
        by_fact[belief.fact][0].append(belief)
    for belief in after:
        by_fact[belief.fact][1].append(belief)
    found: list[Change] = []
    for fact, sides in by_fact.items():
        edges = sorted({edge for side in sides for b in side for edge in (b.valid_from, b.valid_to)})
        rows: list[Change] = []
        for start, end in pairwise(edges):
            old, new = (
                next((b.entry for b in side if b.valid_from <= start and end <= b.valid_to), None)
                for side in sides
            )
            if old == new:
                continue
            last = rows[-1] if rows else None
            if last and last.valid_to == start and (last.before, last.after) == (old, new):
                start = rows.pop().valid_from
            kind: Literal["appeared", "changed", "gone"] = "changed"
            if old is None or new is None:
                kind = "appeared" if old is None else "gone"
            rows.append(Change(fact, start, end, kind, old, new))
        found += rows
    return found


def effects(entries: Iterable[Entry]) -> dict[int, Effect]:
    """Return what each event did to its fact when it was recorded, by position.

    The events of one commit count in reported order. Only what was recorded before bears on an
    event's effect, so an effect never changes, unless one of these events is erased: it did nothing but
    that, and a report that repeated it revises it.
    """
    named: dict[str, Effect] = {"retracted": "retracted", "withdrawn": "withdrew"}
    by_fact: dict[str, list[Entry]] = defaultdict(list)
    found: dict[int, Effect] = {}
    for entry in sorted(entries, key=lambda e: (e.recorded_at, e.reported_at, e.position)):
        known = by_fact[entry.fact]
        if entry.status == ERASED:
            found[entry.position] = "erased"
        elif entry.event_type == "corrected":
            found[entry.position] = "voided" if entry.void else "corrected"
        elif entry.event_type == "reported":
            found[entry.position] = _effect_of(entry, _grounded(known))
        elif entry.event_type in named:
            found[entry.position] = named[entry.event_type]
        known.append(entry)
    return found


def _grounded(known: Sequence[Entry]) -> list[Entry]:
    """Return the entries but for those that aim at one not among them, which a commit may hold for later."""
    kept: dict[str, Entry] = {}
    for entry in sorted(known, key=lambda e: e.position):
        if entry.target is None or entry.target in kept:
            kept[entry.event_id] = entry
    return list(kept.values())


def _effect_of(report: Entry, known: Sequence[Entry]) -> Effect:
    own = Life(Standing(report, report.position, "report"), ((report.reported_at, END),))
    living = lives(standing(known))
    if all(s.place != report.position for s, _, _ in slice_at([*living, own], END - 1, _latest)):
        return "late"
    start, end = _bounds(report)
    prior = [s for s, f, t in slice_at(living, report.reported_at, _latest) if f < end and start < t]
    if not prior:
        return "opened"
    same = all((s.entry.value, s.entry.status) == (report.value, report.status) for s in prior)
    return "repeated" if same else "revised"
