"""What a page shows of everything believed as of each of many instants, worked out in one pass.

A date that is dragged passes every day. To ask for each of them reads everything that was believed then,
and from one day to the next hardly any of it changes. `overviews` counts what began and ended between
two instants instead. What it finds is what `overview` finds, but for the values to narrow by other than
the status.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import chain
from typing import Any, Final, TypeVar

import duckdb

from timeline.ask.answers import Answer, AsOf, Row, Rows
from timeline.ask.frames import AtHand, fetch
from timeline.ask.overview import OFFERED, Reports, Wanted, narrowed
from timeline.errors import BadInput, brief
from timeline.index.catalog import sql_object
from timeline.meaning.columns import BELIEF_COLUMNS
from timeline.meaning.times import from_datetime

__all__ = ["At", "Overviews", "overviews"]

#: The spans of the default rule, each in the segment that it begins in.
_SPANS: Final = (
    f"SELECT {', '.join(BELIEF_COLUMNS)}, believed_until FROM store.segments "
    "WHERE segment_from <= believed_from AND believed_from < segment_until"
)


@dataclass(frozen=True, slots=True)
class At:
    """What a page shows as of one instant.

    `rows` has the numbers of the beliefs in their order, each with how many origins and reports say what it
    does; `subjects` those that are shown, with how many beliefs each has; `rivals` a disagreement of each
    disputed fact. The counts are those of `Overview`.
    """

    rows: list[tuple[int, tuple[int, int]]]
    subjects: dict[str, int]
    total: int
    facts: int
    statuses: list[tuple[str, int]]
    reports: int
    origins: int
    rivals: dict[str, Row]


@dataclass(frozen=True, slots=True)
class Overviews:
    """What a page shows as of each of some instants, in their order, and the beliefs that those number."""

    beliefs: list[Row]
    at: list[At]


_Step = TypeVar("_Step")


def overviews(
    con: duckdb.DuckDBPyConnection,
    dates: AsOf,
    wanted: Wanted,
    instants: Sequence[int],
    reports: Reports,
    *,
    within: int | None = 90,
    disputes: bool = True,
) -> Overviews:
    """Return what a page shows under the default rule as of ascending instants, in microseconds since 1970.

    The facts that are disputed come first, by claims that were reported `within` so many days of each
    other; None is any. Without `disputes` none is looked for. Of `wanted`, `first`, `light` and `offset` do
    not count. Raises BadInput where `dates` ask for another rule, or for what held at some time.
    """
    if not isinstance(wanted, Wanted):
        raise BadInput(f"wanted is {brief(wanted)}; expected a Wanted")
    if not dates.is_plain or dates.valid_at is not None:
        raise BadInput("overviews are of the default rule, at any time; ask for an overview of each instant")
    places = _Places(instants)
    rivals = _rivals(con, within, places) if disputes else [{} for _ in instants]
    steps = _of_spans(con, wanted, "steps").rows
    shown = _subjects(steps, places, _disputed(con, wanted, rivals, places), wanted.limit)
    spans = _by_subject(con, wanted, {subject for subjects in shown for subject in subjects}, places)
    every = [row for rows in spans.values() for row, _ in rows]
    support = {
        row["event_id"]: support
        for row, support in zip(
            every, reports.over_time(lambda ask: ask(con), dates.recorded_as_of, every), strict=True
        )
    }
    counts = zip(
        shown,
        rivals,
        _statuses(steps, places),
        _repeated(_of_spans(con, wanted, "bounded").rows, places),
        _public(fetch(con, sql_object("overview/public_by")).rows, places),
        strict=True,
    )
    numbers: dict[int, int] = {}
    beliefs: list[Row] = []
    found = []
    for at, (subjects, disputed, (total, statuses), repeated, (count, origins)) in enumerate(counts):
        rows: list[Row] = []
        for subject in subjects:
            rows += [row for row, span in spans[subject] if span.start <= at < span.stop]
        del rows[wanted.limit :]
        for row in rows:
            if id(row) not in numbers:
                numbers[id(row)] = len(beliefs)
                beliefs.append(row)
        found.append(
            At(
                [(numbers[id(row)], support[row["event_id"]](instants[at])) for row in rows],
                subjects,
                total,
                total - repeated,
                statuses,
                count,
                origins,
                disputed,
            )
        )
    return Overviews(beliefs, found)


class _Places:
    """Which of some ascending instants are within a span of time."""

    def __init__(self, instants: Sequence[int]) -> None:
        self._instants = instants

    def __len__(self) -> int:
        return len(self._instants)

    def of(self, instant: int) -> int:
        """Return the place of the first that is not before an instant."""
        return bisect_left(self._instants, instant)

    def within(self, start: int, end: int | None) -> range:
        """Return the places of those from a start until an end; None is for ever."""
        return range(self.of(start), len(self) if end is None else self.of(end))

    def sums(self, steps: Iterable[tuple[int, _Step]]) -> list[list[_Step]]:
        """Return, for each place, the steps made there, out of pairs of an instant and a step."""
        found: list[list[_Step]] = [[] for _ in range(len(self))]
        for instant, step in steps:
            if (at := self.of(instant)) < len(found):
                found[at].append(step)
        return found


def _of_spans(con: duckdb.DuckDBPyConnection, wanted: Wanted, name: str, **more: Any) -> Rows:
    """Return what one of the queries in sql/overview answers over the spans that a page is narrowed to."""
    return narrowed(con, _SPANS, name, wanted, **more)


def _by_subject(
    con: duckdb.DuckDBPyConnection, wanted: Wanted, subjects: set[str], places: _Places
) -> dict[str, list[tuple[Row, range]]]:
    """Return the beliefs of each subject in the order of a page, with the places at which each was held."""
    found: dict[str, list[tuple[Row, range]]] = {subject: [] for subject in subjects}
    for row in Answer(AtHand(_of_spans(con, wanted, "spans", shown=list(subjects)))).dicts():
        until = row.pop("believed_until")
        held = places.within(
            from_datetime(row["believed_from"]), None if until is None else from_datetime(until)
        )
        if held:
            found[row["subject"]].append((row, held))
    return found


def _rivals(con: duckdb.DuckDBPyConnection, within: int | None, places: _Places) -> list[dict[str, Row]]:
    """Return, for each place, the first disagreement of each fact that is disputed."""
    found: list[dict[str, Row]] = [{} for _ in range(len(places))]
    pairs = fetch(con, sql_object("overview/rivals"), {"within": within})
    for row in Answer(AtHand(pairs)).dicts():
        for at in places.within(row.pop("held_from"), row.pop("held_until")):
            found[at].setdefault(row["fact"], row)
    return found


def _disputed(
    con: duckdb.DuckDBPyConnection, wanted: Wanted, rivals: Sequence[dict[str, Row]], places: _Places
) -> list[set[str]]:
    """Return, for each place, the subjects of which a disputed fact is shown."""
    found: list[set[str]] = [set() for _ in rivals]
    facts = sorted({fact for disputed in rivals for fact in disputed})
    if facts:
        for fact, subject, start, end in _of_spans(con, wanted, "held", facts=facts).rows:
            for at in places.within(start, end):
                if fact in rivals[at]:
                    found[at].add(subject)
    return found


def _subjects(
    steps: Sequence[tuple[Any, ...]], places: _Places, first: Sequence[set[str]], limit: int
) -> list[dict[str, int]]:
    """Return, for each place, the subjects that are shown in their order, with how many beliefs each has."""
    counts: Counter[str] = Counter()
    of_count: dict[int, set[str]] = defaultdict(set)
    found = []
    for at, changes in enumerate(
        places.sums((instant, (subject, step)) for subject, _, instant, step in steps)
    ):
        for subject, step in changes:
            of_count[counts[subject]].discard(subject)
            counts[subject] += step
            of_count[counts[subject]].add(subject)
        shown: dict[str, int] = {}
        so_far = 0
        ahead = sorted(
            (subject for subject in first[at] if counts[subject]), key=lambda one: (-counts[one], one)
        )
        for subject in chain(ahead, _commonest(of_count, limit)):
            if so_far >= limit:
                break
            if subject not in shown:
                shown[subject] = counts[subject]
                so_far += counts[subject]
        found.append(shown)
    return found


def _commonest(of_count: dict[int, set[str]], limit: int) -> Iterator[str]:
    """Iterate over the subjects of most beliefs, and of as many in the order of their names."""
    for count in sorted((count for count, subjects in of_count.items() if count and subjects), reverse=True):
        # Each of them has a belief at least; as many again may have come first.
        yield from nsmallest(2 * limit, of_count[count])


def _statuses(
    steps: Sequence[tuple[Any, ...]], places: _Places
) -> Iterator[tuple[int, list[tuple[str, int]]]]:
    """Iterate over how many beliefs there are at each place, and how many of each status."""
    counts: Counter[str | None] = Counter()
    for changes in places.sums((instant, (status, step)) for _, status, instant, step in steps):
        for status, step in changes:
            counts[status] += step
        named = ((status, count) for status, count in counts.items() if status is not None and count)
        yield counts.total(), sorted(named, key=lambda one: (-one[1], one[0]))[:OFFERED]


def _repeated(bounded: Sequence[tuple[Any, ...]], places: _Places) -> Iterator[int]:
    """Iterate over how many more beliefs than facts there are at each place, out of the bounded ones."""
    changes = places.sums(
        (instant, (fact, step))
        for fact, start, end in bounded
        for instant, step in ((start, 1), (end, -1))
        if instant is not None
    )
    counts: Counter[str] = Counter()
    more = 0
    for at in changes:
        for fact, step in at:
            before = max(counts[fact] - 1, 0)
            counts[fact] += step
            more += max(counts[fact] - 1, 0) - before
        yield more


def _public(steps: Sequence[tuple[Any, ...]], places: _Places) -> Iterator[tuple[int, int]]:
    """Iterate over how many reports were public at each place, and of how many origins."""
    reports = origins = 0
    for changes in places.sums((instant, (count, new)) for instant, count, new in steps):
        for count, new in changes:
            reports += count
            origins += new
        yield reports, origins
