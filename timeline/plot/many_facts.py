"""What pictures of many facts show: promises between entities, vintages of a series, reports a day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from timeline.ask.answers import AsOf, Row
from timeline.errors import NotFound
from timeline.meaning.times import day_in, format_instant, from_datetime
from timeline.plot.one_fact import axis_of, names_of

if TYPE_CHECKING:
    from timeline.ask.snapshot import Snapshot

__all__ = ["density_data", "flow_data", "vintages_data", "vintages_near"]

#: What binds whoever promised it; what was called off is in no picture; the rest does not bind.
_FIRM: Final = frozenset(("committed", "agreed", "completed", "actual"))
_OFF: Final = frozenset(("suspended", "cancelled", "denied"))


def flow_data(
    snapshot: Snapshot,
    dates: Sequence[AsOf],
    *,
    attribute: str | None = None,
    unit: str | None = None,
    fact: str | None = None,
) -> dict[str, Any]:
    """Return who promised what to whom on each date: one panel for each of `dates`.

    A flow is a belief with an object and a figure. Left out, `attribute` and `unit` are those that most of
    the flows have: sums of different things are never added up. `choices` has what else could be asked for.
    Raises NotFound where there is no such belief on any of the dates.
    """
    asked = [(date, _flows(snapshot, fact, date)) for date in dates]
    every = [row for _, rows in asked for row in rows]
    if not every:
        raise NotFound("nothing to draw: no belief there has an object and a figure")
    attributes = _commonest(row["attribute"] for row in every)
    attribute = attribute or attributes[0]
    units = _commonest(row["unit"] for row in every if row["attribute"] == attribute)
    if not units:
        raise NotFound(f"nothing to draw: no belief of {attribute!r} there has an object and a figure")
    unit = unit or units[0]
    every = [row for row in every if (row["attribute"], row["unit"]) == (attribute, unit)]
    axis = axis_of(every, believed=every)
    names = names_of(snapshot, dates[-1])
    return {
        "attribute": attribute.replace("-", " "),
        "axis": axis,
        "choices": {"attributes": attributes, "units": units},
        "beside": _beside([row for _, rows in asked for row in rows], attribute, unit, names),
        "panels": [
            {
                "day": None if date.as_of is None else day_in(date.as_of, snapshot.zone),
                "flows": [
                    _flow(row, axis, names, rivals)
                    for row in rows
                    if (row["attribute"], row["unit"]) == (attribute, unit)
                ],
            }
            for date, rows in asked
            for rivals in [_rivals(snapshot, date)]
        ],
    }


def _flows(snapshot: Snapshot, fact: str | None, dates: AsOf) -> list[Row]:
    rows = snapshot.ask("beliefs", fact, dates).dicts()
    found = [
        row
        for row in rows
        if row["object"]
        and row["period"] is None
        and (row["amount_low"] is not None or row["amount_high"] is not None)
        and row["status"] not in _OFF
    ]
    return sorted(found, key=lambda row: (row["reported_at"], row["fact"]))


def _beside(rows: Sequence[Row], attribute: str, unit: str, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what the same give the same receivers under other attributes: parts, which are not added up."""

    def ends(row: Row) -> tuple[str, str]:
        return row["subject"], row["object"]

    drawn = {ends(row) for row in rows if (row["attribute"], row["unit"]) == (attribute, unit)}
    others = {
        (*ends(row), row["attribute"], row["claim"])
        for row in rows
        if row["unit"] == unit and row["attribute"] != attribute and ends(row) in drawn
    }
    return [
        {
            "giver_name": names.get(giver, giver),
            "receiver_name": names.get(receiver, receiver),
            "attribute": other.replace("-", " "),
            "claim": claim,
        }
        for giver, receiver, other, claim in sorted(others)
    ]


def _commonest(names: Iterable[str]) -> list[str]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return sorted(counts, key=lambda name: (-counts[name], name))


def _rivals(snapshot: Snapshot, dates: AsOf) -> dict[str, Row]:
    """Return, by fact, what an origin other than that of the belief reports."""
    found: dict[str, Row] = {}
    for row in snapshot.ask("disagreements", None, dates).dicts():
        found.setdefault(row["fact"], row)
    return found


def _flow(
    row: Row, axis: Mapping[str, Any], names: Mapping[str, str], rivals: Mapping[str, Row]
) -> dict[str, Any]:
    divisor = Decimal(axis["divisor"])
    low, high = (
        None if row[name] is None else float(row[name] / divisor) for name in ("amount_low", "amount_high")
    )
    rival = rivals.get(row["fact"])
    side = "" if rival is None else "_2" if rival["event_id_1"] == row["event_id"] else "_1"
    return {
        "fact": row["fact"],
        "giver": row["subject"],
        "giver_name": names.get(row["subject"], row["subject"]),
        "receiver": row["object"],
        "receiver_name": names.get(row["object"], row["object"]),
        "low": low,
        "high": high,
        "claim": row["claim"],
        "status": row["status"],
        "group": "firm" if row["status"] in _FIRM else "open",
        "rival": None
        if rival is None
        else f"{rival['claim' + side]}, {names.get(rival['origin' + side], rival['origin' + side])}",
    }


def density_data(snapshot: Snapshot, dates: AsOf, earlier: int | None = None) -> dict[str, Any]:
    """Return how many reports came out on each day of the zone that is asked in, everything recorded by then.

    Keys: `days` (ISO day and count, in order), `domain`, `as_of` and `earlier`, as ISO texts or None.
    """
    found = snapshot.sql(
        "SELECT epoch_us(reported_at), count(*) FROM events "
        "WHERE event_type = 'reported' AND reported_at IS NOT NULL GROUP BY ALL",
        recorded_as_of=None if dates.recorded_is_head else format_instant(dates.recorded_as_of),
    ).rows
    counts: Counter[str] = Counter()
    for instant, count in found:
        counts[day_in(instant, snapshot.zone)] += count
    days = [[day, count] for day, count in sorted(counts.items())]
    return {
        "days": days,
        "domain": _year_round(days),
        "as_of": None if dates.as_of is None else format_instant(dates.as_of),
        "earlier": None if earlier is None else format_instant(earlier),
    }


def _year_round(days: Sequence[Sequence[Any]]) -> list[str]:
    """Return the first of the month of the first day, and the end of the month after the last."""
    if not days:
        return ["1970-01-01", "1970-12-31"]
    first, last = str(days[0][0]), str(days[-1][0])
    year, month = (int(part) for part in last.split("-")[:2])
    year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return [f"{first[:7]}-01", f"{year:04}-{month:02}-01"]


def vintages_data(snapshot: Snapshot, facts: str, dates: AsOf) -> dict[str, Any]:
    """Return how the figures of a series were revised: a cell for each period and each day of a change.

    `facts` is a glob such as `us/gdp@*`, whose facts differ by their period alone. A cell has the figure that
    was believed from that day on, and how far it had `moved` from the first one of its period, as a share.
    Raises NotFound where no figure was ever believed of such a fact.
    """
    everything = AsOf(None, dates.recorded_as_of, dates.recorded_is_head, None, dates.policy, dates.basis)
    rows = [
        row
        for row in snapshot.ask("spans", facts, everything).dicts()
        if row["period"] is not None
        and row["amount"] is not None
        and row["believed_from"] is not None
        and (dates.as_of is None or from_datetime(row["believed_from"]) <= dates.as_of)
    ]
    if not rows:
        raise NotFound(f"nothing to draw: no figure was believed of a fact with a period in {facts!r}")
    axis = axis_of(rows, believed=rows)
    rows = [row for row in rows if row["unit"] == axis["unit"]]
    periods = sorted({row["period"]: row["period_from"] for row in rows}.items(), key=lambda one: str(one[1]))
    order = {period: at for at, (period, _) in enumerate(periods)}
    days = {row["believed_from"]: day_in(from_datetime(row["believed_from"]), snapshot.zone) for row in rows}
    vintages = sorted(set(days.values()))
    at = {day: number for number, day in enumerate(vintages)}
    first: dict[str, Decimal] = {}
    cells = []
    for row in sorted(rows, key=lambda row: row["believed_from"]):
        start = first.setdefault(row["period"], row["amount"])
        cells.append(
            {
                "period": order[row["period"]],
                "vintage": at[days[row["believed_from"]]],
                "figure": float(row["amount"] / Decimal(axis["divisor"])),
                "moved": float((row["amount"] - start) / abs(start)) if start else None,
            }
        )
    return {
        "name": facts,
        "axis": axis,
        "periods": [period for period, _ in periods],
        "vintages": vintages,
        "cells": cells,
    }


def vintages_near(
    data: dict[str, Any], period: str, *, periods: int = 36, vintages: int = 120
) -> dict[str, Any]:
    """Return what `vintages_data` returned, cut to the periods about one, and to the last vintages of those.

    What was believed before the first vintage that is left is a cell of that one. `period` is named in
    `marked`.

    >>> cells = [{"period": 0, "vintage": v, "figure": v, "moved": 0.0} for v in range(3)]
    >>> data = {"periods": ["2023"], "vintages": ["2024-01-01", "2024-02-01", "2024-03-01"], "cells": cells}
    >>> [cell["figure"] for cell in vintages_near(data, "2023", vintages=2)["cells"]]
    [1, 2]
    """
    at = data["periods"].index(period) if period in data["periods"] else len(data["periods"])
    first = max(0, min(at - periods // 2, len(data["periods"]) - periods))
    kept = [cell for cell in data["cells"] if first <= cell["period"] < first + periods]
    days = sorted({cell["vintage"] for cell in kept})[-vintages:]
    place = {vintage: number for number, vintage in enumerate(days)}
    cells: dict[tuple[int, int], dict[str, Any]] = {}
    for cell in sorted(kept, key=lambda cell: cell["vintage"]):
        key = (cell["period"] - first, place.get(cell["vintage"], 0))
        cells[key] = {**cell, "period": key[0], "vintage": key[1]}
    return {
        **data,
        "periods": data["periods"][first : first + periods],
        "vintages": [data["vintages"][vintage] for vintage in days],
        "cells": list(cells.values()),
        "marked": period,
    }
