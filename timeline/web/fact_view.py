"""The view of one fact: its chart, what was believed of it on a date, and the evidence."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from timeline.ask.answers import AsOf, Row
from timeline.errors import NotFound
from timeline.meaning.times import day_in, format_instant, from_datetime, parse_as_of
from timeline.plot.many_facts import vintages_data, vintages_near
from timeline.plot.one_fact import fact_data, names_of
from timeline.show.phrases import PHRASES
from timeline.show.words import story as sentences
from timeline.web.values import claim_parts, valid_of
from timeline.web.views import frame_of

if TYPE_CHECKING:
    from timeline.ask.snapshot import Snapshot
    from timeline.web.asked import Address
    from timeline.web.documents import Documents

__all__ = ["fact_view", "story_view"]

Data = dict[str, Any]

#: A series has many vintages from so many periods and days of a change on.
_PERIODS: Final = 3
_VINTAGES: Final = 3


def fact_view(snapshot: Snapshot, address: Address, fact: str, documents: Documents | None = None) -> Data:
    """Return the view of one fact: its chart, the belief on the date, and the evidence.

    With `documents`, the evidence has the passages that the reports were read in. Where the fact is of a
    series, `vintages` has how its figures were revised. Raises NotFound, with the nearest known, where
    nothing was ever reported of it.
    """
    dates = address.resolved(snapshot)
    data = fact_data(snapshot, fact, dates)
    if not data["reports"] and not data["spans"]:
        snapshot.check_known(fact)
        raise NotFound(f"nothing was reported of {fact} by then")
    why = snapshot.why(fact, **address.dates)
    names = names_of(snapshot, dates)
    events = {row["event_id"]: row for row in why.history}
    sources = {row["id"]: row for row in why.sources}
    first = (why.beliefs or why.history or snapshot.ask("history", fact).dicts())[0]
    beliefs = [_card(row, events, sources, names, dates, snapshot.zone) for row in why.beliefs]
    return {
        **frame_of(snapshot, address, dates),
        "view": "fact",
        "fact": fact,
        "name": _name(first, names),
        "subject": first["subject"],
        "meaning": data["meaning"],
        "chart": data,
        "vintages": _vintages(snapshot, first, dates),
        # In lines as long as they are: the page has a width of its own.
        "why": "\n".join(sentences(why, None, words=PHRASES[address.language])),
        "beliefs": beliefs,
        "evidence": _evidence(snapshot, data, dates, sources, documents),
        "possible": _possible(snapshot, address, fact, why.beliefs),
    }


def story_view(snapshot: Snapshot, dates: AsOf, fact: str) -> Data:
    """Return all of one fact that a page without a server needs, whatever date is chosen on it.

    As `fact_view`, but `cards` has every belief ever held, with the moments from which and until which it
    was; and what only a server makes use of is left out.
    """
    everything = replace(dates, as_of=None)
    data = fact_data(snapshot, fact, dates)
    names = names_of(snapshot, dates)
    history = snapshot.ask("history", fact, everything).dicts()
    spans = snapshot.ask("spans", fact, everything).dicts()
    claiming = [row for row in spans if row["value_type"]]
    events = {row["event_id"]: row for row in history}
    sources = snapshot.sources(history, dates)
    cards = [
        {
            **_card(row, events, sources, names, everything, snapshot.zone),
            "from": span["from"],
            "to": span["to"],
            "evidence_at": _evidence_at(events.get(row["event_id"])),
        }
        for row, span in zip(claiming, data["spans"], strict=True)
    ]
    evidence = [
        {**one, "at": report["at"]}
        for one, report in zip(_evidence(snapshot, data, dates, sources), data["reports"], strict=True)
    ]
    return {
        "fact": fact,
        "name": _name((spans or history)[0], names),
        "meaning": data["meaning"],
        "chart": {
            **{name: data[name] for name in ("name", "kind", "axis", "domain")},
            "spans": _without(data["spans"], _UNDRAWN),
            "reports": _without(data["reports"], (*_UNDRAWN[:2], "effect")),
        },
        "cards": _without(cards, ("event_id", "source_title", "source_is_later")),
        "evidence": _without(evidence, ("event_id", "source_id", "effect", "is_public")),
    }


#: What no picture shows of a belief.
_UNDRAWN: Final = ("event_id", "statement", "origin", "source")


def _without(rows: Sequence[Data], names: Sequence[str]) -> list[Data]:
    return [{name: value for name, value in row.items() if name not in names} for row in rows]


def _evidence_at(event: Row | None) -> str | None:
    """Return the moment from which the source of an event was out."""
    moment = None if event is None else event["evidence_at"]
    return None if moment is None else format_instant(from_datetime(moment) // 1000 * 1000)


def _name(row: Row, names: Mapping[str, str]) -> list[str | None]:
    """Return subject, attribute, object and period as people read them."""
    return [
        names.get(row["subject"], row["subject"]),
        row["attribute"].replace("-", " "),
        None if row["object"] is None else names.get(row["object"], row["object"]),
        row["period"],
    ]


def _card(
    row: Row,
    events: Mapping[str, Row],
    sources: Mapping[str, Row],
    names: Mapping[str, str],
    dates: AsOf,
    zone: str | None,
) -> Data:
    event = events.get(row["event_id"], {})
    source = sources.get(row["source"] or "", {})
    since = row["believed_from"] or row["reported_at"]
    return {
        "claim": claim_parts(row),
        "value_type": row["value_type"],
        "status": row["status"],
        "statement": row["statement"],
        "since": day_in(from_datetime(since), zone),
        "reported": event.get("reported"),
        "origin": names.get(row["origin"], row["origin"]) if row["origin"] else None,
        "speaker": names.get(row["speaker"], row["speaker"]) if row["speaker"] else None,
        "source": source.get("publisher") or source.get("title") or row["source"],
        "source_title": source.get("title"),
        "published": source.get("published"),
        "source_is_later": bool(
            dates.as_of is not None
            and event.get("evidence_at") is not None
            and from_datetime(event["evidence_at"]) > dates.as_of
        ),
        "valid": valid_of(row),
        "event_id": row["event_id"],
        "commit": event.get("commit"),
        "mended": event.get("event_type") == "corrected",
        "inferred": bool(event.get("inferred")),
    }


def _possible(snapshot: Snapshot, address: Address, fact: str, beliefs: Sequence[Row]) -> Data | None:
    """Return what would be believed if reports counted from their earliest day, where it differs."""
    if address.dates.get("basis", "certain") != "certain":
        return None
    dates = snapshot.dates(**{**address.dates, "basis": "possible"})
    other = snapshot.ask("beliefs", fact, dates).dicts()
    if {row["event_id"] for row in other} == {row["event_id"] for row in beliefs} or not other:
        return None
    row = other[0]
    return {
        "claim": claim_parts(row),
        "value_type": row["value_type"],
        "status": row["status"],
        "since": day_in(from_datetime(row["believed_from"] or row["reported_at"]), snapshot.zone),
    }


def _vintages(snapshot: Snapshot, row: Row, dates: AsOf) -> Data | None:
    """Return how the series of a fact was revised, near its period; None where hardly anything was."""
    if not row["period"]:
        return None
    series = "/".join(filter(None, (row["subject"], row["attribute"], row["object"])))
    try:
        data = vintages_data(snapshot, f"{series}@*", dates)
    except NotFound:
        return None
    data = vintages_near(data, row["period"])
    is_many = len(data["periods"]) >= _PERIODS and len(data["vintages"]) >= _VINTAGES
    return data if is_many and len(data["cells"]) > len(data["periods"]) else None


def _evidence(
    snapshot: Snapshot,
    data: Data,
    dates: AsOf,
    sources: Mapping[str, Row],
    documents: Documents | None = None,
) -> list[Data]:
    """Return every report in reported order, with what its source is and whether it was public by then."""
    history = {
        row["event_id"]: row
        for row in snapshot.ask(
            "history",
            data["fact"],
            AsOf(None, dates.recorded_as_of, dates.recorded_is_head, None, dates.policy, dates.basis),
        ).dicts()
    }
    named = snapshot.sources(list(history.values()), dates)
    found = []
    for report in data["reports"]:
        event = history.get(report["event_id"], {})
        first, day = (
            None if report[name] is None else day_in(parse_as_of(report[name]), snapshot.zone)
            for name in ("from", "at")
        )
        source = named.get(report["source"] or "", {})
        found.append(
            {
                "day": day,
                "reported": event.get("reported"),
                "vague": first not in (None, day),
                "type": report["type"],
                "effect": report["effect"],
                "claim": claim_parts({"claim": report["claim"], "value_type": event.get("value_type")}),
                "value_type": event.get("value_type"),
                "status": report["status"],
                "origin": report["origin_name"],
                "statement": report["statement"],
                "was": [
                    {"claim": was["claim"], "commit": was["commit"], "reason": was["reason"]}
                    for was in report["was"]
                ],
                "source": source.get("publisher") or source.get("title") or report["source"],
                "source_id": report["source"],
                "published": source.get("published"),
                "url": _safe_url(source.get("url")),
                "places": _places(event.get("locator")),
                "passage": None if documents is None else documents.passage(source, event.get("locator")),
                "event_id": report["event_id"],
                # As instants, not as texts: of one second, that with a fraction comes first by its letters.
                "is_public": dates.as_of is None or parse_as_of(report["at"]) <= dates.as_of,
            }
        )
    return found


def _safe_url(url: str | None) -> str | None:
    """Return an address that may be a link: of the web, and nothing that runs."""
    return url if url is not None and re.match(r"https?://", url) else None


def _places(locator: str | None) -> str:
    """Return where in the text of a source a report is, such as `characters 25–95, +2`."""
    if not locator:
        return ""
    try:
        found = json.loads(locator)
    except ValueError:
        return ""
    spans = [
        span
        for span in (found if isinstance(found, list) else [found])
        if isinstance(span, dict) and "end" in span
    ]
    shown = ", ".join(f"{span['start']}–{span['end']}" for span in spans[:2])
    return shown + (f", +{len(spans) - 2}" if len(spans) > 2 else "")
