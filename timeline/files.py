"""What people hand over, read into drafts or a table: YAML, JSON, JSONL, CSV, Parquet and Arrow.

A reader knows the shape of a file and where things stand in it. What an event may say is for `event`,
what the store knows for the intake. Written files become drafts, one mapping an event; columnar ones
stay tables, and no row of them becomes a Python object here.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.ipc as pa_ipc
import pyarrow.parquet as pq
import yaml

from timeline.errors import BadInput, BadRows, Place, nearest
from timeline.event import DESCRIPTIONS, Event

__all__ = ["FLAT_COLUMNS", "FORMATS", "Batch", "Draft", "StoredTable", "read_batches", "table_batch"]

#: Formats by the suffix of a file's name.
FORMATS: Final[Mapping[str, str]] = {
    ".yaml": "yaml",
    ".yml": "yaml",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
}

#: What columnar files may hold. Besides text, which every column may be: `time` takes dates and
#: instants with their zone, `number` integers, floats and decimals, `flag` booleans; `text` and `time`
#: take integers too, as their digits.
FLAT_COLUMNS: Final[Mapping[str, Literal["text", "time", "number", "flag"]]] = {
    **dict.fromkeys(Event.model_fields, "text"),
    **dict.fromkeys(("period", "period_from", "period_to", "date", "reported"), "time"),
    **dict.fromkeys(("valid", "valid_from", "valid_to"), "time"),
    **dict.fromkeys(("amount", "amount_low", "amount_high"), "number"),
    **dict.fromkeys(("approximate", "inferred", "void"), "flag"),
}

#: Lists that a document may hold, in the order in which they are taken.
_SECTIONS: Final[Mapping[str, str | None]] = {
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
#: Parquet files of more rows are read part by part.
_STAYS_IN_ITS_FILE: Final = 500_000
_LONE_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Draft:
    """One event or description as written, the file's defaults filled in; nothing in it is None."""

    keys: dict[str, object]
    place: Place


class StoredTable:
    """A table that stays in its Parquet file and is read part by part, columns and types as in `Batch`."""

    def __init__(self, name: str, file: pq.ParquetFile, columns: list[str]) -> None:
        self._name = name
        self._file = file
        self.column_names = columns
        self.num_rows = int(file.metadata.num_rows)

    def parts(self, rows: int, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """The rows in their order, so many at a time, of all columns or of these.

        Raises BadInput where the file turns out not to be readable.
        """
        chosen = self.column_names if columns is None else list(columns)
        try:
            for batch in self._file.iter_batches(batch_size=rows, columns=chosen):
                table = pa.Table.from_batches([batch]).select(chosen)
                yield _plain_table(self._name, table, chosen)
        except (pa.ArrowException, OSError) as error:
            raise _no_parquet(self._name, error) from None

    def read(self) -> pa.Table:
        """All of it at once."""
        return pa.concat_tables(list(self.parts(_STAYS_IN_ITS_FILE)))


@dataclass(frozen=True)
class Batch:
    """What one file says, in its order: either `drafts` or a `table`; rows count from 1.

    A table holds columns of FLAT_COLUMNS alone, as text or, where their kind allows it, as integers,
    floats, decimals, booleans, date32 or timestamp[us, UTC]. A large one stays in its file. `problems` are
    of events that are not among the drafts; everything else could be read.
    """

    name: str
    drafts: list[Draft] | None = None
    table: pa.Table | StoredTable | None = None
    problems: list[BadInput] = field(default_factory=list)


def read_batches(
    path: str | Path, *, format: str | None = None, ignore_unknown: bool = False, stdin: Any = None
) -> list[Batch]:
    """The batches of a file, of standard input (`-`, JSONL unless `format` says otherwise) or of a folder.

    Of a folder: one batch a file with a known suffix, hidden ones and subfolders left out; first
    attributes, entities and sources by name, then what else only describes, then the rest, each in
    name order. `stdin` is read instead of the process's own; it may yield bytes or text.
    `ignore_unknown` drops unknown keys and columns, which are problems otherwise.
    Raises BadInput for a file that cannot be read as a whole.

    >>> import io
    >>> [batch] = read_batches("-", stdin=io.StringIO('{"fact": "nvidia/ceo", "entity": "jensen-huang"}'))
    >>> batch.drafts[0].keys
    {'fact': 'nvidia/ceo', 'entity': 'jensen-huang'}
    """
    given = os.fspath(path)
    if format is not None and format not in FORMATS.values():
        known = sorted(set(FORMATS.values()))
        raise BadInput(f"no such format: {format!r}; expected one of {', '.join(known)}")
    if given == "-":
        content = (sys.stdin.buffer if stdin is None else stdin).read()
        content = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
        return [_read("stdin", content, format or "jsonl", ignore_unknown)]
    path = Path(path)
    if os.path.isdir(given):
        if format is not None:
            raise BadInput(f"{given} is a folder, whose files have each their own format; leave format out")
        return _read_folder(path, ignore_unknown)
    if not os.path.exists(given):
        siblings = sorted(os.listdir(path.parent)) if os.path.isdir(path.parent) else []
        raise BadInput(f"no such file or folder: {given!r}{nearest(path.name, siblings)}")
    return [_read_file(path, given, format, ignore_unknown)]


def table_batch(table: Any, name: str = "table", *, ignore_unknown: bool = False) -> Batch:
    """A batch from rows in memory: an Arrow table, batch or reader, or a polars or pandas frame.

    Raises BadInput for anything else, and for columns that it may not have.

    >>> table_batch(pa.table({"fact": ["nvidia/ceo"], "entity": ["jensen-huang"]})).table.num_rows
    1
    """
    if not (hasattr(table, "__arrow_c_stream__") or hasattr(table, "__arrow_c_array__")):
        raise BadInput(
            f"{name} is a {type(table).__name__}; expected a pyarrow table or reader, or a polars DataFrame"
        )
    try:
        rows = pa.table(table)
    except pa.ArrowException as error:
        raise BadInput(f"{name} cannot be read: {error}") from None
    return _table_batch(name, rows, ignore_unknown)


def _read_folder(folder: Path, ignore_unknown: bool) -> list[Batch]:
    paths = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in FORMATS and not path.name.startswith(".") and path.is_file()
    )
    if not paths:
        raise BadInput(f"{folder} holds no file to ingest; expected {', '.join(FORMATS)}")
    batches = [(path.stem, _read_file(path, str(path), None, ignore_unknown)) for path in paths]

    def rank(item: tuple[str, Batch]) -> int:
        stem, batch = item
        if not batch.drafts or any(draft.keys.get("type") not in DESCRIPTIONS for draft in batch.drafts):
            return 2
        return 0 if stem in _SECTIONS else 1

    return [batch for _, batch in sorted(batches, key=rank)]


def _read_file(path: Path, name: str, format: str | None, ignore_unknown: bool) -> Batch:
    format = format or FORMATS.get(path.suffix.lower())
    if format is None:
        raise BadInput(f"{name}: unknown format {path.suffix!r}; expected {', '.join(FORMATS)}")
    try:
        return _read(name, path if format == "parquet" else path.read_bytes(), format, ignore_unknown)
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror or error}", Place(name)) from None


def _read(name: str, content: bytes | Path, format: str, ignore_unknown: bool) -> Batch:
    if format == "parquet":
        return _read_parquet(name, content, ignore_unknown)
    assert isinstance(content, bytes)
    if format == "arrow":
        return _read_arrow(name, content, ignore_unknown)
    text = _decoded(name, content)
    if format == "csv":
        return _table_batch(name, _read_csv(name, text, content.removeprefix(_BOM)), ignore_unknown)
    if format == "jsonl":
        return _drafted(name, [(None, _JsonReader(name).lines(text))], {}, ignore_unknown)
    top = _YamlReader(name).read(text) if format == "yaml" else _JsonReader(name).document(text)
    return _document(name, top, ignore_unknown)


def _decoded(name: str, content: bytes) -> str:
    try:
        return content.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        offset = error.start + len(content) - len(content.removeprefix(_BOM))
        raise BadInput(
            f"not UTF-8: byte 0x{content[offset]:02X} at offset {offset}; save the file as UTF-8",
            Place(name, line=content.count(b"\n", 0, offset) + 1),
        ) from None


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
        """Every problem in it, however deep."""
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


def _document(name: str, top: _Value, ignore_unknown: bool) -> Batch:
    if top.problems:
        raise top.problems[0]
    if top.items is not None:
        return _drafted(name, [(None, top.items)], {}, ignore_unknown)
    if top.members is None:
        if top.plain is None:
            return Batch(name, drafts=[])
        raise BadInput(f"{_SHAPE}; got {_said(top.plain)}", top.place)
    sections: dict[str, list[_Value]] = {}
    defaults: dict[str, str] = {}
    for key, (place, value) in top.members.items():
        if key not in _SECTIONS and key not in _DEFAULTS:
            hint = nearest(key, [*_SECTIONS, *_DEFAULTS])
            raise BadInput(f"unknown key {key!r}{hint or f'; {_SHAPE}'}", place)
        if value.problems:
            raise value.problems[0]
        if key in _SECTIONS and value.items is not None:
            sections[key] = value.items
        elif key in _DEFAULTS and isinstance(value.plain, str):
            defaults[key] = value.plain
        elif value.plain is not None:
            wanted = "a list" if key in _SECTIONS else "text"
            raise BadInput(f"{key}: expected {wanted}, got {_said(value.plain)}", place)
    ordered = [(kind, sections.get(key, [])) for key, kind in _SECTIONS.items()]
    return _drafted(name, ordered, defaults, ignore_unknown)


def _drafted(
    name: str,
    sections: Iterable[tuple[str | None, list[_Value]]],
    defaults: Mapping[str, str],
    ignore_unknown: bool,
) -> Batch:
    drafts: list[Draft] = []
    problems: list[BadInput] = []
    for kind, values in sections:
        for value in values:
            found = [*value.found()]
            keys = {} if found else _keys(value, kind, ignore_unknown, found)
            if found:
                problems += found
                continue
            event_type = keys.get("type", "reported")
            for key, said in defaults.items():
                if event_type in _DEFAULTS[key]:
                    keys.setdefault(key, said)
            drafts.append(Draft(keys, value.place))
    problems.sort(key=lambda problem: (problem.place and problem.place.line) or 0)
    return Batch(name, drafts=drafts, problems=problems)


def _keys(
    value: _Value, kind: str | None, ignore_unknown: bool, problems: list[BadInput]
) -> dict[str, object]:
    """The keys of one event, or of a description of that kind; what is wrong goes to `problems`."""
    if not isinstance(value.plain, dict):
        wanted = (
            "an event, a mapping with keys such as fact and claim" if kind is None else "a mapping with id"
        )
        problems.append(BadInput(f"expected {wanted}, got {_said(value.plain)}", value.place))
        return {}
    stated = value.plain.get("type", kind)
    described = DESCRIPTIONS.get(kind or (stated if isinstance(stated, str) else ""))
    known = {*(described or Event).model_fields, *(["type"] if kind in (None, stated) else [])}
    for key in value.plain:
        if key not in known and not ignore_unknown:
            place = value.members[key][0] if value.members else value.place
            problems.append(BadInput(f"unknown key {key!r}{nearest(key, sorted(known))}", place))
    keys = {key: said for key, said in value.plain.items() if said is not None and key in known}
    return keys if kind is None else keys | {"type": kind}


def _said(plain: object) -> str:
    if plain is None:
        return "nothing"
    if isinstance(plain, dict | list):
        return "a mapping" if isinstance(plain, dict) else "a list"
    return repr(plain if len(str(plain)) <= 60 else f"{str(plain)[:57]}...")


class _YamlReader:
    """One YAML document from its parser's events: compose() is slower, and crashes on deep nesting."""

    _LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    _HINTS: Final = {
        "mapping values are not allowed in this context": "a text with ': ' in it needs quotes",
        "found character that cannot start any token": "a text that begins so needs quotes; no tabs here",
    }

    def __init__(self, name: str) -> None:
        self._name = name
        self._anchors: dict[str, _Value] = {}
        self._events: Iterator[Any] = iter(())

    def read(self, text: str) -> _Value:
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
            mark = error.problem_mark or error.context_mark
            said = error.problem or error.context or "not YAML"
            place = self._place(mark) if mark else Place(self._name)
            hint = self._HINTS.get(said)
            raise BadInput(f"not YAML: {said}{f'; {hint}' if hint else ''}", place) from None
        except yaml.reader.ReaderError as error:
            # The C parser counts bytes where the other counts characters.
            before = text.encode()[: error.position].count(b"\n")
            raise BadInput(f"not YAML: {error.reason}", Place(self._name, before + 1)) from None
        if not isinstance(event, yaml.StreamEndEvent):
            raise BadInput("a second document; expected one a file", self._place(event.start_mark))
        return top

    def _place(self, mark: Any) -> Place:
        return Place(self._name, mark.line + 1, mark.column + 1)

    def _value(self, event: Any, depth: int = 0) -> _Value:
        value = _Value(self._place(event.start_mark))
        if depth > _DEEPEST:
            raise BadInput(f"nested more than {_DEEPEST} deep", value.place)
        if isinstance(event, yaml.AliasEvent):
            target = self._anchors.get(str(event.anchor))
            if target is None:
                value.fault(f"*{event.anchor}: no such anchor above")
            elif target.items is not None or target.members is not None:
                value.fault(f"*{event.anchor}: only text can be repeated; write it out")
            else:
                value.plain = target.plain
            return value
        if event.tag not in (None, "!", "tag:yaml.org,2002:str"):
            value.fault(f"the tag {event.tag.replace('tag:yaml.org,2002:', '!!')} is not supported")
        if event.anchor is not None:
            self._anchors[event.anchor] = value
        if isinstance(event, yaml.ScalarEvent):
            absent = event.tag is None and event.implicit[0] and event.value in _NULLS
            value.plain = None if absent else event.value
        elif isinstance(event, yaml.SequenceStartEvent):
            value.items = []
            while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
                value.items.append(self._value(event, depth + 1))
            value.plain = [item.plain for item in value.items]
        else:
            value.plain, value.members = {}, {}
            while not isinstance(event := next(self._events), yaml.MappingEndEvent):
                key = self._value(event, depth + 1)
                if key.plain == "<<" and isinstance(event, yaml.ScalarEvent) and event.implicit[0]:
                    value.fault("merging with << is not supported; write the keys out", key.place)
                value.set(key, self._value(next(self._events), depth + 1))
        return value


class _JsonReader:
    """JSON values with their places; numbers stay text, as in YAML."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._text, self._seen, self._line = "", 0, 1
        self._faults: list[str] = []
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object, parse_int=str, parse_float=str, parse_constant=self._constant
        )

    def lines(self, text: str) -> list[_Value]:
        """One value a line, save for empty ones. Not splitlines: U+2028 may stand within a JSON text."""
        return [
            self._whole(line, Place(self._name, number))
            for number, line in enumerate(text.split("\n"), start=1)
            if line.strip(" \t\r")
        ]

    def document(self, text: str) -> _Value:
        """The one value of a text, with the places of its members and of what they list."""
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
            names = [name for name, _ in pairs]
            self._faults += [f"key {name!r} is given twice" for name in found if names.count(name) > 1]
        return found

    def _constant(self, word: str) -> None:
        self._faults.append(f"{word} is not JSON")

    def _skip(self, at: int) -> int:
        # The text has been found to be JSON: what stands between values needs no second look.
        while self._text[at] in " \t\n\r,:":
            at += 1
        return at

    def _walk(self, at: int, depth: int) -> tuple[_Value, int]:
        self._line += self._text.count("\n", self._seen, at)
        self._seen = at
        value = _Value(Place(self._name, self._line, at - self._text.rfind("\n", 0, at)))
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


# Tables: CSV, Parquet and Arrow


def _read_csv(name: str, text: str, content: bytes) -> pa.Table:
    header, delimiter = _csv_header(name, text)
    if len(set(header)) < len(header):
        twice = next(column for column in header if header.count(column) > 1)
        raise BadInput(f"column {twice!r} is given twice", Place(name, 1))
    _check_csv_quotes(name, content, delimiter)
    if not content.endswith((b"\n", b"\r")):
        content += b"\n"
    rows_of = partial(
        pa_csv.read_csv,
        parse_options=pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()),
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        ),
    )
    try:
        try:
            return rows_of(_arrow(content))
        except pa.ArrowInvalid as error:
            # A row that spans several of the blocks that Arrow reads in parallel.
            if "straddling" not in str(error):
                raise
            whole = pa_csv.ReadOptions(block_size=min(len(content), 2**31 - 1))
            return rows_of(_arrow(content), read_options=whole)
    except pa.ArrowInvalid as error:
        _check_csv_rows(name, text, delimiter, len(header))
        raise BadInput(f"not CSV: {error}", Place(name)) from None


def _csv_header(name: str, text: str) -> tuple[list[str], str]:
    """The names in the first row, and the delimiter under which most of them are known."""
    found = []
    for delimiter in (",", ";", "\t"):
        # A header over a million characters is no header.
        rows = csv.reader(io.StringIO(text[: 1 << 20], newline=""), delimiter=delimiter)
        try:
            if (header := next((row for row in rows if row), None)) is None:
                raise BadInput("is empty; expected a header row with the names of the columns", Place(name))
        except csv.Error as error:
            raise BadInput(f"not CSV: {error}", Place(name, 1)) from None
        found.append((header, delimiter))
    return max(found, key=lambda one: len(FLAT_COLUMNS.keys() & one[0]))


def _check_csv_quotes(name: str, content: bytes, delimiter: str) -> None:
    """Raise BadInput with the place of the first quote that RFC 4180 does not have there.

    Arrow takes what is between two of them for one value, rows and all.
    """
    if b'"' not in content:
        return
    edge = re.escape(delimiter.encode()) + rb"\r\n"
    field = rb'"[^"]*+(?:""[^"]*+)*+"'
    valid = re.compile(rb'(?:[^"]*+(?<![^%b])%b(?![^%b]))*+[^"]*+' % (edge, field, edge)).match(content)
    stray = len(content) if valid is None else valid.end()
    if stray == len(content):
        return
    at, opened = _csv_place(name, content, stray), content[:stray]
    if not re.search(rb"(?<![^%b])\Z" % edge, opened[-1:]):
        raise BadInput(
            "not CSV: a quote within a field that does not begin with one; put the field in quotes and "
            'double the quotes within it, as in "5"" pipe"',
            at,
        )
    closed = re.compile(field).match(content, stray)
    if closed is None:
        raise BadInput("not CSV: a quote that is never closed; close it, or double it where it is text", at)
    raise BadInput(
        f"not CSV: text after the quote that closes the field begun on line {at.line}; "
        'double the quotes within a field, as in "5"" pipe"',
        _csv_place(name, content, closed.end() - 1),
    )


def _csv_place(name: str, content: bytes, at: int) -> Place:
    """The line and column of a byte; lines end as in CSV."""
    before = content[:at]
    ends = before.count(b"\n") + before.count(b"\r") - before.count(b"\r\n")
    begin = max(before.rfind(b"\n"), before.rfind(b"\r")) + 1
    return Place(name, ends + 1, len(before[begin:].decode()) + 1)


def _check_csv_rows(name: str, text: str, delimiter: str, width: int) -> None:
    """Raise BadRows for every row of another width than the header's, with its line."""
    problems = []
    limit = csv.field_size_limit(len(text) + 1)
    try:
        line, rows = 1, csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        for row in rows:
            if row and len(row) != width:
                fault = f"a row of {len(row)} where the header has {width} columns"
                problems.append(BadInput(fault, Place(name, line)))
            line = rows.line_num + 1
    except csv.Error as error:
        problems.append(BadInput(f"not CSV: {error}", Place(name, line)))
    finally:
        csv.field_size_limit(limit)
    if problems:
        raise BadRows(problems)


def _arrow(content: bytes | Path) -> Any:
    return pa.BufferReader(content) if isinstance(content, bytes) else pa.OSFile(str(content), "rb")


def _read_parquet(name: str, content: bytes | Path, ignore_unknown: bool) -> Batch:
    try:
        # Not read_table: importing the datasets behind it takes longer than most files do.
        file = pq.ParquetFile(_arrow(content))
        columns = _chosen(name, file.schema_arrow.names, ignore_unknown)
        if file.metadata.num_rows > _STAYS_IN_ITS_FILE:
            # Its types are looked at now, its values when they are asked for.
            _plain_table(name, file.schema_arrow.empty_table(), columns)
            return Batch(name, table=StoredTable(name, file, columns))
        table = file.read(columns=columns)
    except (pa.ArrowException, OSError) as error:
        raise _no_parquet(name, error) from None
    return _table_batch(name, table, ignore_unknown)


def _no_parquet(name: str, error: Exception) -> BadInput:
    return BadInput(f"not a readable Parquet file: {error}", Place(name))


def _read_arrow(name: str, content: bytes, ignore_unknown: bool) -> Batch:
    if content.startswith(b"FEA1"):
        raise BadInput("is Feather version 1; expected an Arrow file (Feather version 2)", Place(name))
    try:
        opened = pa_ipc.open_file if content.startswith(b"ARROW1") else pa_ipc.open_stream
        table = opened(_arrow(content)).read_all()
    except (pa.ArrowException, OSError) as error:
        raise BadInput(f"not a readable Arrow file: {error}", Place(name)) from None
    return _table_batch(name, table, ignore_unknown)


def _chosen(name: str, names: list[str], ignore_unknown: bool) -> list[str]:
    """The known ones among the columns, in their order, or BadInput."""
    chosen = [column for column in names if column in FLAT_COLUMNS]
    unknown = [column for column in names if column not in FLAT_COLUMNS]
    if unknown and not ignore_unknown:
        hints = [(column[:60], nearest(column, FLAT_COLUMNS).removeprefix("; ")) for column in unknown]
        said = ", ".join(f"{column!r} ({hint})" if hint else repr(column) for column, hint in hints)
        raise BadInput(f"unknown columns: {said}; leave them out, or pass --ignore-unknown", Place(name))
    if twice := next((column for column in chosen if chosen.count(column) > 1), None):
        raise BadInput(f"column {twice!r} is given twice", Place(name))
    if not {"fact", "subject", "target"} & set(chosen):
        raise BadInput("expected a column fact, or subject and attribute; neither is there", Place(name))
    return chosen


def _table_batch(name: str, table: pa.Table, ignore_unknown: bool) -> Batch:
    return Batch(name, table=_plain_table(name, table, _chosen(name, table.column_names, ignore_unknown)))


def _plain_table(name: str, table: pa.Table, chosen: Sequence[str]) -> pa.Table:
    columns = {}
    for column in chosen:
        values = table.column(column)
        try:
            columns[column] = _plain_column(column, values)
            columns[column].validate(full=True)
        except pa.ArrowException as error:
            raise BadInput(f"column {column} cannot be read: {error}", Place(name)) from None
        except BadInput as problem:
            raise problem.at(Place(name)) from None
    return pa.table(columns)


def _plain_column(column: str, values: pa.ChunkedArray[Any]) -> pa.ChunkedArray[Any]:
    """A column in one of the few types that a batch may hold, or BadInput for its type."""
    kind, types = FLAT_COLUMNS[column], pa.types

    def is_text(of: Any) -> bool:
        return types.is_string(of) or types.is_large_string(of) or types.is_string_view(of)

    if types.is_dictionary(values.type):
        inner = pa.string() if is_text(values.type.value_type) else values.type.value_type
        # In two steps, since Arrow cannot decode a dictionary of string views, as polars makes them.
        values = values.cast(pa.dictionary(values.type.index_type, inner)).cast(inner)
    found = values.type
    if is_text(found) or types.is_null(found):
        return values.cast(pa.string())
    if types.is_integer(found) and kind in ("text", "time"):
        return values.cast(pa.string())
    if kind == "number" and (types.is_integer(found) or types.is_floating(found) or types.is_decimal(found)):
        return values
    if kind == "flag" and types.is_boolean(found):
        return values
    if kind == "time" and types.is_date(found):
        return values.cast(pa.date32())
    if kind == "time" and types.is_timestamp(found):
        if found.tz is not None:
            return values.cast(pa.timestamp("us", "UTC"))
        raise BadInput(
            f"column {column} has times of day without a zone ({found}); expected dates, instants in UTC "
            "or text: cast it to a date where whole days are meant"
        )
    expected = {
        "text": "text",
        "time": "text, dates or instants in UTC",
        "number": "text, integers, decimals or floats",
        "flag": "text or booleans",
    }
    raise BadInput(f"column {column} is {found}; expected {expected[kind]}")
