"""What the store has beside what it is given: reports of the same, and amendments of what is amended.

None of that is an error. An edited report is another one, a report that is known may have been displaced
since, and an amendment may change nothing; each is a warning that says what holds, and how to mend it.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from weakref import WeakMethod

from timeline.errors import Place
from timeline.index.of_fact import events_of
from timeline.index.reader import Reader
from timeline.intake.taken import Taken
from timeline.meaning import fold
from timeline.meaning.columns import LOG_COLUMNS
from timeline.meaning.times import format_instant, from_naive

__all__ = [
    "AMENDMENTS_AT_MOST",
    "SAID_OF_AT_MOST",
    "TOPIC",
    "Beside",
    "Given",
    "and_more",
    "and_more_twice",
    "twice",
]

#: What a source should report once: the same columns give one event.
TOPIC: Final = ("source", "fact", "reported")
_COMPETING: Final = ("reported", "withdrawn")

#: Of so many topics it is said which other reports the store has; the others are counted.
SAID_OF_AT_MOST: Final = 20
#: Of a fact with more events it is not worked out what holds.
_EVENTS_AT_MOST: Final = 300
#: The events of so many facts are looked up one by one; of more, those of their topics are joined.
_FACTS_AT_MOST: Final = 100
#: So many amendments of one run are compared with what they amend.
AMENDMENTS_AT_MOST: Final = 500
#: Reports that differ in none of these say the same.
_SAID: Final = ("event_type", "claim", "text", "status")
_SHOWN: Final = 60
_WRITTEN: Final = 300
_INSTANTS: Final = tuple(name for name, kind in LOG_COLUMNS.items() if kind == "instant")
#: The claim of each value type as an option of `timeline correct`.
_OPTIONS: Final = {"text": "--text", "date": "--date", "entity": "--entity", "answer": "--answer"}

Row = dict[str, Any]
_Topic = tuple[str | None, str | None, str | None]


@dataclass(frozen=True, slots=True)
class Given:
    """An event that was given, as a row of the log, and whether it is known already."""

    place: Place
    row: Row
    is_known: bool


def and_more(count: int) -> str:
    return f"… and {count:,} more facts of which the store has another report of that source and date"


def and_more_twice(count: int) -> str:
    return f"… and {count:,} more that their source reports twice"


def twice(source: str, fact: str, reported: str) -> str:
    return f"{source} reports {fact} twice for {reported}; the later report wins"


class Beside:
    """Compares events that are given with those of one state of the store, and with each other.

    `joined` gives the events of very many topics in the store, with instants in microseconds; `taken` has
    those that were recorded after that state, or are to be.
    """

    def __init__(
        self, reader: Reader, joined: Callable[[Sequence[_Topic]], Iterable[Row]], taken: Taken
    ) -> None:
        self._reader = reader
        self._taken = taken
        # Weakly, since it is a method of what has this: a reader is to go at once, not with a cycle.
        self._joined = WeakMethod(joined)
        self._cached: dict[str, list[Row] | None] = {}

    def warnings(self, given: Sequence[Given], start: int) -> Iterator[str]:
        """Yield what is to be said of the events of a run; `start` is the last position before it."""
        topics = _by_topic(given)
        siblings = self._siblings(topics)
        repeated: list[tuple[int, str]] = []
        for topic, rows in siblings.items():
            repeated += _repeated(topics[topic], rows, start)
        yield from (message for _, message in sorted(repeated, key=lambda one: one[0]))
        yield from self._of_others(topics, siblings, start)
        amendments = [
            one for one in given if one.row["event_type"] in ("corrected", "retracted") and not one.is_known
        ]
        yield from self.of_amendments(amendments[:AMENDMENTS_AT_MOST])

    def others(self, given: Sequence[Given], start: int) -> Iterator[list[str]]:
        """Yield what is to be said of reports beside others that the store has, topic by topic."""
        topics = _by_topic(given)
        for topic, rows in self._siblings(topics).items():
            if found := self._others(topics[topic], rows, start):
                yield found

    def _others(self, given: Sequence[Given], rows: Sequence[Row], start: int) -> list[str]:
        # First as if everything counted, since to find out what does takes a look at the whole fact.
        found = _others(given, rows, start, {row["event_id"] for row in rows})
        return _others(given, rows, start, self._counting(rows)) if found else []

    def _of_others(
        self, topics: dict[_Topic, list[Given]], siblings: dict[_Topic, list[Row]], start: int
    ) -> Iterator[str]:
        said, more = 0, 0
        for topic, rows in siblings.items():
            if said == SAID_OF_AT_MOST:
                more += bool(_others(topics[topic], rows, start, {row["event_id"] for row in rows}))
            elif found := self._others(topics[topic], rows, start):
                said += 1
                yield from found
        if more:
            yield and_more(more)

    def of_amendments(self, amendments: Sequence[Given]) -> Iterator[str]:
        """Yield what is to be said of new amendments beside what they amend."""
        for one in amendments:
            if (events := self._events(one.row["fact"])) is not None:
                yield from _of_amendment(
                    one, [row for row in events if row["position"] < one.row["position"]]
                )

    def _events(self, fact: str) -> list[Row] | None:
        """Return the events of a fact in log order, instants in microseconds; None of very many."""
        if fact not in self._cached:
            found = events_of(self._reader, fact, _EVENTS_AT_MOST) if self._reader.position else []
            self._cached[fact] = None if found is None else [_in_micros(row) for row in found]
        cached = self._cached[fact]
        later = None if cached is None else self._taken.of_fact(fact, _EVENTS_AT_MOST - len(cached))
        return None if cached is None or later is None else [*cached, *later]

    def _siblings(self, topics: dict[_Topic, list[Given]]) -> dict[_Topic, list[Row]]:
        """Return the reports and withdrawals of each topic in log order, of those that have several."""
        found: dict[_Topic, list[Row]] = {topic: [] for topic in topics}
        facts = {topic[1]: None for topic in topics}
        joined = list(topics)
        if len(facts) <= _FACTS_AT_MOST:
            known = {fact: self._events(str(fact)) for fact in facts}
            for events in known.values():
                for row in events or ():
                    if row["event_type"] in _COMPETING and _topic(row) in found:
                        found[_topic(row)].append(row)
            joined = [topic for topic in topics if known[topic[1]] is None]
        if joined:
            if self._reader.position:
                events_of_topics = self._joined()
                assert events_of_topics is not None
                for row in events_of_topics(joined):
                    found[_topic(row)].append(row)
            for row in self._taken.of_facts(dict.fromkeys(str(topic[1]) for topic in joined)):
                if row["event_type"] in _COMPETING and _topic(row) in found:
                    found[_topic(row)].append(row)
        several = {topic: rows for topic, rows in found.items() if len(rows) > 1}
        for rows in several.values():
            rows.sort(key=lambda row: int(row["position"]))
        return several

    def _counting(self, rows: Sequence[Row]) -> set[str]:
        """Return the ids of those of the events of one fact that are neither void nor retracted.

        Of a fact with very many events, of all.
        """
        events = self._events(rows[0]["fact"])
        if events is None or all(row["event_type"] in _COMPETING for row in events):
            return {row["event_id"] for row in rows}
        living = {
            life.standing.place
            for life in fold.lives(fold.standing(map(_entry, events)))
            if life.spans and life.spans[-1][1] == fold.END
        }
        return {row["event_id"] for row in rows if row["position"] in living}


def _by_topic(given: Sequence[Given]) -> dict[_Topic, list[Given]]:
    topics: dict[_Topic, list[Given]] = {}
    for one in given:
        if one.row["event_type"] in _COMPETING:
            topics.setdefault(_topic(one.row), []).append(one)
    return topics


def _others(given: Sequence[Given], rows: Sequence[Row], start: int, counting: Collection[str]) -> list[str]:
    """Return what is to be said of the reports of one topic beside those of the store.

    `rows` are all events of the topic, and `counting` the ids of those that are neither void nor retracted.
    """
    said = []
    for one in given:
        if one.is_known or one.row["event_type"] != "reported":
            continue
        before = _reports_before(one, rows)
        stored = [row for row in before if row["event_id"] in counting]
        if stored and before[-1]["position"] <= start:
            said.append(f"{one.place}: {_edited(one.row, stored[-1])}")
    last = given[-1]
    if not last.is_known or last.row["event_type"] != "reported" or last.row["event_id"] not in counting:
        return said
    as_recorded = next((row for row in rows if row["event_id"] == last.row["event_id"]), last.row)
    later = [
        row
        for row in rows
        if row["event_id"] in counting and _order(row) > _order(as_recorded) and _meet(row, as_recorded)
    ]
    if later:
        by = max(later, key=_order)
        if any(by.get(name) != as_recorded.get(name) for name in _SAID):
            said.append(f"{last.place}: {_displaced(as_recorded, by)}")
    return said


def _reports_before(one: Given, rows: Sequence[Row]) -> list[Row]:
    before = one.row["position"]
    return [row for row in rows if row["position"] < before and row["event_type"] == "reported"]


def _repeated(given: Sequence[Given], rows: Sequence[Row], start: int) -> Iterator[tuple[int, str]]:
    """Yield the new reports of one topic that follow another one in the same run, by their positions."""
    for one in given:
        row = one.row
        if one.is_known or row["event_type"] != "reported":
            continue
        if any(other["position"] > start for other in _reports_before(one, rows)):
            yield row["position"], twice(row["source"], row["fact"], row["reported"])


# Amendments


def _of_amendment(one: Given, events: Sequence[Row]) -> Iterator[str]:
    """Yield what is to be said of an amendment of a fact that has these events before it."""
    row = one.row
    target = next((event for event in events if event["event_id"] == row["target"]), None)
    if target is None:
        return
    entries = [_entry(event) for event in events]
    place = target["place"] or target["position"]
    before, after = (
        {found.place: found for found in fold.standing(some)} for some in (entries, [*entries, _entry(row)])
    )
    by_id = {event["event_id"]: event for event in events}
    if row["event_type"] == "retracted":
        said = _of_retraction(row, target, place, before, after, by_id)
    else:
        said = _of_correction(row, target, before.get(place), after.get(place), events, by_id)
    if said is not None:
        yield f"{one.place}: {said}"


def _of_retraction(
    row: Row,
    target: Row,
    place: int,
    before: dict[int, fold.Standing],
    after: dict[int, fold.Standing],
    by_id: dict[str, Row],
) -> str | None:
    if place not in before:
        return f"{_name(target)} is void, so there is nothing to retract"
    held, holds = (_spans(found, place) for found in (before, after))
    taken_back = by_id[before[place].entry.event_id]
    if not held or held[-1][1] < fold.END:
        since = f"from {format_instant(held[-1][1])} on" if held else "at every date"
        others = [found for found in before.values() if found.retracts == place]
        by = min(others, key=lambda found: found.entry.reported_at).entry
        outcome = "this retraction changes nothing" if held == holds else "the earlier date holds"
        return f"{_name(target)} is retracted already, {since}, by {_name(by_id[by.event_id])}; {outcome}"
    if not holds:
        return (
            f"this retraction is dated {row['reported']}, not after what it retracts, which was reported "
            f"{taken_back['reported']}: so {_name(target)} counts at no date"
        )
    return None


def _spans(standing: dict[int, fold.Standing], place: int) -> tuple[tuple[int, int], ...]:
    """Return the parts of the reported axis in which what is at a place counts, a retraction too."""
    lives = fold.lives([*(standing | {place: replace(standing[place], kind="report")}).values()])
    return next((life.spans for life in lives if life.standing.place == place), ())


def _of_correction(
    row: Row,
    target: Row,
    before: fold.Standing | None,
    after: fold.Standing | None,
    events: Sequence[Row],
    by_id: dict[str, Row],
) -> str | None:
    if before == after:
        if before is None:
            return f"{_name(target)} is void already, so this correction changes nothing"
        counts = by_id[before.entry.event_id]
        return (
            f"{_name(target)} does not count, but {_name(counts)} does ({_said(counts)}), so nothing changes"
        )
    others = [
        event for event in events if event["event_type"] == "corrected" and event["target"] == row["target"]
    ]
    if others and before is not None:
        counts = by_id[before.entry.event_id]
        instead = "nothing" if after is None else "this correction, recorded later,"
        return (
            f"{_name(target)} was corrected already, by {_name(others[-1])} ({_said(counts)}); "
            f"{instead} counts in its place now"
        )
    return None


# In words


def _edited(row: Row, other: Row) -> str:
    """Return what is to be said of a report beside an `other` one of its topic, which the store had."""
    return (
        f"the store has a report of {row['fact']} by {row['source']} for {row['reported']} already: "
        f"{_said(other)} ({_name(other)}); this one, {_said(row)}, is recorded beside it, and wins. If it is "
        f"that report, edited, mend the record: {_command(row, other)}"
    )


def _displaced(row: Row, by: Row) -> str:
    return (
        f"{_said(row)} is known already ({_name(row)}), but displaced since by {_said(by)} ({_name(by)}), "
        f"which {row['source']} reported of {row['fact']} for {row['reported']} too; to record it again, "
        "give the reported date a time of day, or the event a key"
    )


def _name(row: Row) -> str:
    return str(row.get("key") or row["event_id"][:12])


def _said(row: Row) -> str:
    claim = row.get("claim")
    if claim is None:
        return "nothing" if row["event_type"] == "withdrawn" or row.get("void") else row["event_type"]
    shown = claim if len(claim) <= _SHOWN else f"{claim[:_SHOWN]}…"
    status = row.get("status")
    return f"{shown!r}" if status in (None, "announced") else f"{shown!r}, {status}"


def _command(row: Row, other: Row) -> str:
    """Return the command that makes one report say what another one of its topic says."""
    claim = str(row["claim"] if row.get("value_type") == "amount" or row.get("text") is None else row["text"])
    claim = claim if len(claim) <= _WRITTEN else "…"
    options = []
    if row.get("value_type") in _OPTIONS:
        options += [_OPTIONS[row["value_type"]], claim]
    for name in ("status", "valid", "origin", "speaker", "statement"):
        value = row.get(name)
        if value is not None and value != other.get(name) and len(value) <= _WRITTEN:
            options += [f"--{name}", value]
    options += ["--reason", "…"]
    for nth in range(1, len(options), 2):
        if options[nth].startswith("-"):
            options[nth - 1 : nth + 1] = ["", f"{options[nth - 1]}={options[nth]}"]
    named = [_name(other), *([claim] if row.get("value_type") == "amount" else [])]
    # What begins with a dash would be an option.
    words = [*options, "--", *named] if any(name.startswith("-") for name in named) else [*named, *options]
    return shlex.join(["timeline", "correct", *filter(None, words)])


# Rows


def _topic(row: Row) -> _Topic:
    source, fact, reported = (row[name] for name in TOPIC)
    return source, fact, reported


def _order(row: Row) -> tuple[int, int]:
    return int(row["reported_at"]), int(row.get("place") or row["position"])


def _meet(row: Row, other: Row) -> bool:
    """Whether there is a valid instant that both speak of."""
    starts = [start for start in (row.get("valid_from"), other.get("valid_from")) if start is not None]
    ends = [end for end in (row.get("valid_to"), other.get("valid_to")) if end is not None]
    return not starts or not ends or max(starts) < min(ends)


def _in_micros(row: Row) -> Row:
    return row | {name: from_naive(row[name]) for name in _INSTANTS if row.get(name) is not None}


def _entry(row: Row) -> fold.Entry:
    # When it is recorded makes no difference here, where everything counts.
    return fold.entry_of([0 if name == "recorded_at" else row.get(name) for name in fold.ENTRY_COLUMNS])
