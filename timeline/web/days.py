"""What a view shows on each day: a page that has it follows a date without asking.

Of the list of beliefs under the default rule, all days are worked out in one pass. Of every other view it is
worked out for each day on which it may change, where a store and these days are few.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from timeline.meaning.times import DAY, asked_day, day_of, end_of_day, format_instant
from timeline.web.views import (
    axis_of,
    beliefs_wanted,
    days_of_events,
    frame_of,
    has_disputes,
    known_names,
    remembered,
    row_of,
)

if TYPE_CHECKING:
    from timeline.ask.snapshot import Snapshot
    from timeline.web.asked import Address

__all__ = ["days_view", "states_view", "window_of", "window_of_changes"]

Data = dict[str, Any]

_Value = TypeVar("_Value")

#: Of more events than these the days are not worked out: a page asks for each as it comes.
_EVENTS_AT_MOST: Final = 1_000_000
#: So many days are worked out at once, about the one that is asked for.
_AT_ONCE: Final = 600
#: Of other views: of so many events and days, since each day costs a view.
_EVENTS_OF_VIEWS: Final = 20_000
_VIEWS_AT_ONCE: Final = 40

View = Callable[["Snapshot", "Address"], Data]


def window_of(snapshot: Snapshot, address: Address) -> tuple[int, int] | None:
    """Return which of the days of events are worked out about the date of an address, by their numbers.

    None where they are not to be: under another rule than the default one, or of too many events.
    """
    dates = address.resolved(snapshot)
    if (
        not dates.is_plain
        or dates.valid_at is not None
        or address.compare is not None
        or address.offset
        or snapshot.position > _EVENTS_AT_MOST
    ):
        return None
    return _about(days_of_events(snapshot), dates.as_of, snapshot.zone, _AT_ONCE)


def days_view(snapshot: Snapshot, address: Address, window: tuple[int, int]) -> Data:
    """Return what is shown on the days about the date of an address.

    Each of `states` has what a view of beliefs has from its day to that of the next, but for facets other
    than the status. Its rows and its axis are numbers in `rows` and `axes`; what is as in the state before is
    left out. They are of the days from `from` until `until`, null where there is nothing before or behind.
    """
    dates = replace(address.resolved(snapshot), as_of=None)
    names = known_names(snapshot, dates)
    days = days_of_events(snapshot)
    first, last = window
    # Before the first event nothing is believed, and before the first of a window something else.
    shown = [*([days[0] - 1] if first == 0 and days else []), *days[first:last]]
    found = snapshot.overviews(
        dates,
        beliefs_wanted(address, names),
        [end_of_day(day, snapshot.zone) for day in shown],
        disputes=has_disputes(snapshot),
    )
    rows: _Numbered[Data] = _Numbered()
    axes: _Numbered[Data] = _Numbered()
    states = []
    before: Data = {}
    for day, at in zip(shown, found.at, strict=True):
        axis = axis_of([found.beliefs[number] for number, _ in at.rows])
        scale = axes.number(tuple(axis.values()), partial(dict, axis))
        numbers = []
        for number, support in at.rows:
            row = found.beliefs[number]
            rival = at.rivals.get(row["fact"])
            pair = None if rival is None else (rival["event_id_1"], rival["event_id_2"])
            make = partial(row_of, row, axis, names, snapshot.zone, rival, support)
            numbers.append(rows.number((number, support, scale, pair), make))
        state = {
            "axis": scale,
            "rows": numbers,
            "counts": list(at.subjects.values()),
            "total": at.total,
            "summary": [at.facts, at.reports, at.origins, len(at.rivals)],
            "status": [[name, count] for name, count in at.statuses],
        }
        # What is as it was on the day before is left out.
        states.append(
            {"from": day_of(day * DAY)}
            | {name: value for name, value in state.items() if before.get(name) != value}
        )
        before = state
    until = days[last] if last < len(days) else _until(snapshot)
    return {
        "commit": snapshot.commit,
        "from": None if first == 0 else states[0]["from"],
        "until": None if until is None else day_of(until * DAY),
        "rows": rows.values,
        "axes": axes.values,
        "states": states,
    }


def window_of_changes(snapshot: Snapshot, address: Address) -> tuple[int, int] | None:
    """Return which of the days of changes any view is worked out for about the date, by their numbers.

    None where there are too many events, or the address asks for later rows.
    """
    if address.offset or snapshot.position > _EVENTS_OF_VIEWS:
        return None
    as_of = address.resolved(snapshot).as_of
    return _about(_days_of_changes(snapshot), as_of, snapshot.zone, _VIEWS_AT_ONCE)


def _about(days: Sequence[int], as_of: int | None, zone: str | None, count: int) -> tuple[int, int]:
    """Return which of some days are about a date, so many of them, by their numbers."""
    at = len(days) if as_of is None else bisect_right(days, asked_day(as_of, zone))
    first = max(0, min(at - count // 2, len(days) - count))
    return first, min(len(days), first + count)


def _days_of_changes(snapshot: Snapshot) -> list[int]:
    """Return the days from whose end on any view may be another one, in order, since 1970.

    Reports count from another moment under each basis, and a source may be of a later date than an answer.
    """
    zone, until = snapshot.zone, _until(snapshot)

    def found() -> list[int]:
        sql = "SELECT DISTINCT epoch_us(unnest([reported_at, reported_from, evidence_at])) FROM events"
        days = {asked_day(at, zone) for (at,) in snapshot.sql(sql).rows if at is not None}
        return sorted(day for day in days if until is None or day < until)

    return remembered(snapshot, ("days of changes", zone), found)


def states_view(snapshot: Snapshot, address: Address, view: View, window: tuple[int, int]) -> Data:
    """Return what a view shows on the days about the date of an address.

    Each of `states` has what the view has from its day to that of the next, but for what is around every
    view; `at` is the instant that its day ends at. What is as in the state before is left out. They are of
    the days from `from` until `until`, as those of `days_view`. `domain` is that of the chart of a fact,
    whatever the date.
    """
    around = {*frame_of(snapshot, address, address.resolved(snapshot))}
    days = _days_of_changes(snapshot)
    first, last = window
    undated = {name: value for name, value in address.dates.items() if name != "as_of"}
    states: list[Data] = []
    before: Data = {}
    for day in [*([days[0] - 1] if first == 0 and days else []), *days[first:last]]:
        asked = replace(address, dates={**undated, "as_of": day_of(day * DAY)})
        state = {name: value for name, value in view(snapshot, asked).items() if name not in around}
        shown = {name: value for name, value in state.items() if name not in before or before[name] != value}
        at = format_instant(end_of_day(day, snapshot.zone))
        states.append({"from": day_of(day * DAY), "at": at, **shown})
        before = state
    chart = view(snapshot, replace(address, dates=undated))["chart"] if "chart" in before else None
    until = days[last] if last < len(days) else _until(snapshot)
    return {
        "commit": snapshot.commit,
        "from": None if first == 0 or not states else states[0]["from"],
        "until": None if until is None else day_of(until * DAY),
        "domain": None if chart is None else chart["domain"],
        "states": states,
    }


def _until(snapshot: Snapshot) -> int | None:
    """Return the first day that may not be asked for, of a sealed store; else None."""
    seal = snapshot.dates().as_of
    return None if seal is None else asked_day(seal + 1, snapshot.zone)


class _Numbered(Generic[_Value]):
    """Values with numbers, each made once for its key."""

    def __init__(self) -> None:
        self.values: list[_Value] = []
        self._numbers: dict[object, int] = {}

    def number(self, key: object, make: Callable[[], _Value]) -> int:
        """Return the number of the value with a key, which `make` makes where there is none."""
        if (found := self._numbers.get(key)) is not None:
            return found
        self._numbers[key] = len(self.values)
        self.values.append(make())
        return self._numbers[key]
