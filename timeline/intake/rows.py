"""From events as written to rows of the log: what only the store knows.

Defaults come from an event's source or target, reported dates get their bounds, names are checked
against those registered, and what the store holds already is separated from what is new. An intake sees
one state of the store and everything that it has taken itself since, so that the files of a folder
may speak of each other before any of them is recorded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

import pyarrow as pa

from timeline.errors import BadEvent, BadInput, Conflict, Place, TimelineError, UnknownName, nearest
from timeline.index.aliases import Aliases
from timeline.index.reader import Reader
from timeline.intake.batch import Draft
from timeline.intake.beside import TOPIC, Beside
from timeline.intake.drafts import in_chunks
from timeline.intake.known import KnownEvents, one_of
from timeline.intake.names import KINDS, REFUSING, SAID, KnownNames, KnownSource, Naming, known_name
from timeline.intake.near import NearNames, twin_warnings
from timeline.intake.outcome import Rejected
from timeline.intake.personal import PersonalEvents, like_erased
from timeline.intake.resolved import Resolved, begun_elsewhere, in_words
from timeline.intake.run import Run
from timeline.intake.taken import IN_MEMORY, Row, Taken, keys_of
from timeline.intake.under_way import NAMED, UnderWay, names_in, names_of
from timeline.meaning.columns import ERASED, LOG_COLUMNS
from timeline.meaning.described import DESCRIPTIONS
from timeline.meaning.event import Event, event_from
from timeline.meaning.fact import with_parts
from timeline.meaning.habits import Habits
from timeline.meaning.identity import INHERITABLE, content_of, event_id
from timeline.meaning.likeness import alias_key, difference, skeletons
from timeline.meaning.names import parse_segment
from timeline.meaning.personal import is_personal
from timeline.meaning.times import Edtf, format_instant, parse_edtf

__all__ = ["Intake", "Resolved"]

_EVENT_ID = re.compile(r"[0-9a-f]{64}")

#: The columns that hold names, in the order in which these are looked at; a claim and the origin come last.
_ROLES: Final = ("subject", "object", "attribute", "source", "speaker")

#: How many names are compared for the hints of one batch: a column of unknown names takes seconds, not hours.
_COMPARED_AT_MOST: Final = 100_000

_NO_HABITS: Final = Habits()
#: So many drafts are looked up at once; of more, what was refused and looked up is let go in between.
_AT_ONCE: Final = 5_000
#: Of so many names it is kept that they were looked up.
_ASKED_AT_MOST: Final = 100_000


class Intake:
    """Takes batches in order, on one state of the store.

    `recorded_at` is the moment to which reported dates are cut, in microseconds, and after which none may
    start; the commit must be of no earlier one. `naming` says what becomes of names never heard of, and
    `personal` whether all that is given gets ids that nobody can guess. So many drafts are resolved
    `at_once`, and of more events than `in_memory` the earlier ones are on disk.
    """

    def __init__(
        self,
        reader: Reader,
        recorded_at: int,
        *,
        naming: Naming = REFUSING,
        at_once: int = _AT_ONCE,
        in_memory: int = IN_MEMORY,
    ) -> None:
        self._at_once = at_once
        self._con = reader.cursor()
        self._has_tail = bool(reader.tail_events)
        self._events = "generation.store.events" if self._has_tail else "store.events"
        self.recorded_at = recorded_at
        self.naming = naming
        self.personal = False
        self._position = reader.position
        self._stored = KnownEvents(self._con, reader)
        self._stored_names = KnownNames(self._con)
        self._names: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
        self._asked: dict[str, set[str]] = {kind: set() for kind in KINDS}
        self._taken = Taken(min(in_memory, at_once))
        self._personal = PersonalEvents(self._con, self._stored, self._taken)
        self._like_erased: list[Place] = []
        self._near_names = NearNames(self._con)
        self._aliases: Aliases | None = None
        # Names that became known in this batch, and those that this event registers.
        self._new: dict[str, dict[str, None]] = {kind: {} for kind in KINDS}
        self._registering: list[tuple[str, str]] = []
        self._met_sources: set[str] = set()
        self._near: dict[str, dict[str, str | None]] = {}
        self._described: dict[str, set[str]] = {}
        self._known: dict[str, list[str]] = {}
        self._hints: dict[tuple[str, str], str] = {}
        self._compared = 0
        self._habits = _NO_HABITS
        self._reader = reader
        self._besides = Beside(reader, self._of_topics, self._taken)
        self._run = Run(self._taken, self._con, reader.spill.within if reader.spill else None, in_memory)
        self._start = self._position

    def close(self) -> None:
        """Let go of the store; what it took stays as it is."""
        self._run.close()
        self._con.close()

    @property
    def taken(self) -> int:
        """How many events it remembers."""
        return self._taken.remembered

    @property
    def position(self) -> int:
        """The last position once everything taken so far is recorded."""
        return self._position

    def begin(self) -> None:
        """Begin a run: what `warnings` compares is what is given from now on."""
        self._run.begin()
        self._start = self._position

    def warnings(self) -> list[str]:
        """Return what is to be said of the events of the run beside those that the store has."""
        return list(self._run.warnings(self._beside_of, self._start))

    def _beside_of(self, taken: Taken) -> Beside:
        return self._besides if taken is self._taken else Beside(self._reader, self._of_topics, taken)

    def resolve(
        self,
        drafts: Collection[Draft],
        habits: Habits = _NO_HABITS,
        keep: int | None = None,
        written: Callable[[Sequence[Rejected]], None] | None = None,
    ) -> Resolved:
        """Return the rows of one batch; what is refused changes nothing but for events that aim at it.

        `habits` say how the batch is to be read where a source does not. Of what is refused so many are kept,
        or all, and all are handed to `written`.
        """
        resolved = Resolved(keep=keep, written=written)
        self._habits = habits
        self._hints.clear()
        self._compared = 0
        self._begin_near()
        first = len(self._taken)
        if len(drafts) > self._at_once and self._near:
            # What is near what shows only once all names of the batch are known.
            self._find_near(self._surveyed(drafts))
        for chunk in in_chunks(drafts, self._at_once):
            self._number(list(self._taking(chunk, resolved, len(drafts) <= self._at_once)), resolved)
            resolved.settle()
            self._forget_asked()
            self._run.spill()
            self._taken.spill()
        resolved.rows = self._taken.since(first)
        self._warn_of_twins(resolved)
        resolved.warnings += like_erased(self._like_erased)
        self._like_erased.clear()
        return resolved

    def _forget_asked(self) -> None:
        """Let go of which names were looked up where these are very many; what was found stays."""
        for names in self._asked.values():
            if len(names) > _ASKED_AT_MOST:
                names.clear()

    def _taking(self, drafts: Iterable[Draft], resolved: Resolved, is_all: bool) -> Iterator[UnderWay]:
        """Yield the events of a batch, complete and hashed, each behind the registrations that it needs."""
        read = list(self._read(drafts, resolved))
        self._look_up_names(name for draft in read for name in names_of(draft))
        events = [draft.event for draft in read if draft.event is not None]
        self._look_up_targets(event.target for event in events if event.target is not None)
        self._look_up_keys({"key": event.key} for event in events)
        self._look_up_keys(draft.row for draft in read if draft.event is None)
        if is_all and self._near:
            self._find_near([read])
        for draft in read:
            self._registering.clear()
            try:
                registering = list(self._complete(draft))
                self._check_key(draft.row)
            except TimelineError as error:
                # What would have been registered for it was not, so it is still unknown to the next.
                for kind, name in self._registering:
                    del self._names[kind][name]
                resolved.reject(Rejected(draft.place, error, draft.keys))
                continue
            self._taken.by_id.setdefault(draft.row["event_id"], draft.row)
            for kind, name in self._registering:
                self._new[kind][name] = None
            resolved.registered += len(registering)
            yield from registering
            yield draft

    # Reading what each event says by itself

    def _read(self, drafts: Iterable[Draft], resolved: Resolved) -> Iterator[UnderWay]:
        for draft in drafts:
            try:
                event = event_from(draft.keys)
                if isinstance(event, Event):
                    yield UnderWay(draft.place, draft.keys, {}, event, places=draft.places)
                else:
                    yield UnderWay(draft.place, draft.keys, event.columns(), places=draft.places)
            except BadInput as error:
                resolved.reject(Rejected(draft.place, error, draft.keys))

    def _look_up_names(self, names: Iterable[tuple[str, str]]) -> None:
        wanted: dict[str, set[str]] = {kind: set() for kind in KINDS}
        for kind, name in names:
            wanted[kind].add(name)
        for kind, found in wanted.items():
            self._ask(kind, found)

    def _ask(self, kind: str, names: set[str]) -> None:
        new = names - self._asked[kind]
        if not new:
            return
        self._asked[kind] |= new
        for name, said in self._stored_names.among(kind, new).items():
            # What this intake took itself is newer than what the store holds.
            self._names[kind].setdefault(name, known_name(kind, *said))

    def _look_up_targets(self, targets: Iterable[str]) -> None:
        wanted = list(dict.fromkeys(targets))
        if not wanted:
            return
        self._taken.recall(wanted)
        keys, by_id = self._taken.keys, self._taken.by_id
        # A key that this intake met may be that of an event whose own was erased.
        aims = [keys.get(aim, aim) for aim in wanted if keys.get(aim) not in by_id]
        found = self._stored.among([aim for aim in aims if _EVENT_ID.fullmatch(aim)])
        positions = {position for places in found.values() for position in places}
        positions.update(position for _, _, position in self._keyed(wanted))
        rows = self._rows_at(positions)
        # A correction says what it means of the first report, whose type it shares.
        rows += self._rows_at({row["place"] for row in rows} - positions)
        by_position: dict[int, Row] = {}
        for row in rows:
            by_position[row["position"]] = row
            by_id.setdefault(row["event_id"], row)
            for key in keys_of(row):
                keys.setdefault(key, row["event_id"])
        self._look_up_names(name for row in by_position.values() for name in names_in(row))
        for row in by_position.values():
            row["root"] = by_position.get(row["place"], row)["event_type"]

    def _rows_at(self, positions: Collection[int]) -> list[Row]:
        """Return the events at these positions, with instants in microseconds."""
        if not positions:
            return []
        # A scan finds a join's few positions before it reads other columns, which it does not for a list.
        return self._rows_where("position IN (SELECT unnest($1::BIGINT[]))", [sorted(positions)])

    def _of_topics(self, topics: Sequence[tuple[str | None, ...]]) -> list[Row]:
        """Return the reports and withdrawals of sources, facts and reported dates, as `_rows_at` does."""
        self._con.register(
            "topics", pa.table(dict(zip(TOPIC, map(list, zip(*topics, strict=True)), strict=True)))
        )
        named = ", ".join(TOPIC)
        condition = f"event_type IN ('reported', 'withdrawn') AND ({named}) IN (SELECT ({named}) FROM topics)"
        found = self._rows_where(condition, [])
        self._con.unregister("topics")
        return found

    def _rows_where(self, condition: str, parameters: Sequence[object]) -> list[Row]:
        instants = {name for name, kind in LOG_COLUMNS.items() if kind == "instant"}
        columns = ", ".join(f"epoch_us({n})" if n in instants else n for n in LOG_COLUMNS)
        queries = [f"SELECT {columns} FROM {self._events} WHERE {condition}"]
        if self._has_tail:
            queries.append(f"SELECT {columns} FROM tail.appended WHERE {condition}")
        found = self._con.execute(" UNION ALL ".join(queries), list(parameters)).fetchall()
        return [dict(zip(LOG_COLUMNS, values, strict=True)) for values in found]

    def _keyed(self, keys: Sequence[str]) -> list[tuple[str, str, int]]:
        """Return key, event id and position of the events in the store that have one of these keys."""
        condition, parameters = one_of("VARCHAR", keys)
        found: list[tuple[str, str, int]] = self._con.execute(
            f"SELECT key, event_id, position FROM store.keys WHERE key {condition}", parameters
        ).fetchall()
        return found + [(key, *named) for key in keys if (named := self._personal.named(key)) is not None]

    def _look_up_keys(self, rows: Iterable[Mapping[str, Any]]) -> None:
        keys = list(dict.fromkeys(key for row in rows for key in keys_of(row)))
        if keys:
            self._taken.recall(keys)
            for key, known, _ in self._keyed(keys):
                self._taken.keys.setdefault(key, known)

    # Filling in what an event leaves to its source or target

    def _complete(self, draft: UnderWay) -> Iterator[UnderWay]:
        """Fill the row in and hash it; yields descriptions to be registered before it."""
        if draft.event is None:
            yield from self._describe(draft)
            return
        row = draft.row = self._own_columns(draft.event)
        inherited: set[str] = set()
        if self.naming.resolve_aliases:
            self._resolve_aliases(draft)
        if row["event_type"] in ("corrected", "retracted"):
            self._aim(draft, inherited)
        row["root"] = (
            draft.target["root"] if draft.target and row["event_type"] == "corrected" else row["event_type"]
        )
        registering = list(self._check_names(draft))
        if row["event_type"] == "corrected":
            self._take_over(row, draft.target or {}, inherited)
        else:
            self._date(row, inherited)
        row["inherited"] = sum({INHERITABLE[name] for name in inherited if row.get(name) is not None})
        row["event_id"] = event_id(content_of(row))
        formerly = [event_id(content_of(row | former)) for former in row.pop("formerly", ())]
        if formerly and (known := self._stored.among([row["event_id"], *formerly])):
            # Once more under its id of now, it would be there twice.
            row["event_id"] = next(one for one in (row["event_id"], *formerly) if one in known)
        self._identify(draft)
        yield from registering

    def _identify(self, draft: UnderWay) -> None:
        """Give personal data a key and an id that nobody can guess, or those that it has in the store."""
        row = draft.row
        own = row.get("key")
        # What amends personal data says of it, too.
        wanted = self.personal or is_personal((draft.target or {}).get("key"))
        if self._personal.identify(row, wanted):
            self._like_erased.append(draft.place)
        if row.get("key") != own:
            # They may be written to a file, which is to give the same event.
            draft.keys["key"] = row["key"]

    def _own_columns(self, event: Event) -> Row:
        """Return what an event says itself, read as its source writes and as its attribute has it."""
        target = self._target(event.target) or {} if event.target is not None else {}
        named = event.source or target.get("source")
        habits = self._habits
        if named is not None:
            self._ask("source", {named})
            source = self._names["source"].get(named)
            habits = habits if source is None else source.habits.over(habits)
        declared = None
        if event.claim is not None:
            attribute = dict(event.names()).get("attribute") or target.get("attribute", "")
            declared, _ = self._names["attribute"].get(attribute, (None, None))
            if declared == "entity":
                self._ask("entity", {event.claim})
        return event.columns(habits, declared)

    def _target(self, aim: str) -> Row | None:
        """Return the event with this key or event id, where one was taken or looked up."""
        by_id = self._taken.by_id
        return by_id.get(aim) if _EVENT_ID.fullmatch(aim) else by_id.get(self._taken.keys.get(aim, ""))

    def _describe(self, draft: UnderWay) -> Iterator[UnderWay]:
        row = draft.row
        kind = row["event_type"].removesuffix("-described")
        # As the store will have it: what was written may be another form of that text, a number or a flag.
        described = json.loads(row["text"])
        registering: list[UnderWay] = []
        if kind == "source" and "origin" in described:
            registering += self._origin_of(draft, described)
        row["inherited"] = 0
        row["event_id"] = event_id(content_of(row))
        self._identify(draft)
        name = row["subject"]
        self._ask(kind, {name})
        if name not in self._names[kind]:
            self._registering.append((kind, name))
        if kind == "entity" and (described.get("aliases") or self._aliases is not None):
            self._known_aliases().describe(name, described.get("aliases", ()))
        self._names[kind][name] = known_name(kind, *map(described.get, SAID[kind]))
        yield from registering

    def _origin_of(self, draft: UnderWay, described: dict[str, Any]) -> Iterator[UnderWay]:
        """Yield the registration of a source's origin, if it needs one."""
        row, origin = draft.row, described["origin"]
        self._ask("entity", {origin})
        self._ask("source", {origin})
        if origin in self._names["entity"] or origin == row["subject"] or self._is_source(origin):
            return
        if self.naming.resolve_aliases and len(ids := self._meant_by(origin)) == 1:
            described["origin"] = draft.keys["origin"] = ids[0]
            row["text"] = json.dumps(described, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
            return
        problems: list[BadInput] = []
        yield from self._registration(draft, "entity", origin, "origin", problems)
        if problems:
            raise problems[0]

    def _aim(self, draft: UnderWay, inherited: set[str]) -> None:
        row = draft.row
        aim = row["target"]
        known = self._target(aim)
        if known is None or known["event_type"] in (*DESCRIPTIONS, ERASED):
            raise BadInput(
                f"nothing earlier is called {aim!r}; expected the key or event_id of an event"
                f"{self._near_key(aim)}"
            )
        if row.get("fact") is not None and row["fact"] != known["fact"]:
            raise BadInput(f"the target is about {known['fact']}, not {row['fact']}")
        if row.get("fact") is None:
            inherited.add("fact")
            for name in ("fact", "subject", "attribute", "object", "period", "period_from", "period_to"):
                row[name] = known.get(name)
        row["target"] = known["event_id"]
        draft.target = known
        if row["event_type"] != "corrected" or row["void"]:
            return
        claims = row.get("value_type") is not None
        if known["root"] == "retracted" and claims:
            raise BadInput(
                "a correction of a retraction claims nothing; it may give another reported date or source"
            )
        if known["root"] == "reported" and not claims:
            raise BadInput(
                "a correction of a report needs its claim; to strike the report out, give void: true"
            )

    def _near_key(self, aim: str) -> str:
        if self._compared > _COMPARED_AT_MOST:
            return ""
        known = [key for (key,) in self._con.execute("SELECT key FROM store.keys").fetchall()]
        taken = self._taken.all_keys()
        self._compared += len(known) + len(taken)
        return nearest(aim, [*known, *taken])

    def _take_over(self, row: Row, target: Row, inherited: set[str]) -> None:
        """Have a correction take over everything from its target, save for what it gives itself."""
        source = self._names["source"].get(row["source"]) if row.get("source") is not None else None
        if row.get("reported") is None:
            inherited.add("reported")
            for name in ("reported", "reported_from", "reported_at"):
                row[name] = target.get(name)
        else:
            named = row.get("source") or target.get("source")
            dated = KnownSource()
            if named is not None:
                self._ask("source", {named})
                dated = self._names["source"].get(named, dated)
            self._bound(row, dated)
        published = source.dated(self._zone(source)) if source else None
        row["evidence_at"] = self._by_now(published) if published else target.get("evidence_at")
        if all(row.get(name) is None for name in ("valid", "valid_from", "valid_to")):
            inherited.update(("valid", "valid_from", "valid_to"))
            for name in ("valid", "valid_from", "valid_to"):
                row[name] = target.get(name)
        # A place in the target's source says nothing of another one.
        takes = ["origin", "status"] if row.get("source") else ["source", "origin", "status", "locator"]
        for name in takes:
            if row.get(name) is None and not (name == "status" and row.get("value_type") is None):
                inherited.add(name)
                row[name] = target.get(name)
        if row.get("value_type") is not None and row.get("status") in (None, ERASED):
            row["status"] = "announced"

    def _date(self, row: Row, inherited: set[str]) -> None:
        name = row.get("source")
        if name is None:
            if row["event_type"] != "retracted":
                raise BadInput("an event needs a source: the document we read")
            if row.get("reported") is None:
                raise BadInput("a retraction without a source needs its reported date")
        source = self._names["source"].get(name, KnownSource()) if name else KnownSource()
        if row.get("origin") is None and name is not None:
            inherited.add("origin")
            row["origin"] = source.origin or name
        published = source.dated(self._zone(source))
        if row.get("reported") is None:
            if published is None:
                raise BadInput(
                    f"source {name!r} has no date of its own, so the event needs its reported date"
                )
            inherited.add("reported")
            row["reported"] = published.text
        self._bound(row, source)
        row["evidence_at"] = self._by_now(published) if published else row["reported_at"]

    def _zone(self, source: KnownSource) -> str | None:
        """Return the zone whose days a date in a source means: its own, else the file's or the project's."""
        return source.habits.over(self._habits).timezone

    def _by_now(self, published: Edtf) -> int | None:
        """Return the last instant of a source's date, of which no later one than now can be: it was read."""
        at = published.reported_at
        return None if at is None else min(at, self.recorded_at)

    def _bound(self, row: Row, source: KnownSource) -> None:
        zone = self._zone(source)
        edtf, published = parse_edtf(row["reported"], zone), source.dated(zone)
        if edtf.reported_at is None:
            raise BadInput(f"reported {edtf.text!r} has no last instant; expected a date such as 2025-09")
        start, end = edtf.reported_from, edtf.reported_at
        if published is not None and published.reported_at is not None:
            if start is not None and start > published.reported_at:
                raise BadInput(
                    f"reported {edtf.text!r} starts after its source, which is of {published.text!r}"
                )
            end = min(end, published.reported_at)
        # What was read by now was out by now.
        if start is not None and start > self.recorded_at:
            raise BadInput(
                f"reported {edtf.text!r} starts after the moment of recording, "
                f"{format_instant(self.recorded_at)}{begun_elsewhere(edtf, zone, self.recorded_at)}"
            )
        row["reported_from"], row["reported_at"] = start, min(end, self.recorded_at)

    # Names

    def _check_names(self, draft: UnderWay) -> Iterator[UnderWay]:
        """Yield the registrations that an event needs; raises everything that is wrong with its names."""
        row = draft.row
        problems: list[BadInput] = []
        for column, kind, name in self._roles(row):
            if name not in self._names[kind] and not (column == "origin" and self._is_source(name)):
                yield from self._registration(draft, kind, name, column, problems)
        if problems:
            raise BadEvent(problems) if len(problems) > 1 else problems[0]
        value, takes_object = self._names["attribute"][row["attribute"]]
        if value and row.get("value_type") not in (None, value):
            raise BadInput(
                f"attribute {row['attribute']!r} takes values of type {value}, got {row['value_type']}"
            )
        if takes_object == "yes" and row.get("object") is None:
            raise BadInput(f"attribute {row['attribute']!r} needs an object, as in {row['fact']}/OBJECT")
        if takes_object == "no" and row.get("object") is not None:
            raise BadInput(f"attribute {row['attribute']!r} takes no object, got {row['object']!r}")

    @staticmethod
    def _roles(row: Row) -> Iterator[tuple[str, str, str]]:
        """Yield the names in an event that have to be known: column, kind and name."""
        for column in _ROLES:
            if (name := row.get(column)) is not None:
                yield column, NAMED[column][0], name
        if row.get("value_type") == "entity":
            yield "entity", "entity", row["text"]
        if (origin := row.get("origin")) is not None:
            yield "origin", "entity", origin

    def _is_source(self, origin: str) -> bool:
        """Whether an origin is a source.

        Not where this batch alone has it as a source, and it is rather an entity in other letters.
        """
        return origin in self._names["source"] and not (
            origin in self._met_sources
            and (self._near_known("entity", origin) is not None or bool(self._meant_by(origin)))
        )

    def _registration(
        self, draft: UnderWay, kind: str, name: str, column: str, problems: list[BadInput]
    ) -> Iterator[UnderWay]:
        """Yield the registration of a name never heard of; what speaks against it goes to `problems`."""
        place = draft.place_of(column)
        try:
            self._check_new(kind, name, column)
            description = event_from({"type": f"{kind}-described", "id": name})
            row = description.columns()
        except BadInput as error:
            problems.append(error if place is draft.place else error.at(place))
            return
        row["inherited"] = 0
        row["event_id"] = event_id(content_of(row))
        self._names[kind][name] = known_name(kind)
        self._registering.append((kind, name))
        if kind == "source":
            self._met_sources.add(name)
        yield UnderWay(draft.place, {}, row)

    def _check_new(self, kind: str, name: str, column: str) -> None:
        """Raise BadInput where a name never heard of is not to be registered."""
        if kind == "entity" and (ids := self._meant_by(name)):
            if len(ids) > 1:
                raise BadInput(
                    f"{name!r} as {column} may mean {' or '.join(map(repr, ids))}; write which one"
                )
            raise BadInput(
                f"{name!r} as {column} is an alias of {ids[0]!r}; write that id, or resolve aliases with "
                "--resolve-aliases"
            )
        if kind not in self.naming.register:
            hint = self._near_name(kind, name)
            raise UnknownName(
                f"unknown {kind} {name!r} as {column}{hint or f'; describe it in {KINDS[kind]}.yaml'}",
                None,
                kind,
                name,
            )
        if (known := self._near_known(kind, name)) is not None:
            twins = not skeletons(name).isdisjoint(skeletons(known))
            how = f"differs only in {difference(name, known)}" if twins else "is one slip away"
            raise BadInput(
                f"unknown {kind} {name!r} as {column} {how} from {known!r}, which is known; "
                "if it is another one, register it with --even-near"
            )

    # Aliases

    def _meant_by(self, name: str) -> list[str]:
        """Return the ids that a name which is no id may mean: of the entities that it is an alias of."""
        ids = self._known_aliases().meant_by(name)
        if ids and (key := alias_key(name)) != name and key not in ids:
            self._ask("entity", {key})
            if key in self._names["entity"]:
                ids = sorted([*ids, key])
        return ids

    def _known_aliases(self) -> Aliases:
        if self._aliases is None:
            self._aliases = Aliases.of(self._con)
        return self._aliases

    def _resolve_aliases(self, draft: UnderWay) -> None:
        """Have an event say the ids that its aliases mean; what is ambiguous is left to be refused."""
        row = draft.row
        meant: dict[str, str] = {}
        for column, kind, name in self._roles(row):
            known = name in self._names[kind] or (column == "origin" and self._is_source(name))
            if kind == "entity" and not known and len(ids := self._meant_by(name)) == 1:
                meant[column] = ids[0]
        self._ask("entity", set(meant.values()))
        for column in ("speaker", "origin"):
            if column in meant:
                row[column] = meant[column]
        if "entity" in meant:
            row["text"] = row["claim"] = meant["entity"]
        if parts := {column: meant[column] for column in ("subject", "object") if column in meant}:
            for column, name in parts.items():
                row[column] = parse_segment(name, column)
            for named in (row, *row.get("formerly", ())):
                if "fact" in named:
                    named["fact"] = with_parts(named["fact"], row["subject"], row.get("object"))
        # They may be written to a file, which is to say the same whatever the aliases are by then.
        for column, name in meant.items():
            key = "claim" if column == "entity" and "claim" in draft.keys else column
            if key in draft.keys:
                draft.keys[key] = name
            else:
                fact = str(draft.keys["fact"])
                draft.keys["fact"] = with_parts(fact, row["subject"], row.get("object"))

    # Names like others

    def _begin_near(self) -> None:
        """Forget which names the batch before brought, and which of these are like others."""
        self._near = {kind: {} for kind in self.naming.register if not self.naming.even_near}
        self._met_sources.clear()
        for names in self._new.values():
            names.clear()
        self._described = {kind: set() for kind in KINDS}

    def _find_near(self, read: Iterable[Sequence[UnderWay]]) -> None:
        """Find out which of the new names in a batch, in chunks, are likely meant to be known ones."""
        wanted: dict[str, set[str]] = {kind: set() for kind in self._near}
        for draft in chain.from_iterable(read):
            if draft.event is None:
                self._described[draft.row["event_type"].removesuffix("-described")].add(draft.row["subject"])
            for kind, name in names_of(draft):
                if kind in wanted and name not in self._names[kind]:
                    wanted[kind].add(name)
        for kind, new in wanted.items():
            self._compare(kind, new - self._described[kind])

    def _surveyed(self, drafts: Collection[Draft]) -> Iterator[Sequence[UnderWay]]:
        """Yield the chunks of a batch, for its names alone."""
        for chunk in in_chunks(drafts, self._at_once):
            read = [*self._read(chunk, Resolved())]
            self._look_up_names(name for draft in read for name in names_of(draft))
            self._forget_asked()
            yield read

    def _compare(self, kind: str, new: Collection[str]) -> None:
        also = self._described[kind]
        found = self._near_names.nearest(kind, pa.array(sorted(new), pa.string()), also) if new else {}
        self._near[kind].update({name: found.get(name) for name in new})

    def _near_known(self, kind: str, name: str) -> str | None:
        """Return the known name that a new one is likely meant to be, unless that does not matter."""
        if kind not in self._near:
            return None
        if name not in self._near[kind]:
            self._compare(kind, [name])
        return self._near[kind][name]

    def _warn_of_twins(self, resolved: Resolved) -> None:
        new = {kind: pa.array(sorted(names)) for kind, names in self._new.items() if names}
        if new:
            resolved.warnings += twin_warnings(self._near_names, new)
        for kind, names in self._new.items():
            self._near_names.learn(kind, names)

    def _near_name(self, kind: str, name: str) -> str:
        """Return a hint at known names like this one, empty when many rows have asked for it at length."""
        if (kind, name) not in self._hints:
            if kind not in self._known:
                found = self._con.execute(f"SELECT id FROM {KINDS[kind]}").fetchall()
                self._known[kind] = [known for (known,) in found]
            names = {*self._known[kind], *self._names[kind]}
            enough = self._compared > _COMPARED_AT_MOST
            self._compared += len(names)
            if enough:
                return ""
            self._hints[kind, name] = nearest(name, names)
        return self._hints[kind, name]

    # What is new

    def _check_key(self, row: Row) -> None:
        for key in keys_of(row):
            known = self._taken.keys.setdefault(key, row["event_id"])
            if known != row["event_id"]:
                raise Conflict(
                    f"key {key!r} is taken by an event that says otherwise; "
                    "a record is mended by a corrected event\n"
                    f"  recorded: {self._content(known)}\n  now:      {in_words(content_of(row))}"
                )

    def _content(self, known: str) -> str:
        if known not in self._taken.by_id:
            self._look_up_targets([known])
        return in_words(content_of(self._taken.by_id[known]))

    def _number(self, complete: Sequence[UnderWay], resolved: Resolved) -> None:
        """Keep what is new, and note the position that each event will have."""
        ids = [draft.row["event_id"] for draft in complete]
        self._taken.recall(ids)
        found = self._stored.among(ids)
        places: dict[str, int] = {known: place for known, (_, place) in found.items()}
        erased = self._stored.erased() if found else frozenset()
        given = ((draft.place, draft.row["event_id"]) for draft in complete if draft.keys)
        resolved.erased += [one for one in given if one[1] in erased]
        by_id = self._taken.by_id
        new = []
        for draft in complete:
            row = draft.row
            taken = by_id.get(row["event_id"], row).get("position")
            known = taken if row["event_id"] not in found else found[row["event_id"]][0]
            if draft.keys:
                resolved.events.add((row["event_id"], self._position + 1 if known is None else known))
                self._run.add(draft.place, row, len(self._taken) if known is None else None)
            if known is not None:
                resolved.known += bool(draft.keys)
                if by_id.get(row["event_id"]) is row:
                    # A later amendment takes over from it as it was recorded, not as it reads now.
                    del by_id[row["event_id"]]
                continue
            self._position += 1
            row["position"] = self._position
            row["place"] = self._position
            if row["event_type"] == "corrected" and draft.target is not None:
                target = draft.target
                row["place"] = target.get("place") or places[target["event_id"]]
            self._taken.add(row)
            new.append(row)
        resolved.note(new)
