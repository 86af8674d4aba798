"""Small logs that are out to mislead: few instants, so that equal dates are common, and long chains.

A history is what was recorded of one fact, as `Step`s. `written` makes rows of the log of several
histories, as the intake would: a correction takes over what it does not give from its target.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st

from timeline.meaning.erasure import left_of
from timeline.meaning.fold import Basis, Entry, Value
from timeline.meaning.identity import INHERITABLE, content_of, event_id

__all__ = [
    "BASES",
    "MOMENTS",
    "POLICIES",
    "RECORDED",
    "VALID",
    "VALID_EDGES",
    "VALUES",
    "Step",
    "Tier",
    "entries_of",
    "histories",
    "tiers",
    "written",
]

Row = dict[str, Any]

_DAY: Final = 86_400_000_000
_START: Final = 1_735_689_600_000_000  # 2025-01-01

#: The reported axis: neighbours by a microsecond, ends of days, and 90 days and a microsecond apart.
MOMENTS: Final = tuple(_START + after for after in (0, 1, 2, _DAY - 1, _DAY, 90 * _DAY, 90 * _DAY + 1))

#: When each commit is recorded: on the same stretch as MOMENTS, so that no two axes can be confused unseen.
RECORDED: Final = tuple(_START + after for after in (1, 2, _DAY, 91 * _DAY))

VALID_EDGES: Final = tuple(_START + after for after in (-_DAY, 0, 1, 2 * _DAY))

POLICIES: Final = ("latest", "first", "by-origin", "ranked", "confirmed:1", "confirmed:2", "confirmed:3")
BASES: Final[tuple[Basis, ...]] = ("certain", "possible", "evidence")


def _amount(low: object, high: object, unit: str = "USD", approximate: bool = False) -> Row:
    lowest, highest = (None if bound is None else Decimal(str(bound)) for bound in (low, high))
    return {
        "value_type": "amount",
        "amount": lowest if highest is None else highest,
        "amount_low": lowest,
        "amount_high": highest,
        "unit": unit,
        "approximate": approximate,
    }


def _other(value_type: str, text: str, start: int | None = None, end: int | None = None) -> Row:
    return {"value_type": value_type, "text": text, "date_from": start, "date_to": end}


#: Equal, overlapping and disjoint values, and values that touch only once they are widened by a tenth.
VALUES: Final[tuple[Row, ...]] = (
    _amount(10, 10),
    _amount(11, 11),
    _amount(10, 12),
    _amount("11.000000001", 14),
    _amount(10, 10, approximate=True),
    _amount("12.100000001", "12.100000001", approximate=True),
    _amount(None, 10),
    _amount(10, None),
    _amount(12, None, approximate=True),
    _amount(-10, -10, approximate=True),
    _amount(-9, -9),
    _amount(0, 0),
    _amount(10, 10, unit="GW"),
    # The largest amount that a report may give.
    _amount("9" * 29 + ".999999999", None, approximate=True),
    _other("text", "ten"),
    _other("text", "eleven"),
    _other("entity", "ten"),
    _other("answer", "yes"),
    _other("date", "2025", _START, _START + 365 * _DAY),
    _other("date", "2025-01/2025-12", _START, _START + 365 * _DAY),
    _other("date", "2025/..", _START, None),
)

#: Unbounded, equal, overlapping, nested, adjacent, disjoint, and a microsecond long.
VALID: Final[tuple[tuple[int | None, int | None], ...]] = (
    (None, None),
    (VALID_EDGES[1], None),
    (None, VALID_EDGES[1]),
    (VALID_EDGES[0], VALID_EDGES[1]),
    (VALID_EDGES[1], VALID_EDGES[2]),
    (VALID_EDGES[2], VALID_EDGES[3]),
    (VALID_EDGES[1], VALID_EDGES[3]),
    (VALID_EDGES[0], VALID_EDGES[3]),
    (VALID_EDGES[3], None),
)

STATUSES: Final = ("announced", "planned", "denied")
ORIGINS: Final = ("alpha", "beta", "gamma")
SOURCES: Final = ("one", "two", "three", None)


@dataclass(frozen=True, slots=True, repr=False)
class Step:
    """One event of a history. What a correction does not give is its target's.

    `target` counts back from the event before it, round and round; a first event has nothing to amend
    and is a report instead. `commits` is how many commits it comes after the event before it. One that
    is `erased` was so when all was recorded, so that later ones took over what it said.
    """

    kind: str = "reported"
    target: int = 0
    value: Row = field(default_factory=lambda: VALUES[0])
    status: str = STATUSES[0]
    reported_at: int = MOMENTS[0]
    earlier: int | None = 0
    evidence_at: int | None = None
    valid: tuple[int | None, int | None] = VALID[0]
    source: str | None = SOURCES[0]
    origin: str = ORIGINS[0]
    gives: frozenset[str] = frozenset()
    commits: int = 0
    erased: bool = False

    def __repr__(self) -> str:
        """Return the step as it can be pasted into an example, without the default values."""
        usual = Step()
        names = [f.name for f in fields(self) if getattr(self, f.name) != getattr(usual, f.name)]
        given = [f"{name}={getattr(self, name)!r}" for name in names if name != "value"]
        if "value" in names:
            given.insert(0, f"value=VALUES[{VALUES.index(self.value)}]")
        return f"Step({', '.join(given)})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Print the step for Hypothesis, as part of a failure."""
        printer.text(repr(self))


@dataclass(frozen=True, slots=True)
class Tier:
    """A description of a source, in the commit of that number, counted from 0."""

    commit: int
    source: str
    tier: int | None


_KINDS: Final = (
    *("reported", "reported", "reported", "reported", "withdrawn"),
    *(
        "corrected",
        "corrected",
        "corrected",
        "corrected",
        "void",
        "void",
        "emptied",
        "retracted",
        "retracted",
    ),
)
_OVERRIDES: Final = ("reported", "valid", "source", "origin", "status")

_steps = st.builds(
    Step,
    kind=st.sampled_from(_KINDS),
    target=st.sampled_from((0, 0, 0, 1, 1, 2, 3, 4)),
    value=st.sampled_from(VALUES),
    status=st.sampled_from(STATUSES),
    reported_at=st.sampled_from(MOMENTS),
    # How much sooner the report may have appeared; None: unknown.
    earlier=st.sampled_from((0, 0, 1, _DAY, 91 * _DAY, None)),
    evidence_at=st.none() | st.sampled_from(MOMENTS),
    valid=st.sampled_from(VALID),
    source=st.sampled_from(SOURCES),
    origin=st.sampled_from(ORIGINS),
    gives=st.just(frozenset()) | st.frozensets(st.sampled_from(_OVERRIDES), max_size=2),
    commits=st.sampled_from((0, 0, 1)),
    erased=st.sampled_from((False, False, False, False, False, True)),
)


@dataclass(frozen=True, slots=True)
class _Turn:
    """Turns a history to where things meet: one valid time, two dates, values that agree, no amendments."""

    one_valid_time: bool
    two_dates: bool
    alike: bool
    reports_alone: bool

    def __call__(self, steps: list[Step]) -> tuple[Step, ...]:
        return tuple(self._turned(step, steps[0].valid) for step in steps)

    def _turned(self, step: Step, valid: tuple[int | None, int | None]) -> Step:
        if self.one_valid_time:
            step = replace(step, valid=valid, gives=step.gives - {"valid"})
        if self.two_dates:
            step = replace(step, reported_at=MOMENTS[MOMENTS.index(step.reported_at) % 2])
        if self.alike:
            step = replace(step, value=VALUES[VALUES.index(step.value) % 3], status=STATUSES[0])
        if self.reports_alone and step.kind != "withdrawn":
            step = replace(step, kind="reported")
        return step


def histories(most: int = 8) -> st.SearchStrategy[tuple[Step, ...]]:
    """Return what was recorded of one fact, up to `most` events of it."""
    flags = st.booleans()
    turns = st.builds(_Turn, flags, flags, flags, st.sampled_from((False, False, False, True)))
    return st.builds(lambda turn, steps: turn(steps), turns, st.lists(_steps, min_size=1, max_size=most))


tiers = st.lists(
    st.builds(
        Tier,
        commit=st.sampled_from(range(len(RECORDED))),
        source=st.sampled_from([source for source in SOURCES if source]),
        tier=st.sampled_from((1, 2, None)),
    ),
    max_size=4,
)


def written(histories: Sequence[Sequence[Step]], tiers: Sequence[Tier] = ()) -> list[list[Row]]:
    """Return the rows of each commit, complete but for position, commit and recorded_at.

    History n is of the fact `n/says@2027`; the commits that nothing falls into are left out.
    """
    commits: list[list[Row]] = [[] for _ in RECORDED]
    for number, tier in enumerate(tiers):
        commits[tier.commit].append(_described(tier, number))
    for number, history in enumerate(histories):
        for commit, row in _rows(number, history):
            commits[commit].append(row)
    filled = [rows for rows in commits if rows]
    place_of: dict[str, int] = {}
    for position, row in enumerate((row for rows in filled for row in rows), 1):
        corrects = row["event_type"] == "corrected"
        row["place"] = place_of[row["event_id"]] = place_of[row["target"]] if corrects else position
    erased = {row["event_id"] for rows in filled for row in rows if row.pop("erased", False)}
    return [[left_of(row) if row["event_id"] in erased else row for row in rows] for rows in filled]


def _described(tier: Tier, number: int) -> Row:
    description = {"id": tier.source} | ({} if tier.tier is None else {"tier": tier.tier})
    return _with_id(
        {
            "event_type": "source-described",
            "key": f"source {number}",
            "subject": tier.source,
            "text": json.dumps(description),
        }
    )


def _rows(number: int, history: Sequence[Step]) -> Iterator[tuple[int, Row]]:
    commit = 0
    known: list[Row] = []
    for nth, step in enumerate(history):
        if not known and step.kind not in ("reported", "withdrawn"):
            step = replace(step, kind="reported")
        commit = min(commit + step.commits, len(RECORDED) - 1)
        row: Row = {
            "event_type": step.kind,
            "key": f"{number}.{nth}",
            "fact": f"{number}/says@2027",
            "subject": str(number),
            "attribute": "says",
            "period": "2027",
            "reported_at": step.reported_at,
            "reported_from": None if step.earlier is None else step.reported_at - step.earlier,
            "evidence_at": step.evidence_at,
            "valid_from": step.valid[0],
            "valid_to": step.valid[1],
            "source": step.source,
            "origin": step.origin,
            "status": step.status,
        }
        if row["event_type"] in ("corrected", "void", "emptied", "retracted"):
            _amend(row, step, known[-1 - step.target % len(known)])
        if step.kind in ("reported", "corrected"):
            row |= step.value | {"claim": f"{nth}"}
        else:
            row["status"] = None
        known.append(_with_id(row))
        yield commit, known[-1] | {"erased": step.erased}


def _amend(row: Row, step: Step, target: Row) -> None:
    row["target"] = target["event_id"]
    row["inherited"] = INHERITABLE["fact"]
    if step.kind == "retracted":
        row |= {"valid_from": None, "valid_to": None}
        return
    row |= {"event_type": "corrected", "void": step.kind == "void"}
    columns = {
        "reported": ("reported_at", "reported_from", "evidence_at"),
        "valid": ("valid_from", "valid_to"),
    }
    for name in _OVERRIDES:
        if name not in step.gives:
            row["inherited"] |= INHERITABLE[name]
            row |= {column: target[column] for column in columns.get(name, (name,))}


def _with_id(row: Mapping[str, Any]) -> Row:
    complete = {"inherited": 0, "inferred": False, "void": False} | dict(row)
    return complete | {"event_id": event_id(content_of(complete))}


def entries_of(commits: Sequence[Sequence[Row]]) -> list[Entry]:
    """Return the events of facts as `fold` takes them, the commits recorded at RECORDED."""
    placed = [
        (row, recorded_at) for recorded_at, rows in zip(RECORDED, commits, strict=False) for row in rows
    ]
    return [
        _entry(row, position, recorded_at)
        for position, (row, recorded_at) in enumerate(placed, 1)
        if "fact" in row
    ]


def _entry(row: Row, position: int, recorded_at: int) -> Entry:
    """Return a row of the log as `fold` takes it."""
    value = None
    if row.get("value_type") is not None:
        value = Value(
            row["value_type"],
            row.get("amount_low"),
            row.get("amount_high"),
            row.get("unit"),
            bool(row.get("approximate")),
            row.get("text"),
            row.get("date_from"),
            row.get("date_to"),
        )
    return Entry(
        position=position,
        event_id=row["event_id"],
        event_type=row["event_type"],
        fact=row["fact"],
        reported_at=row["reported_at"],
        recorded_at=recorded_at,
        origin=row["origin"],
        value=value,
        status=row["status"],
        reported_from=row["reported_from"],
        evidence_at=row["evidence_at"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        source=row["source"],
        target=row.get("target"),
        void=row["void"],
    )
