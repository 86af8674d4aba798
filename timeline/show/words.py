"""Answers for people: which columns they see, in which words, with every axis of time named.

Takes rows as dicts with aware datetimes, as `Answer.dicts` gives them, and gives lines of text. Whatever
comes from an event may be None: an erased one holds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from timeline.errors import BadInput
from timeline.meaning.times import (
    are_whole_days,
    format_instant,
    from_datetime,
    show_instant_end,
    show_period,
    show_quarters,
    show_reported,
)
from timeline.printable import visible
from timeline.represent import counted
from timeline.show.formats import markdown_lines, markdown_text
from timeline.show.layout import Column, Marked, Style, pairs, table_lines, wrapped

if TYPE_CHECKING:
    from timeline.ask.answers import AsOf, Why

__all__ = [
    "View",
    "asked_in_words",
    "belief_card",
    "beliefs_view",
    "changes_view",
    "disagreements_view",
    "history_view",
    "story",
    "story_of",
]

Row = Mapping[str, Any]

_SHORT_ID: Final = 8


@dataclass(frozen=True, slots=True)
class View:
    """A table for people: what was asked, the columns and rows, and what to say below them."""

    caption: str
    columns: list[Column]
    rows: list[list[str]]
    footer: str = ""
    headed: int = 1
    title: str = field(default="")
    #: The rows as a terminal shows them, with signs and marks, where that differs.
    printed: list[list[str]] | None = None

    def lines(self, width: int | None, style: Style | None = None) -> Iterator[str]:
        """Yield the lines of the table, `width` columns wide at most."""
        if self.caption:
            yield from (line for part in self.caption.split("\n") for line in prose(part, width))
            yield ""
        if self.title:
            yield style("fact", visible(self.title)) if style else visible(self.title)
        rows = self.rows if self.printed is None else self.printed
        yield from table_lines(self.columns, rows, width, style=style, headed=self.headed)
        if self.footer:
            yield ""
            yield from prose(self.footer, width)

    def markdown(self) -> Iterator[str]:
        """Yield the lines of the table in Markdown."""
        for part in filter(None, self.caption.split("\n")):
            yield from (markdown_text(part), "")
        if self.title:
            yield from (f"**{markdown_text(self.title)}**", "")
        yield from markdown_lines([column.header for column in self.columns], self.rows)
        if self.footer:
            yield from ("", markdown_text(self.footer))


def prose(text: str, width: int | None) -> list[str]:
    """Return a sentence or two as lines."""
    return [visible(text)] if width is None else wrapped(visible(text), width)


# Words for what is in a row


#: What English words are in a language; see `phrases`.
Phrases = Mapping[str, str]
_ENGLISH: Final[Phrases] = {}


def _in(words: Phrases, phrase: str, **parts: object) -> str:
    """Return a phrase in a language, with its parts.

    >>> _in({"at {day}": "le {day}"}, "at {day}", day="2025-02-22"), _in({}, "at any time")
    ('le 2025-02-22', 'at any time')
    """
    return words.get(phrase, phrase).format(**parts) if parts else words.get(phrase, phrase)


def asked_in_words(
    asked: AsOf, *, reported: str | None = None, policy: bool = True, words: Phrases = _ENGLISH
) -> str:
    """Return every axis of a question, and its rule; `reported` replaces the words for the reported axis."""
    if reported is None:
        reported = (
            _in(words, "as of everything reported")
            if asked.as_of is None
            else _in(words, "as of {day} (reported)", day=day(asked.as_of))
        )
    valid = (
        _in(words, "at any time")
        if asked.valid_at is None
        else _in(words, "at {day}", day=day(asked.valid_at))
    )
    rule = (
        _in(words, "policy {policy}, basis {basis}", policy=asked.policy, basis=asked.basis)
        if policy
        else f"basis {asked.basis}"
    )
    return _in(
        words,
        "{reported}, recorded as of {recorded}, valid {valid}; {rule}.",
        reported=reported,
        recorded=format_instant(asked.recorded_as_of),
        valid=valid,
        rule=rule,
    )


def day(micros: int) -> str:
    """Return an instant that was asked for or reported: the date where it is the last of a day."""
    return show_instant_end(micros)


def micros_of(value: datetime | None) -> int | None:
    """Return an instant of a row in microseconds."""
    return None if value is None else from_datetime(value)


def claim_of(row: Row, side: str = "") -> str:
    """Return what a row claims, marked with `~` where its figure is approximate."""
    claim = row.get(f"claim{side}")
    if claim is None:
        return ""
    if row.get("value_type") == "date":
        return show_quarters(claim)
    return f"~ {claim}" if row.get(f"approximate{side}") else str(claim)


def fact_of(row: Row) -> str:
    """Return the fact of a row, its period a quarter where it is one.

    >>> fact_of({"fact": "nvidia/revenue@2024-01/2024-03"})
    'nvidia/revenue@2024-Q1'
    """
    return show_quarters(row["fact"] or "")


def said_of(row: Row, side: str = "", words: Phrases = _ENGLISH) -> str:
    """Return a claim and how firm it is, in one."""
    status = row.get(f"status{side}")
    return ", ".join(filter(None, (claim_of(row, side), status and _in(words, status))))


def reported_of(row: Row, event: Row | None = None) -> str:
    """Return when a row was reported, as a span where that is all that is known.

    `event` is where it comes from.
    """
    at = row.get("reported_at")
    if event is not None and event.get("reported_at") is not None:
        start, end = micros_of(event["reported_from"]), micros_of(event["reported_at"])
        written = event.get("reported")
        if written and "T" not in written and not are_whole_days(start, end):
            # The date of another calendar than UTC's, or one that was cut to the moment of recording.
            return show_quarters(written)
        return show_reported(start, end)
    return "" if at is None else day(from_datetime(at))


def valid_of(row: Row) -> str:
    """Return the valid time of a row as EDTF, empty where it is unbounded."""
    lower, upper = micros_of(row.get("valid_from")), micros_of(row.get("valid_to"))
    return "" if lower is None and upper is None else show_period(lower, upper)


def name_of(event: Row) -> str:
    """Return the name by which an event can be called: its key, else the beginning of its id."""
    return str(event.get("key") or short_id(event))


def short_id(event: Row) -> str:
    """Return the beginning of an event's id."""
    return str(event.get("event_id") or "")[:_SHORT_ID]


# Beliefs


def beliefs_view(asked: AsOf, rows: Sequence[Row], events: Mapping[str, Row]) -> View:
    """Return what was believed, a row a belief; `events` are those behind the beliefs, by event_id."""
    columns = [Column("fact"), Column("claim", whole=True), Column("status", whole=True)]
    columns += [Column("reported", whole=True), Column("origin")]
    cells = [
        [
            fact_of(row),
            claim_of(row),
            row["status"] or "",
            reported_of(row, events.get(row["event_id"])),
            row["origin"] or "",
        ]
        for row in rows
    ]
    _add_valid(columns, cells, rows, 2)
    facts = len({row["fact"] for row in rows})
    footer = counted(len(rows), "belief")
    if facts != len(rows):
        footer += f" of {counted(facts, 'fact')}"
    if any(row.get("approximate") for row in rows):
        footer += "; ~ marks an approximate figure"
    return View(f"Believed {asked_in_words(asked)}", columns, cells, f"{footer}.")


def belief_card(
    asked: AsOf | None,
    row: Row,
    event: Row | None = None,
    source: Row | None = None,
    words: Phrases = _ENGLISH,
) -> list[tuple[str, str]]:
    """Return everything about one belief, as names and values; `asked` None is no date to keep to."""
    if event is not None and asked is not None and _is_later(event, asked):
        # Its title may say what nobody knew then.
        source = {"published": _in(words, "of a later date")}
    lines = [
        ("claim", _claim_and_meaning(row)),
        ("status", row["status"] and _in(words, row["status"])),
        ("statement", row["statement"]),
        ("believed since", since_of(row)),
        ("reported", reported_of(row, event)),
        ("origin", row["origin"]),
        ("speaker", row["speaker"]),
        ("source", source_in_words(row["source"], source)),
        ("valid", valid_of(row)),
        ("inferred", _in(words, "the report implies it") if event and event.get("inferred") else None),
        ("event", _event_name(event or row)),
    ]
    return [(_in(words, name), str(value)) for name, value in lines if value]


def _is_later(event: Row, asked: AsOf) -> bool:
    """Whether the source that an event was read in appeared only after the date asked about."""
    read = micros_of(event.get("evidence_at"))
    return asked.as_of is not None and read is not None and read > asked.as_of


def since_of(row: Row) -> str:
    """Return since when exactly this has been believed, on the reported axis; empty where never."""
    return "" if row["believed_from"] is None else day(from_datetime(row["believed_from"]))


def _event_name(event: Row) -> str:
    key = event.get("key")
    return f"{key} ({short_id(event)})" if key else str(event.get("event_id") or "")[: 2 * _SHORT_ID]


def _claim_and_meaning(row: Row) -> str:
    """Return a claim as written, and how it was understood where the words differ."""
    claim = claim_of(row)
    if row.get("value_type") != "amount" or row.get("claim") is None:
        return claim
    from timeline.meaning.amounts import pretty_amount

    try:
        meaning = pretty_amount(
            row["amount_low"], row["amount_high"], row["unit"] or "", bool(row["approximate"])
        )
    except BadInput:
        return claim
    return claim if meaning == row["claim"] else f"{claim} ({meaning})"


def source_in_words(name: str | None, source: Row | None) -> str:
    """Return a source by its id, and what it is known to be."""
    if name is None:
        return ""
    if source is None:
        return name
    known = [source.get("title"), source.get("publisher"), source.get("published")]
    description = ", ".join(
        show_quarters(str(part)) if at == 2 else str(part) for at, part in enumerate(known) if part
    )
    return f"{name}: {description}" if description else name


# History, changes and disagreements


def history_view(asked: AsOf, rows: Sequence[Row]) -> View:
    """Return every event by reported order, and what each did."""
    facts = {row["fact"] for row in rows}
    reported = "at any time" if asked.as_of is None else f"by {day(asked.as_of)}"
    columns = [Column("fact")] if len(facts) > 1 else []
    columns += [Column("reported", whole=True), Column("origin"), Column("effect", whole=True)]
    columns += [Column("claim", whole=True), Column("status", whole=True)]
    columns += [Column("commit", right=True), Column("event", whole=True)]
    cells = [
        [
            *([fact_of(row)] if len(facts) > 1 else []),
            reported_of(row, row),
            row["origin"] or "",
            row["effect"] or "",
            claim_of(row),
            row["status"] or "",
            f"#{row['commit']}",
            short_id(row),
        ]
        for row in rows
    ]
    return View(
        f"Reported {asked_in_words(asked, reported=reported, policy=False)}",
        columns,
        cells,
        f"{counted(len(rows), 'event')}.",
        headed=2 if len(facts) == 1 else 3,
        title="" if len(facts) > 1 else show_quarters(next(iter(facts), "")),
    )


def same_again(row: Row) -> bool:
    """Whether a change is but another report of the same claim, as firm as before.

    >>> same_again({"claim_from": "yes", "claim_to": "yes", "status_from": "agreed", "status_to": "agreed"})
    True
    """
    before, after = ((row[f"claim{side}"], row[f"status{side}"]) for side in ("_from", "_to"))
    return before == after


def changes_view(asked: AsOf, rows: Sequence[Row], start: int | None, end: int | None) -> View:
    """Return what differs between two dates."""
    dates = ["everything reported" if at is None else day(at) for at in (start, end)]
    columns = [Column("fact"), Column("change", whole=True), Column("claim", whole=True)]
    names = ["repeated" if same_again(row) else row["change"] for row in rows]
    cells = [[fact_of(row), name, str(_change(row))] for row, name in zip(rows, names, strict=True)]
    printed = [
        [fact_of(row), f"{_SIGNS[name]} {name}", _change(row)] for row, name in zip(rows, names, strict=True)
    ]
    _add_valid(columns, cells, rows, 3)
    _add_valid([*columns], printed, rows, 3)
    counts = {
        name: sum(row["change"] == name and not same_again(row) for row in rows)
        for name in ("appeared", "changed", "gone")
    } | {"repeated": sum(map(same_again, rows))}
    text = ", ".join(f"{number:,} {name}" for name, number in counts.items() if number)
    between = asked_in_words(asked, reported=f"as of {dates[0]} and of {dates[1]} (reported)")
    return View(f"Believed {between}", columns, cells, f"{text or 'No change'}.", printed=printed)


#: How a change is read without colours.
_SIGNS: Final = {"appeared": "+", "gone": "\N{MINUS SIGN}", "changed": "~", "repeated": "="}


def _change(row: Row) -> Marked:
    """Return what a change says, with marks on what was believed before alone, and afterwards alone."""
    before, after = said_of(row, "_from"), said_of(row, "_to")
    if row["change"] != "changed":
        text = after or before
        return Marked.of(text, [(0, len(text), row["change"])] if text else [])
    if same_again(row):
        return Marked.of(f"{after} (same claim again)", [])
    arrow = " → "
    gone, appeared = differences(before, after)
    shift = len(before) + len(arrow)
    return Marked.of(
        f"{before}{arrow}{after}",
        [(start, end, "gone") for start, end in gone]
        + [(start + shift, end + shift, "appeared") for start, end in appeared],
    )


Span = tuple[int, int]
#: Words, and the signs between them; texts of more than so many are compared as a whole.
_TOKENS: Final = re.compile(r"[^\s,]+|\s+|,")
_TOKENS_AT_MOST: Final = 300


def differences(before: str, after: str) -> tuple[list[Span], list[Span]]:
    """Return where two texts differ, by words: the parts of the first alone, and of the second alone.

    >>> differences("up to 100 billion USD", "30 billion USD")
    ([(0, 9)], [(0, 2)])
    """
    from difflib import SequenceMatcher

    one, other = (_TOKENS.findall(text) for text in (before, after))
    if max(len(one), len(other)) > _TOKENS_AT_MOST:
        return _spans(one, [(0, len(one))]), _spans(other, [(0, len(other))])
    parts = SequenceMatcher(str.isspace, one, other, autojunk=False).get_opcodes()
    changed = [part for part in parts if part[0] != "equal"]
    return (
        _spans(one, [(start, end) for _, start, end, _, _ in changed]),
        _spans(other, [(start, end) for _, _, _, start, end in changed]),
    )


def _spans(tokens: Sequence[str], parts: Sequence[Span]) -> list[Span]:
    """Return where some tokens are in their text, blanks around them left out."""
    ends = [0, *accumulate(map(len, tokens))]
    found = []
    for start, end in parts:
        while start < end and tokens[start].isspace():
            start += 1
        while start < end and tokens[end - 1].isspace():
            end -= 1
        if start < end:
            found.append((ends[start], ends[end]))
    return found


def _add_valid(columns: list[Column], cells: list[list[str]], rows: Sequence[Row], at: int) -> None:
    """Add the column of valid times where any row has one."""
    valid = [valid_of(row) for row in rows]
    if any(valid):
        columns.insert(at, Column("valid", whole=True))
        for line, text in zip(cells, valid, strict=True):
            line.insert(at, text)


def disagreements_view(
    asked: AsOf, rows: Sequence[Row], events: Mapping[str, Row], within: int | None
) -> View:
    """Return pairs of claims that cannot both be right."""
    columns = [Column("fact"), Column("one says", whole=True), Column("another says", whole=True)]
    cells = [[fact_of(row), *(_side(row, side, events) for side in ("_1", "_2"))] for row in rows]
    _add_valid(columns, cells, rows, 1)
    apart = "any time apart" if within is None else f"at most {counted(within, 'day')} apart"
    return View(
        f"Disagreements {asked_in_words(asked, policy=False)}",
        columns,
        cells,
        f"{counted(len(rows), 'disagreement')}, reported {apart}.",
    )


def _side(row: Row, side: str, events: Mapping[str, Row], words: Phrases = _ENGLISH) -> str:
    event = events.get(row[f"event_id{side}"], {})
    when = reported_of({"reported_at": row[f"reported_at{side}"]}, event)
    said = said_of({**event, "claim": row[f"claim{side}"], "status": row[f"status{side}"]}, words=words)
    return f"{said} ({row[f'origin{side}']}, {when})"


# Why


@dataclass(frozen=True, slots=True)
class Story:
    """The evidence for a belief in words: what was asked, each belief as names and values, and the rest.

    `sections` are what it displaced, what was mended, what was taken back and who differs: a heading each,
    and its entries, of which there is one at least.
    """

    caption: str
    fact: str
    cards: list[list[tuple[str, str]]]
    sections: list[tuple[str, list[str]]]


#: The words where there is no card.
NOTHING: Final = "Nothing is believed."


def story_of(why: Why, words: Phrases = _ENGLISH) -> Story:
    """Return what is believed of a fact and on what evidence, what it displaced, was mended, others say."""
    events = {row["event_id"]: row for row in why.history}
    sources = {row["id"]: row for row in why.sources}
    cards = []
    for row in why.beliefs:
        event = events.get(row["event_id"])
        card = belief_card(why.asked, row, event, sources.get(row["source"]), words)
        place = _places(event)
        if place:
            of_source = _in(words, "source")
            at = next((n for n, (name, _) in enumerate(card) if name == of_source), 0) + 1
            card.insert(at, (_in(words, "characters"), place))
        cards.append(card)
    return Story(
        _in(words, "Believed {asked}", asked=asked_in_words(why.asked, words=words)),
        show_quarters(why.fact),
        cards,
        [(_in(words, heading), entries) for heading, entries in _sections(why, events, words) if entries],
    )


def story(
    why: Why, width: int | None, style: Style | None = None, words: Phrases = _ENGLISH
) -> Iterator[str]:
    """Yield the lines of the evidence for a belief, `width` columns wide at most."""
    found = story_of(why, words)
    title = visible(found.fact)
    yield from prose(found.caption, width)
    yield ""
    yield style("fact", title) if style else title
    if not found.cards:
        yield f"  {_in(words, NOTHING)}"
    for card in found.cards:
        yield from _indented(pairs(card, None if width is None else width - 2))
    for heading, entries in found.sections:
        yield ""
        yield style(None, heading) if style else heading
        for entry in entries:
            yield from _entry(entry, width)


def _indented(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield f"  {line}".rstrip()


def _entry(text: str, width: int | None) -> Iterator[str]:
    lines = prose(text, None if width is None else width - 4)
    for nth, line in enumerate(lines):
        yield f"  - {line}" if nth == 0 else f"    {line}"


def _places(event: Row | None) -> str | None:
    if event is None or not event.get("locator"):
        return None
    import json

    found = json.loads(event["locator"])
    spans = found if isinstance(found, list) else [found]
    text = [f"{span['start']}-{span['end']}" for span in spans if isinstance(span, dict) and "end" in span]
    return ", ".join(text) if text else None


def _sections(why: Why, events: Mapping[str, Row], words: Phrases) -> Iterator[tuple[str, list[str]]]:
    believed = {row["event_id"] for row in why.beliefs}
    yield "It displaced", [_in_words(row, events, words) for row in why.displaced]
    yield (
        "Our record was mended",
        [_mended(row, events, words) for row in why.history if row["event_type"] == "corrected"],
    )
    yield (
        "Taken back",
        [
            _taken_back(row, events, words)
            for row in why.history
            if row["event_type"] in ("retracted", "withdrawn")
        ],
    )
    yield (
        "What others say",
        [_in_words(row, events, words) for row in why.claims if row["event_id"] not in believed],
    )
    yield (
        "Disagreements",
        [
            _in(
                words,
                "{one} against {other}",
                one=_side(row, "_1", events, words),
                other=_side(row, "_2", events, words),
            )
            for row in why.disagreements
        ],
    )


def _in_words(row: Row, events: Mapping[str, Row], words: Phrases) -> str:
    event = events.get(row["event_id"], row)
    valid = _in(words, ", valid {span}", span=valid_of(row)) if valid_of(row) else ""
    said = said_of(row, words=words)
    return f"{said}{valid} ({row['origin']}, {reported_of(row, event)}; {name_of(event)})"


def _mended(row: Row, events: Mapping[str, Row], words: Phrases) -> str:
    target = events.get(row["target"], {})
    name = name_of(target) or short_id({"event_id": row["target"]})
    was = said_of(target, words=words)
    if row["void"]:
        change = _in(words, "{name} counts as never recorded: {what}", name=name, what=was)
    else:
        change = f"{name}: {was} → {said_of(row, words=words)}"
    return _in(
        words,
        "{change}. {reason}(recorded in #{commit}, {moment})",
        change=change,
        reason=_reason(row),
        commit=row["commit"],
        moment=format_instant(from_datetime(row["recorded_at"])),
    )


def _taken_back(row: Row, events: Mapping[str, Row], words: Phrases) -> str:
    when = reported_of(row, row)
    if row["event_type"] == "withdrawn":
        return _in(
            words,
            "{origin} no longer says anything of it since {when} ({name})",
            origin=row["origin"],
            when=when,
            name=name_of(row),
        )
    target = events.get(row["target"], {})
    return _in(
        words,
        "{name}: {what}, retracted {when}{who}. {reason}",
        name=name_of(target) or short_id({"event_id": row["target"]}),
        what=said_of(_as_mended(target, events), words=words),
        when=when,
        who=_in(words, " by {origin}", origin=row["origin"]) if row["origin"] else "",
        reason=_reason(row),
    ).rstrip()


def _as_mended(event: Row, events: Mapping[str, Row]) -> Row:
    """Return an event as it reads after our own corrections; voids leave it as it was."""
    mended = [
        row
        for row in events.values()
        if row.get("event_type") == "corrected" and not row["void"] and row["target"] == event.get("event_id")
    ]
    return _as_mended(max(mended, key=lambda row: row["position"]), events) if mended else event


def _reason(row: Row) -> str:
    reason = (row.get("reason") or "").strip()
    if not reason:
        return ""
    return f"{reason} " if reason.endswith((".", "!", "?")) else f"{reason}. "
