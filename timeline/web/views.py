"""What each view of the page shows, as plain data, of which the server and the browser make HTML."""

from __future__ import annotations

import re
import threading
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeVar
from weakref import WeakKeyDictionary

from timeline.ask.answers import AsOf, Row
from timeline.ask.overview import Overview, Wanted
from timeline.errors import NotFound
from timeline.meaning.columns import ERASED, STATUSES
from timeline.meaning.times import (
    asked_day,
    day_in,
    day_of,
    end_of_day,
    format_instant,
    from_datetime,
    show_instant_end,
    wall_clock,
)
from timeline.plot.many_facts import density_data, flow_data
from timeline.plot.one_fact import fact_name, names_of
from timeline.web.values import claim_parts, valid_of

if TYPE_CHECKING:
    from timeline.ask.snapshot import Snapshot
    from timeline.web.asked import Address

__all__ = [
    "axis_of",
    "beliefs_view",
    "beliefs_wanted",
    "days_of_events",
    "disagreements_view",
    "frame_of",
    "has_disputes",
    "known_names",
    "promises_view",
    "remembered",
    "row_of",
]

Data = dict[str, Any]

#: Of more events, origins that contradict each other are looked for only in a view of their own.
_EVENTS_AT_MOST: Final = 100_000
#: Money is drawn on one scale, which does not move while the date does.
_LOG_SPAN: Final = 1000


def frame_of(snapshot: Snapshot, address: Address, dates: AsOf) -> Data:
    """Return what is around every view: the dates, the bars of reports, and the state of the address."""
    compared = address.compared(snapshot)
    density = dict(
        remembered(snapshot, ("density", dates.recorded_as_of), lambda: density_data(snapshot, dates))
    )
    days = density["days"]
    density["as_of"] = None if dates.as_of is None else format_instant(dates.as_of)
    density["earlier"] = (
        None if compared is None or compared.as_of is None else format_instant(compared.as_of)
    )
    if address.light:
        density["days"] = None
    now = dates.recorded_as_of

    def shown_day(instant: int) -> str:
        """Return the day of the zone in which dates are asked with: asked with, it is the same state."""
        return day_of(wall_clock(instant, snapshot.zone))

    return {
        "asked": address.given(),
        "language": address.language,
        "as_of": shown_day(dates.as_of if dates.as_of is not None else now),
        "is_now": dates.as_of is None,
        "compare": None if compared is None or compared.as_of is None else shown_day(compared.as_of),
        "recorded_as_of": format_instant(dates.recorded_as_of),
        "recorded_is_head": dates.recorded_is_head,
        "valid_at": None if dates.valid_at is None else show_instant_end(dates.valid_at),
        "policy": dates.policy,
        "basis": dates.basis,
        "commit": snapshot.commit,
        "density": density,
        "first": days[0][0] if days else None,
        "last": days[-1][0] if days else None,
        "statuses": {status: meaning for status, meaning in STATUSES.items()},
    }


#: As many dates of a drag as fit into some ten megabytes.
_REMEMBERED_AT_MOST: Final = 128

_Made = TypeVar("_Made")
_remembering = threading.Lock()
_remembered: WeakKeyDictionary[Snapshot, dict[object, Any]] = WeakKeyDictionary()


def remembered(snapshot: Snapshot, key: object, make: Callable[[], _Made]) -> _Made:
    """Return what `make` makes of a snapshot, made once for each key: a snapshot never changes."""
    with _remembering:
        known = _remembered.setdefault(snapshot, {})
        if key in known:
            found: _Made = known[key]
            return found
    made = make()
    with _remembering:
        while len(known) >= _REMEMBERED_AT_MOST:
            known.pop(next(iter(known)))
        kept: _Made = known.setdefault(key, made)
        return kept


def beliefs_view(snapshot: Snapshot, address: Address) -> Data:
    """Return the view of everything believed, or of what changed against a second date."""
    dates = address.resolved(snapshot)
    frame = frame_of(snapshot, address, dates)
    if address.compare is not None:
        return {**frame, "view": "compare", **_changes(snapshot, address, dates)}
    names = known_names(snapshot, dates)
    key = (_last_day(snapshot, dates), replace(dates, as_of=None), address.key())
    rivals, found, support = remembered(snapshot, key, lambda: _believed(snapshot, address, dates, names))
    axis = axis_of(found.rows)
    rows = [
        row_of(row, axis, names, snapshot.zone, rivals.get(row["fact"]), support.get(row["event_id"], (1, 1)))
        for row in found.rows
    ]
    return {
        **frame,
        "view": "beliefs",
        "axis": axis,
        "groups": _grouped(rows, found.rows),
        "total": found.total,
        "shown": len(rows),
        "offset": address.offset,
        "summary": {
            "facts": found.facts,
            "reports": found.reports,
            "origins": found.origins,
            "disagreements": len(rivals),
        },
        "facets": {
            name: [[value, names.get(value, value), count] for value, count in values]
            for name, values in found.facets.items()
        },
    }


def known_names(snapshot: Snapshot, dates: AsOf) -> dict[str, str]:
    """Return the names of entities, by their ids."""
    return remembered(snapshot, ("names", dates.recorded_as_of), lambda: names_of(snapshot, dates))


def _believed(
    snapshot: Snapshot, address: Address, dates: AsOf, names: Mapping[str, str]
) -> tuple[dict[str, Row], Overview, dict[str, tuple[int, int]]]:
    """Return the disputed facts, the rows that are shown, and what supports them."""
    rivals = _rivals(snapshot, dates)
    found = snapshot.overview(dates, beliefs_wanted(address, names, list(rivals)))
    return rivals, found, snapshot.support(found.rows, dates)


def beliefs_wanted(address: Address, names: Mapping[str, str], first: Sequence[str] = ()) -> Wanted:
    """Return what a page is narrowed to; the facts `first` come first."""
    sought = address.search.lower()
    return Wanted(
        search=address.search,
        ids=[one for one, name in names.items() if sought and sought in name.lower()],
        filters=address.filters,
        first=first,
        light=address.light,
        limit=address.limit,
        offset=address.offset,
    )


def _last_day(snapshot: Snapshot, dates: AsOf) -> object:
    """Return the last day by the end of which anything was reported, out of those up to the date.

    Between two such days nothing changes that is believed, so that a date which is dragged is answered from
    memory. Of an instant within a day it is that instant.
    """
    if dates.as_of is None:
        return None
    zone = snapshot.zone
    day = asked_day(dates.as_of, zone)
    if end_of_day(day, zone) != dates.as_of:
        return dates.as_of
    days = days_of_events(snapshot)
    at = bisect_right(days, day)
    return "day", days[at - 1] if at else None


def days_of_events(snapshot: Snapshot) -> list[int]:
    """Return the days from whose end on something that was reported counts, in order, since 1970.

    They are the days of the zone in which dates are asked with.
    """
    zone = snapshot.zone

    def found() -> list[int]:
        sql = "SELECT DISTINCT epoch_us(reported_at) FROM events WHERE reported_at IS NOT NULL"
        return sorted({asked_day(instant, zone) for (instant,) in snapshot.sql(sql).rows})

    return remembered(snapshot, ("days of events", zone), found)


def has_disputes(snapshot: Snapshot) -> bool:
    """Whether the list of beliefs marks what is disputed."""
    return snapshot.position <= _EVENTS_AT_MOST


def _rivals(snapshot: Snapshot, dates: AsOf) -> dict[str, Row]:
    """Return a disagreement of each disputed fact."""
    if not has_disputes(snapshot):
        return {}
    found: dict[str, Row] = {}
    for row in snapshot.ask("disagreements", None, dates, within=90).dicts():
        found.setdefault(row["fact"], row)
    return found


def _grouped(rows: Sequence[Data], found: Sequence[Row]) -> list[Data]:
    groups: list[Data] = []
    for row, of in zip(rows, found, strict=True):
        if not groups or groups[-1]["subject"] != row["subject"]:
            groups.append(
                {
                    "subject": row["subject"],
                    "name": row["subject_name"],
                    "count": of["in_subject"],
                    "rows": [],
                }
            )
        groups[-1]["rows"].append(row)
    return groups


def axis_of(rows: Sequence[Row]) -> Data:
    """Return the scale that money is drawn on: in the unit of most rows, over three powers of ten."""
    money = [
        row for row in rows if row["value_type"] == "amount" and re.fullmatch("[A-Z]{3}", row["unit"] or "")
    ]
    units: dict[str, int] = {}
    for row in money:
        units[row["unit"]] = units.get(row["unit"], 0) + 1
    unit = max(units, key=lambda name: (units[name], name), default=None)
    figures = [abs(row["amount"]) for row in money if row["unit"] == unit and row["amount"]]
    divisor, word = next(
        (
            (size, word)
            for size, word in ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"))
            if _middle(figures) >= size
        ),
        (1, ""),
    )
    return {
        "unit": unit,
        "divisor": divisor,
        "label": f"{word} {unit}".strip() if unit else "",
        "low": 1,
        "high": _LOG_SPAN,
    }


def _middle(figures: Sequence[Decimal]) -> Decimal:
    return sorted(figures)[len(figures) // 2] if figures else Decimal(0)


def row_of(
    row: Row,
    axis: Data,
    names: Mapping[str, str],
    zone: str | None,
    rival: Row | None = None,
    support: tuple[int, int] = (1, 1),
) -> Data:
    """Return a belief as the list shows it; `support` is how many origins and reports say what it does.

    Days are those of a zone.
    """
    since = row["believed_from"] or row["reported_at"]
    origins, reports = support
    return {
        "fact": row["fact"],
        "subject": row["subject"],
        "subject_name": names.get(row["subject"], row["subject"]),
        "attribute": row["attribute"].replace("-", " "),
        "object": None if row["object"] is None else names.get(row["object"], row["object"]),
        "period": row["period"],
        "valid": valid_of(row),
        "claim": claim_parts(row),
        "value_type": row["value_type"],
        "value": _value(row, axis),
        "status": row["status"],
        "since": None if since is None else day_in(from_datetime(since), zone),
        "origins": origins,
        "reports": reports,
        "rival": None if rival is None else _rival(row, rival, names, axis, zone),
        "statement": row["statement"],
        "source": row["source"],
        "origin": row["origin"],
        "erased": row["status"] == ERASED,
    }


def _value(row: Row, axis: Data) -> Data | None:
    """Return what is drawn of a value, on the scale of money or from 0 to 100 percent; else None."""
    if row["value_type"] != "amount":
        return None
    percent = row["unit"] == "percent"
    if not percent and (row["unit"] != axis["unit"] or axis["unit"] is None):
        return None
    divisor = 1 if percent else axis["divisor"]
    low, high = (
        None if row[name] is None else float(row[name] / divisor) for name in ("amount_low", "amount_high")
    )
    if not percent and any(bound is not None and bound <= 0 for bound in (low, high)):
        return None
    return {"low": low, "high": high, "approximate": bool(row["approximate"]), "percent": percent}


def _rival(row: Row, rival: Row, names: Mapping[str, str], axis: Data, zone: str | None) -> Data:
    side = "_2" if rival["event_id_1"] == row["event_id"] else "_1"
    amount = rival[f"amount{side}"]
    on_axis = amount is not None and axis["unit"] is not None and row["unit"] == axis["unit"]
    return {
        "claim": rival[f"claim{side}"],
        "origin": names.get(rival[f"origin{side}"], rival[f"origin{side}"]),
        "day": day_in(from_datetime(rival[f"reported_at{side}"]), zone),
        "figure": float(amount / axis["divisor"]) if on_axis else None,
    }


def _changes(snapshot: Snapshot, address: Address, dates: AsOf) -> Data:
    """Return what differs between two dates: the earlier is the one to compare with."""
    earlier = address.compared(snapshot)
    assert earlier is not None
    names = known_names(snapshot, dates)
    start, end = earlier.as_of, dates.as_of
    answer = snapshot.ask("changes", None, dates, between=(start, end))
    rows = answer.dicts()
    facts = {row["fact"] for row in rows}
    believed, believed_earlier = (snapshot.ask("beliefs", None, one).dicts() for one in (dates, earlier))
    now, before = (
        {(row["fact"], row["event_id"]): row for row in beliefs if row["fact"] in facts}
        for beliefs in (believed, believed_earlier)
    )
    axis = axis_of([*now.values(), *before.values()])
    shown = []
    for row in rows[: address.limit]:
        current = now.get((row["fact"], row["event_id_to"]))
        old = before.get((row["fact"], row["event_id_from"]))
        base = current or old
        if base is None:
            continue
        drawn = row_of(base, axis, names, snapshot.zone)
        repeated = (
            old is not None
            and current is not None
            and (old["claim"], old["status"]) == (current["claim"], current["status"])
        )
        drawn["change"] = "repeated" if repeated else row["change"]
        # The rows of a fact differ by when they held.
        drawn["valid"] = valid_of(row)
        drawn["before"] = (
            None
            if old is None or repeated
            else {"claim": claim_parts(old), "status": old["status"], "value": _value(old, axis)}
        )
        shown.append(drawn)
    order = {"changed": 0, "appeared": 1, "gone": 2, "repeated": 3}
    shown.sort(key=lambda row: (order[row["change"]], row["value"] is None, row["fact"]))
    counts = {change: sum(row["change"] == change for row in shown) for change in order}
    stayed = len({row["fact"] for row in believed} - facts)
    groups = [
        {"change": change, "count": counts[change], "rows": [row for row in shown if row["change"] == change]}
        for change in order
        if counts[change]
    ]
    return {
        "axis": axis,
        "groups": groups,
        "total": len(rows),
        "shown": len(shown),
        "offset": 0,
        "counts": {**counts, "stayed": stayed},
    }


def promises_view(snapshot: Snapshot, address: Address) -> Data:
    """Return the view of who promised what to whom, on one date or two."""
    dates = address.resolved(snapshot)
    compared = address.compared(snapshot)
    frame = frame_of(snapshot, address, dates)
    on = [dates] if compared is None else [compared, dates]
    try:
        flows: Data | None = flow_data(snapshot, on, attribute=address.attribute, unit=address.unit)
    except NotFound:
        flows = None
    if flows is not None:
        flows["panels"][-1]["day"] = frame["as_of"]
    return {**frame, "view": "promises", "flows": flows}


def disagreements_view(snapshot: Snapshot, address: Address) -> Data:
    """Return the view of origins that contradict each other."""
    dates = address.resolved(snapshot)
    names = known_names(snapshot, dates)
    rows = snapshot.ask("disagreements", None, dates, within=90).dicts()
    pairs = [
        {
            "fact": row["fact"],
            "name": fact_name({**_parts_of(row["fact"]), "period": row["period"]}, names),
            "valid": valid_of(row),
            "value_type": "text" if row["amount_low_1"] is row["amount_high_1"] is None else "amount",
            "sides": [
                {
                    "claim": row[f"claim{side}"],
                    "status": row[f"status{side}"],
                    "origin": names.get(row[f"origin{side}"], row[f"origin{side}"]),
                    "day": day_in(from_datetime(row[f"reported_at{side}"]), snapshot.zone),
                }
                for side in ("_1", "_2")
            ],
        }
        for row in rows[: address.limit]
    ]
    return {**frame_of(snapshot, address, dates), "view": "disagreements", "pairs": pairs, "total": len(rows)}


def _parts_of(fact: str) -> Data:
    body, _, period = fact.partition("@")
    subject, attribute, *rest = body.split("/")
    return {
        "subject": subject,
        "attribute": attribute,
        "object": rest[0] if rest else None,
        "period": period or None,
    }
