"""YAML, JSON and JSONL: events and their keys, with the place of each."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import yaml

from timeline.errors import BadInput, Place, nearest
from timeline.intake.batch import Batch, Draft
from timeline.intake.comments import cut_by_comment, left_out_by_comment
from timeline.intake.drafts import Drafts
from timeline.intake.problems import Problems
from timeline.meaning.described import DESCRIPTIONS
from timeline.meaning.event import Event
from timeline.meaning.habits import HABITS, Habits

__all__ = ["SECTIONS", "JsonReader", "YamlReader", "document", "drafted"]

#: Lists that a document may hold, in the order in which they are taken.
SECTIONS: Final[Mapping[str, str | None]] = {
    "attributes": "attribute-described",
    "entities": "entity-described",
    "sources": "source-described",
    "events": None,
}
#: What a document may say once for all its events, and the types of event that take it. An amendment
#: without a status or, if a correction, without a date has its target's, which no default may displace.
_DEFAULTS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("source", "origin", "speaker"), ("reported", "withdrawn", "corrected", "retracted")),
    "reported": ("reported", "withdrawn", "retracted"),
    "status": ("reported",),
}
_SHAPE = "expected a list of events, or a mapping with events:, sources:, entities: or attributes:"
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_DEEPEST = 32
#: Of the unknown keys of one event, and of those that it has twice, so many are named.
_NAMED_AT_MOST: Final = 10
#: Known keys like an unknown one are looked for until a file has so many problems.
_HINTED_AT_MOST: Final = 1_000
#: What the aliases of a YAML file repeat may be this many times as long as the file, and so much more.
_REPEATED_AT_MOST: Final = (10, 2**20)
#: Ends of a line to YAML alone: to an editor, and to who reads a text, they are signs within one.
_LINE_ENDS_OF_YAML = re.compile("[\x85\u2028\u2029]")
_LONE_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


# Documents: YAML, JSON and JSONL


@dataclass(slots=True)
class _Value:
    """A part of a document: `plain` is what it says; the rest is for places and problems in it."""

    place: Place
    plain: Any = None
    items: list[_Value] | None = None
    members: dict[str, tuple[Place, _Value]] | None = None
    problems: list[BadInput] = field(default_factory=list)

    def found(self) -> Iterator[BadInput]:
        """Yield every problem in it, however deep."""
        yield from self.problems
        for item in self.items or ():
            yield from item.found()
        for _, member in (self.members or {}).values():
            yield from member.found()

    def fault(self, message: str, place: Place | None = None) -> None:
        self.problems.append(BadInput(message, place or self.place))

    def set(self, key: _Value, member: _Value) -> None:
        assert self.members is not None
        self.problems += key.found()
        if not isinstance(key.plain, str):
            self.fault(f"expected a key, got {_said(key.plain)}", key.place)
        elif key.plain in self.members:
            first = self.members[key.plain][0]
            self.fault(f"key {key.plain!r} is given twice, first on line {first.line}", key.place)
        else:
            self.members[key.plain] = (key.place, member)
            self.plain[key.plain] = member.plain


def document(name: str, top: _Value, ignore_unknown: bool) -> Batch:
    if top.problems:
        raise top.problems[0]
    if top.items is not None:
        return drafted(name, [(None, top.items)], {}, ignore_unknown)
    if top.members is None:
        if top.plain is None:
            return Batch(name, drafts=[])
        raise BadInput(f"{_SHAPE}; got {_said(top.plain)}", top.place)
    sections: dict[str, list[_Value]] = {}
    defaults: dict[str, tuple[Place, str]] = {}
    habits = Habits()
    for key, (place, value) in top.members.items():
        if key not in SECTIONS and key not in _DEFAULTS and key not in HABITS:
            hint = nearest(key, [*SECTIONS, *_DEFAULTS, *HABITS])
            raise BadInput(f"unknown key {key!r}{hint or f'; {_SHAPE}'}", place)
        if value.problems:
            raise value.problems[0]
        if key in SECTIONS and value.items is not None:
            sections[key] = value.items
        elif key in _DEFAULTS and isinstance(value.plain, str):
            defaults[key] = (place, value.plain)
        elif key in HABITS and isinstance(value.plain, str):
            try:
                habits = replace(habits, **{key: value.plain})
            except BadInput as error:
                raise error.at(value.place) from None
        elif value.plain is not None:
            wanted = "a list" if key in SECTIONS else "text"
            raise BadInput(f"{key}: expected {wanted}, got {_said(value.plain)}", place)
    ordered = [(kind, sections.get(key, [])) for key, kind in SECTIONS.items()]
    return replace(drafted(name, ordered, defaults, ignore_unknown), habits=habits)


def drafted(
    name: str,
    sections: Iterable[tuple[str | None, Iterable[_Value]]],
    defaults: Mapping[str, tuple[Place, str]],
    ignore_unknown: bool,
) -> Batch:
    drafts = Drafts(name)
    problems = Problems(name)
    for kind, values in sections:
        for value in values:
            faults = [*value.found()]
            hinted = len(problems) < _HINTED_AT_MOST
            keys = {} if faults else _keys(value, kind, ignore_unknown, hinted, faults)
            if faults:
                written = _written(value.plain, kind, defaults)
                for fault in faults:
                    problems.add(fault, written)
                continue
            places = {key: place for key, (place, _) in (value.members or {}).items()}
            for key in _defaulted(keys, keys, defaults):
                places[key], keys[key] = defaults[key]
            drafts.add(Draft(keys, value.place, places))
    found = problems.ordered()
    return Batch(
        name,
        drafts=drafts if drafts.is_large else [*drafts],
        problems=found if len(found) > _HINTED_AT_MOST else [*found],
    )


def _defaulted(
    keys: Mapping[str, object], given: Collection[str], defaults: Mapping[str, tuple[Place, str]]
) -> list[str]:
    """Return the keys that an event takes from its document, since it gives none itself."""
    event_type = keys.get("type", "reported")
    return [key for key in defaults if event_type in _DEFAULTS[key] and key not in given]


def _written(
    plain: object, kind: str | None, defaults: Mapping[str, tuple[Place, str]]
) -> dict[str, object] | None:
    """Return the keys of an event that could not be read, without those whose values are unknown."""
    if not isinstance(plain, dict):
        return None
    keys: dict[str, object] = {
        key: given for key, given in plain.items() if given is not None and _is_flat(given, _DEEPEST)
    }
    if kind is not None:
        keys.setdefault("type", kind)
    # A key whose value is unknown is given even so.
    return keys | {key: defaults[key][1] for key in _defaulted(keys, plain, defaults)}


def _is_flat(plain: object, depth: int) -> bool:
    """Whether a value is nested no deeper than so: what writes it calls itself for each level."""
    inner = plain.values() if isinstance(plain, dict) else plain if isinstance(plain, list) else ()
    return depth > 0 and all(_is_flat(one, depth - 1) for one in inner)


def _keys(
    value: _Value, kind: str | None, ignore_unknown: bool, hinted: bool, problems: list[BadInput]
) -> dict[str, object]:
    """Return the keys of one event, or of a description of that kind; what is wrong goes to `problems`."""
    if not isinstance(value.plain, dict):
        wanted = (
            "an event, a mapping with keys such as fact and claim" if kind is None else "a mapping with id"
        )
        problems.append(BadInput(f"expected {wanted}, got {_said(value.plain)}", value.place))
        return {}
    stated = value.plain.get("type", kind)
    described = DESCRIPTIONS.get(kind or (stated if isinstance(stated, str) else ""))
    known = {*(described or Event).model_fields, *(["type"] if kind in (None, stated) else [])}
    unknown = [] if ignore_unknown else [key for key in value.plain if key not in known]
    for key in unknown[:_NAMED_AT_MOST]:
        place = value.members[key][0] if value.members else value.place
        hint = nearest(key, sorted(known)) if hinted else ""
        problems.append(BadInput(f"unknown key {_said(key)}{hint}", place))
    if (more := len(unknown) - _NAMED_AT_MOST) > 0:
        problems.append(BadInput(f"… and {more:,} more unknown keys", value.place))
    keys = {key: given for key, given in value.plain.items() if given is not None and key in known}
    return keys if kind is None else keys | {"type": kind}


def _said(plain: object) -> str:
    if plain is None:
        return "nothing"
    if isinstance(plain, dict | list):
        return "a mapping" if isinstance(plain, dict) else "a list"
    return repr(plain if len(str(plain)) <= 60 else f"{str(plain)[:57]}...")


class YamlReader:
    """One YAML document from its parser's events: compose() is slower, and crashes on deep nesting."""

    _LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    _HINTS: Final = {
        "mapping values are not allowed in this context": "a text with ': ' in it needs quotes",
        "found character that cannot start any token": "a text that begins so needs quotes; no tabs here",
    }

    _QUOTES: Final = "a text that begins so needs quotes"

    def __init__(self, name: str) -> None:
        self._name = name
        self._text = ""
        self._anchors: dict[str, _Value] = {}
        self._unused: dict[str, _Value] = {}
        self._lost: BadInput | None = None
        self._repeated = 0
        self._events: Iterator[Any] = iter(())

    def read(self, text: str) -> _Value:
        if (odd := _LINE_ENDS_OF_YAML.search(text)) is not None:
            above = text[: odd.start()]
            place = Place(self._name, above.count("\n") + 1, len(above) - above.rfind("\n"))
            raise BadInput(
                f"not YAML: U+{ord(odd[0]):04X} ends a line here; expected a blank, or \\u{ord(odd[0]):04x} "
                "in double quotes where it belongs to a text",
                place,
            )
        self._text = text
        try:
            self._events = iter(yaml.parse(text, Loader=self._LOADER))
            next(self._events)
            event = next(self._events)
            if isinstance(event, yaml.StreamEndEvent):
                return _Value(Place(self._name, 1), None)
            top = self._value(next(self._events))
            next(self._events)
            event = next(self._events)
        except yaml.MarkedYAMLError as error:
            if self._lost is not None:
                # What the comment took away, such as a bracket, is what the parser misses.
                raise self._lost from None
            mark = error.problem_mark or error.context_mark
            problem = error.problem or error.context or "not YAML"
            place = self._place(mark) if mark else Place(self._name)
            hint = self._HINTS.get(problem)
            raise BadInput(f"not YAML: {problem}{f'; {hint}' if hint else ''}", place) from None
        except yaml.reader.ReaderError as error:
            # The C parser counts bytes where the other counts characters.
            before = text.encode()[: error.position].count(b"\n")
            raise BadInput(f"not YAML: {error.reason}", Place(self._name, before + 1)) from None
        if not isinstance(event, yaml.StreamEndEvent):
            raise BadInput("a second document; expected one a file", self._place(event.start_mark))
        for anchor, value in self._unused.items():
            value.fault(f"&{anchor} is read as an anchor, which nothing refers to; {self._QUOTES}")
        return top

    def _place(self, mark: Any) -> Place:
        return Place(self._name, mark.line + 1, mark.column + 1)

    def _value(self, event: Any, depth: int = 0) -> _Value:
        value = _Value(self._place(event.start_mark))
        if depth > _DEEPEST:
            raise BadInput(f"nested more than {_DEEPEST} deep", value.place)
        if isinstance(event, yaml.AliasEvent):
            target = self._anchors.get(str(event.anchor))
            self._unused.pop(str(event.anchor), None)
            if target is None:
                value.fault(f"*{event.anchor}: no such anchor above")
            elif target.items is not None or target.members is not None:
                value.fault(f"*{event.anchor}: only text can be repeated; write it out")
            else:
                self._repeat(value, target.plain)
            return value
        if event.tag == "!" and event.implicit[0]:
            value.fault(f"! is read as a tag; {self._QUOTES}")
        elif event.tag not in (None, "!", "tag:yaml.org,2002:str"):
            value.fault(f"the tag {event.tag.replace('tag:yaml.org,2002:', '!!')} is not supported")
        if event.anchor is not None:
            self._anchors[event.anchor] = value
            if isinstance(event, yaml.ScalarEvent) and not event.style:
                self._unused[event.anchor] = value
        if isinstance(event, yaml.ScalarEvent):
            absent = event.tag is None and event.implicit[0] and event.value in _NULLS
            value.plain = None if absent else event.value
        elif isinstance(event, yaml.SequenceStartEvent):
            self._items(value, event, depth)
        else:
            self._members(value, event, depth)
        return value

    def _repeat(self, value: _Value, text: str | None) -> None:
        """Give a value the text of an anchor, unless a short file would become a very long one."""
        times, more = _REPEATED_AT_MOST
        self._repeated += len(text or "")
        if self._repeated > times * len(self._text) + more:
            raise BadInput(
                f"the aliases of this file repeat more than {times} times its own length; write it as JSONL",
                value.place,
            )
        value.plain = text

    def _items(self, value: _Value, start: Any, depth: int) -> None:
        value.items = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            item = self._value(event, depth + 1)
            self._check_comment(item, event, None, event.end_mark.index, event.start_mark.column - 1, start)
            value.items.append(item)
        value.plain = [item.plain for item in value.items]

    def _members(self, value: _Value, start: Any, depth: int) -> None:
        value.plain, value.members = {}, {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._value(event, depth + 1)
            if key.plain == "<<" and isinstance(event, yaml.ScalarEvent) and event.implicit[0]:
                value.fault("merging with << is not supported; write the keys out", key.place)
            named, start_of_key, end_of_key = key.plain, event.start_mark, event.end_mark
            event = next(self._events)
            member = self._value(event, depth + 1)
            named = named if isinstance(named, str) else None
            self._check_comment(member, event, named, end_of_key.index, start_of_key.column, start)
            value.set(key, member)

    def _check_comment(
        self, value: _Value, event: Any, key: str | None, before: int, indent: int, parent: Any
    ) -> None:
        """Note where a comment takes something away from a value without quotes."""
        if not isinstance(event, yaml.ScalarEvent) or event.style:
            return
        lost: str | None
        if event.value and event.end_mark is not None:
            end, in_flow = event.end_mark.index, bool(parent.flow_style)
            lost = cut_by_comment(self._text, event.value, end, key=key, indent=indent, in_flow=in_flow)
        else:
            lost = left_out_by_comment(self._text, before, key)
        if lost:
            value.fault(lost)
            self._lost = self._lost or value.problems[-1]


class JsonReader:
    """JSON values with their places; numbers stay text, as in YAML."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._text, self._seen, self._line, self._begin = "", 0, 1, -1
        self._faults: list[str] = []
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object, parse_int=str, parse_float=str, parse_constant=self._constant
        )

    def lines(self, text: str) -> Iterator[_Value]:
        """Yield one value a line, save for empty ones. Not splitlines: U+2028 may be within a JSON text."""
        start, number = 0, 1
        while start < len(text):
            end = text.find("\n", start)
            line = text[start : (end := len(text) if end < 0 else end)]
            if line.strip(" \t\r"):
                yield self._whole(line, Place(self._name, number))
            start, number = end + 1, number + 1

    def document(self, text: str) -> _Value:
        """Return the one value of a text, with the places of its members and of what they list."""
        whole = self._whole(text, Place(self._name, 1))
        if isinstance(whole.plain, dict | list):
            self._text = text
            return self._walk(self._skip(0), 2)[0]
        return whole

    def _whole(self, text: str, place: Place) -> _Value:
        assert place.line is not None
        value = _Value(place)
        self._faults = []
        try:
            value.plain = self._decoder.decode(text)
            self._judge(value, text)
        except json.JSONDecodeError as error:
            hint = "; expected one value a line in .jsonl, a file in .json" if "Extra" in error.msg else ""
            place = Place(self._name, place.line + error.lineno - 1, error.colno)
            value.fault(f"not JSON: {error.msg}{hint}", place)
        except RecursionError:
            value.fault("nested too deep")
        return value

    def _judge(self, value: _Value, text: str) -> None:
        if _LONE_SURROGATE.search(text):
            try:
                json.dumps(value.plain, ensure_ascii=False).encode()
            except UnicodeEncodeError:
                self._faults.append("holds half of a surrogate pair, which is no character")
        value.problems = [BadInput(fault, value.place) for fault in self._faults]

    def _object(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            counts = Counter(name for name, _ in pairs)
            twice = [name for name, count in counts.items() if count > 1]
            self._faults += [f"key {_said(name)} is given twice" for name in twice[:_NAMED_AT_MOST]]
            if (more := len(twice) - _NAMED_AT_MOST) > 0:
                self._faults.append(f"… and {more:,} more keys are given twice")
        return found

    def _constant(self, word: str) -> None:
        self._faults.append(f"{word} is not JSON")

    def _skip(self, at: int) -> int:
        # The text has been found to be JSON: what is between values needs no second look.
        while self._text[at] in " \t\n\r,:":
            at += 1
        return at

    def _walk(self, at: int, depth: int) -> tuple[_Value, int]:
        self._line += self._text.count("\n", self._seen, at)
        # Not from the start each time: all may be on one line.
        self._begin = max(self._begin, self._text.rfind("\n", self._seen, at))
        self._seen = at
        value = _Value(Place(self._name, self._line, at - self._begin))
        if self._text[at] == "[" and depth:
            value.items, at = [], self._skip(at + 1)
            while self._text[at] != "]":
                item, at = self._walk(at, 0)
                value.items.append(item)
                at = self._skip(at)
            value.plain = [item.plain for item in value.items]
            return value, at + 1
        if self._text[at] == "{" and depth == 2:
            value.plain, value.members, at = {}, {}, self._skip(at + 1)
            while self._text[at] != "}":
                key, at = self._walk(at, 0)
                member, at = self._walk(self._skip(at), 1)
                value.set(key, member)
                at = self._skip(at)
            return value, at + 1
        self._faults = []
        value.plain, end = self._decoder.raw_decode(self._text, at)
        self._judge(value, self._text[at:end])
        return value, end
