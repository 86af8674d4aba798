"""What a picture shows of a store, as plain data: asked of one snapshot, ready for JSON.

Moments are ISO 8601 texts in UTC, figures floats in the unit of their axis: they are drawn, not reckoned
with. Exact values are in `claim`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from timeline.ask.answers import AsOf, Row
from timeline.meaning.times import (
    FIRST_INSTANT,
    LAST_INSTANT,
    format_instant,
    from_datetime,
    period_text,
    to_naive,
)

if TYPE_CHECKING:
    from timeline.ask.snapshot import Snapshot

__all__ = ["axis_of", "fact_data", "names_of"]

#: By what the figures of an axis are divided, and the word for it.
_SCALES: Final = ((Decimal(10**12), "trillion"), (Decimal(10**9), "billion"), (Decimal(10**6), "million"))


def fact_data(snapshot: Snapshot, fact: str, dates: AsOf) -> dict[str, Any]:
    """Return what a picture of one fact shows: its beliefs over reported time, and the reports behind them.

    Everything that was recorded by then is in it, and `as_of` says what of it was public. Keys: `fact`,
    `name`, `meaning`, `kind` (the type of its values), `axis` (label, divisor and whether in percent),
    `domain` (the first and the last moment), `as_of`, `spans` and `reports`.
    """
    everything = AsOf(None, *_rest(dates))
    spans = snapshot.ask("spans", fact, everything).dicts()
    history = snapshot.ask("history", fact, everything).dicts()
    if dates.valid_at is not None:
        spans = [row for row in spans if _covers(row, to_naive(dates.valid_at).replace(tzinfo=UTC))]
    names = names_of(snapshot, dates)
    sources = snapshot.sources(history, dates)
    kind = next((row["value_type"] for row in reversed(spans) if row["value_type"]), "text")
    axis = axis_of([*spans, *history] if kind == "amount" else [], believed=spans)
    first = (spans or history or [{}])[0]
    events = {row["event_id"]: row for row in history}
    return {
        "fact": fact,
        "name": fact_name(first, names) if first else fact,
        "meaning": _meaning(snapshot, first.get("attribute")),
        "kind": kind,
        "axis": axis,
        "domain": _domain(history, dates.as_of),
        "as_of": None if dates.as_of is None else _text(dates.as_of),
        "spans": [_span(row, axis, events) for row in spans if row["value_type"]],
        "reports": list(_reports(history, axis, names, sources)),
    }


def _rest(dates: AsOf) -> tuple[int, bool, None, str, str]:
    return dates.recorded_as_of, dates.recorded_is_head, None, dates.policy, dates.basis


def _covers(row: Row, moment: datetime) -> bool:
    return (row["valid_from"] is None or row["valid_from"] <= moment) and (
        row["valid_to"] is None or moment < row["valid_to"]
    )


def names_of(snapshot: Snapshot, dates: AsOf) -> dict[str, str]:
    """Return the names of the entities that have one, by their ids."""
    found = snapshot.sql(
        "SELECT id, name FROM entities WHERE name IS NOT NULL",
        recorded_as_of=None if dates.recorded_is_head else format_instant(dates.recorded_as_of),
    )
    return {str(row["id"]): str(row["name"]) for row in found.dicts()}


def _meaning(snapshot: Snapshot, attribute: str | None) -> str | None:
    if attribute is None:
        return None
    found = snapshot.sql("SELECT meaning FROM attributes WHERE id = $id", params={"id": attribute}).rows
    return found[0][0] if found else None


def fact_name(row: Row, names: Mapping[str, str]) -> str:
    """Return a fact as people read it.

    >>> row = {"subject": "nvidia", "attribute": "market-value", "object": None, "period": "2025"}
    >>> fact_name(row, {"nvidia": "Nvidia"})
    'Nvidia market value 2025'
    """
    parts = [names.get(row["subject"], row["subject"]), row["attribute"].replace("-", " ")]
    if row.get("object"):
        parts += ["→", names.get(row["object"], row["object"])]
    if row.get("period"):
        parts.append(row["period"])
    return " ".join(parts)


def axis_of(rows: Iterable[Row], *, believed: Iterable[Row]) -> dict[str, Any]:
    """Return the axis that figures are drawn on: its label, what they are divided by, whether in percent.

    Its unit is that of the last belief; its scale is that of the largest figure which was believed.
    """
    believed = [row for row in believed if row["value_type"] == "amount"]
    unit = next((row["unit"] for row in reversed(believed) if row["unit"]), None)
    figures = [
        abs(row[name])
        for row in believed
        for name in ("amount_low", "amount_high")
        if row[name] is not None and row["unit"] == unit
    ]
    divisor, word = next(
        (scale for scale in _SCALES if figures and max(figures) >= scale[0]), (Decimal(1), "")
    )
    label = " ".join(filter(None, (word, "%" if unit == "percent" else unit)))
    return {"label": label, "unit": unit, "divisor": str(divisor), "percent": unit == "percent"}


def _figure(value: Decimal | None, axis: Mapping[str, Any]) -> float | None:
    return None if value is None else float(value / Decimal(axis["divisor"]))


def _value(row: Row, axis: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a row claims: its figures where the axis has its unit, its dates, and its words."""
    on_axis = row["value_type"] == "amount" and row["unit"] == axis["unit"]
    claim = str(row["claim"] or row["text"] or "")
    return {
        "claim": claim,
        # Words such as `majority` say more than the figure that they mean.
        "in_words": not re.search(r"\d", claim),
        "low": _figure(row["amount_low"], axis) if on_axis else None,
        "high": _figure(row["amount_high"], axis) if on_axis else None,
        "approximate": bool(row["approximate"]),
        "date_from": _moment(row["date_from"]),
        "date_to": _last(row["date_to"]),
        "status": row["status"],
    }


def _span(row: Row, axis: Mapping[str, Any], events: Mapping[str, Row]) -> dict[str, Any]:
    event = events.get(row["event_id"], {})
    start, reported = row["believed_from"], row["reported_at"]
    return {
        **_value(row, axis),
        "from": _moment(start or reported),
        "to": _moment(row["believed_until"]),
        # The earliest moment at which the report behind it may have been out, where it began with that.
        "maybe": _moment(event.get("reported_from")) if start == reported else None,
        "valid": _valid(row),
        "event_id": row["event_id"],
        "origin": row["origin"],
        "source": row["source"],
        "statement": row["statement"],
    }


def _valid(row: Row) -> str:
    lower, upper = (
        None if row[name] is None else from_datetime(row[name]) for name in ("valid_from", "valid_to")
    )
    return "" if lower is None and upper is None else period_text(lower, upper)


def _moment(value: datetime | None) -> str | None:
    return None if value is None else _text(from_datetime(value))


def _text(micros: int) -> str:
    """Return an instant in whole milliseconds, which is as fine as a browser has them."""
    return format_instant(micros // 1000 * 1000)


def _last(value: datetime | None) -> str | None:
    """Return the last instant before an exclusive end."""
    return None if value is None else _moment(value - timedelta(microseconds=1))


def _reports(
    history: Sequence[Row], axis: Mapping[str, Any], names: Mapping[str, str], sources: Mapping[str, Row]
) -> Iterable[dict[str, Any]]:
    """Yield every report, withdrawal and retraction as the record has it now, and what it had before."""
    corrections = _corrections(history)
    for first in history:
        if first["event_type"] == "corrected":
            continue
        now = _current(first, corrections)
        if now is None:
            continue
        origin = now["origin"] or now["source"] or ""
        source = sources.get(now["source"] or "", {})
        yield {
            **_value(now, axis),
            "type": first["event_type"],
            "event_id": first["event_id"],
            "from": _moment(now["reported_from"]),
            "at": _moment(now["reported_at"]),
            "read": _moment(now["evidence_at"]),
            "origin": origin,
            "origin_name": names.get(origin, origin),
            "source": now["source"],
            "source_name": source.get("publisher") or source.get("title") or now["source"],
            "statement": now["statement"],
            "effect": first["effect"],
            "was": [
                {**_value(old, axis), "commit": mended["commit"], "reason": mended["reason"]}
                for old, mended in _replaced(first, corrections)
            ],
        }


#: The corrections that aim at an event, by its id, the last recorded one first.
_Corrections = Mapping[str, Sequence[Row]]


def _corrections(history: Sequence[Row]) -> _Corrections:
    found: dict[str, list[Row]] = {}
    for row in sorted(history, key=lambda row: row["position"], reverse=True):
        if row["event_type"] == "corrected":
            found.setdefault(row["target"], []).append(row)
    return found


def _current(event: Row, corrections: _Corrections) -> Row | None:
    """Return the event that counts in the place of another, after every correction; None where it is void."""
    for correction in corrections.get(event["event_id"], ()):
        if (found := _current(correction, corrections)) is not None:
            return None if correction["void"] else found
    return event


def _replaced(event: Row, corrections: _Corrections) -> list[tuple[Row, Row]]:
    """Return what a report claimed before each of its corrections, with that correction, oldest first."""
    for correction in corrections.get(event["event_id"], ()):
        if correction["void"] or _current(correction, corrections) is None:
            continue
        changed = (event["claim"], event["status"]) != (correction["claim"], correction["status"])
        return [(event, correction)] * changed + _replaced(correction, corrections)
    return []


def _domain(history: Sequence[Row], as_of: int | None) -> tuple[str, str]:
    """Return the first and the last moment to draw: all reports with their pages, the date, and some room."""
    moments = [
        from_datetime(row[name])
        for row in history
        for name in ("reported_from", "reported_at", "evidence_at")
        if row[name] is not None
    ]
    if as_of is not None:
        moments.append(as_of)
    day = 86_400_000_000
    first, last = min(moments, default=0), max(moments, default=day)
    room = max(2 * day, (last - first) // 12)
    return _text(max(first - room, FIRST_INSTANT)), _text(min(last + room, LAST_INSTANT))
