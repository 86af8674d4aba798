"""What the list of beliefs shows on each day: a page that has it follows a date without asking."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from timeline.web.values import asked_day, day_of, end_of_day
from timeline.web.views import axis_of, beliefs_wanted, days_of_events, has_disputes, known_names, row_of

if TYPE_CHECKING:
    from timeline.ask.snapshot import Snapshot
    from timeline.web.asked import Address

__all__ = ["days_view", "window_of"]

Data = dict[str, Any]

_Value = TypeVar("_Value")

_DAY: Final = 86_400_000_000
#: Of more events than these the days are not worked out: a page asks for each as it comes.
_EVENTS_AT_MOST: Final = 1_000_000
#: So many days are worked out at once, about the one that is asked for.
_AT_ONCE: Final = 600


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
    days = days_of_events(snapshot)
    at = len(days) if dates.as_of is None else bisect_right(days, asked_day(dates.as_of, snapshot.zone))
    first = max(0, min(at - _AT_ONCE // 2, len(days) - _AT_ONCE))
    return first, min(len(days), first + _AT_ONCE)


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
            make = partial(row_of, row, axis, names, rival, support)
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
            {"from": day_of(day * _DAY)}
            | {name: value for name, value in state.items() if before.get(name) != value}
        )
        before = state
    # Of a sealed store no later day may be asked.
    seal = snapshot.dates().as_of
    until = days[last] if last < len(days) else None if seal is None else asked_day(seal + 1, snapshot.zone)
    return {
        "commit": snapshot.commit,
        "from": None if first == 0 else states[0]["from"],
        "until": None if until is None else day_of(until * _DAY),
        "rows": rows.values,
        "axes": axes.values,
        "states": states,
    }


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
