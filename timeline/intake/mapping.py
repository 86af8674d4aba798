"""How the columns of somebody's table become the keys of events: what a mapping says, and its TOML.

A mapping gives a template for each key of an event: text in which `{Column}` is the value of a column, and
`{Column:slug}` that value in lower case with hyphens. Beside them it says how the file is to be read. This
module knows no table; `mapped` applies a mapping, and `propose` makes one.
"""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from timeline.atomic import text_in
from timeline.errors import BadInput, Place, nearest
from timeline.intake.batch import FLAT_COLUMNS
from timeline.intake.delimiters import DELIMITERS
from timeline.meaning.habits import HABITS, Habits
from timeline.printable import escaped_toml, printable
from timeline.project import toml_of

if TYPE_CHECKING:
    from timeline.intake.preview import Preview

__all__ = [
    "DATE_ORDERS",
    "Reference",
    "TableMapping",
    "Template",
    "Unpivot",
    "known_column",
    "mapping_from",
    "parse_template",
]

DATE_ORDERS: Final = ("dmy", "mdy", "ymd")
#: The keys that say what is claimed.
CLAIMS: Final = ("claim", "text", "date", "entity", "answer", "amount", "amount_low", "amount_high")
_PIECE: Final = re.compile(r"\{\{|\}\}|\{([^{}]+)\}|[{}]")
_ORDERED: Final = '"dmy" for 21/02/2025, "mdy" for 02/21/2025 or "ymd" for 2025/02/21'


@dataclass(frozen=True, slots=True)
class Reference:
    """The value of a column within a template; as a `slug`, in lower case with hyphens."""

    column: str
    slug: bool = False


#: Text and values of columns, in their order.
Template = tuple[str | Reference, ...]


def parse_template(text: str) -> Template:
    """Return the parts of a template; raises BadInput where its braces do not match.

    Braces that are text are doubled.

    >>> parse_template("{Company:slug}/revenue@{Year}")
    (Reference(column='Company', slug=True), '/revenue@', Reference(column='Year', slug=False))
    """
    parts: list[str | Reference] = []
    at, literal = 0, ""
    for found in _PIECE.finditer(text):
        literal += text[at : found.start()]
        at = found.end()
        if found.group() in ("{{", "}}"):
            literal += found.group()[0]
        elif (name := found[1]) is None:
            raise BadInput(
                f"{text[:60]!r} has a {found.group()} without its partner; "
                "write {Column} for a column, and {{ or }} for a brace"
            )
        else:
            parts += [literal] if literal else []
            literal = ""
            parts.append(Reference(name.removesuffix(":slug"), name.endswith(":slug")))
    literal += text[at:]
    return (*parts, literal) if literal else tuple(parts)


def references(template: Template) -> Iterator[Reference]:
    """Yield the columns that a template refers to, in their order."""
    return (part for part in template if isinstance(part, Reference))


@dataclass(frozen=True, slots=True)
class Unpivot:
    """Columns each of which is a row of its own: `name` then is the column's name, `value` its value."""

    columns: tuple[str, ...]
    name: str
    value: str


@dataclass(frozen=True)
class TableMapping:
    """How the columns of a table become the keys of events.

    `keys` has a template for each key of an event, or several, of which the first counts whose columns all
    have values. `dates` is the order of days, months and years that are
    written in figures, for all columns or by column; `numbers`, `language` and `timezone` are as in a
    document. Texts in `missing` are no values, and with `missing` a row without a claim is left out. `where`
    keeps the rows in which a column has one of some values. The rest is how a file is read: its `format`,
    `encoding` and `delimiter`, the line or row of the `header`, so many lines of `footer`, the `sheet` of a
    workbook, and the path to the `rows` in JSON. `notes` are comments for those who read the file.

    >>> mapping = mapping_from({"fact": "{Company}/{Metric}@{Period}", "amount": "{Value}", "unit": "USD"})
    >>> print(mapping.to_toml(), end="")
    fact = "{Company}/{Metric}@{Period}"
    amount = "{Value}"
    unit = "USD"
    """

    keys: Mapping[str, str | tuple[str, ...]]
    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: int | None = None
    footer: int | None = None
    sheet: str | None = None
    rows: str | None = None
    dates: str | Mapping[str, str] | None = None
    numbers: str | None = None
    language: str | None = None
    timezone: str | None = None
    missing: tuple[str, ...] | None = None
    unpivot: Unpivot | None = None
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def read(cls, given: str | Path | Mapping[str, object] | TableMapping) -> TableMapping:
        """Return a mapping from the path of its TOML file, or from a dict of its keys.

        Raises BadInput, with file and line, for what cannot be read.
        """
        return mapping_from(given)

    def preview(self, path: str | Path, rows: int = 10) -> Preview:
        """Return the first rows of a file as they would be recorded, and those that would be refused.

        No store is asked: whether it knows the names is not checked. Raises BadInput for a file that cannot
        be read, and for columns that it does not have.
        """
        from timeline.intake.preview import preview_mapping

        return preview_mapping(path, self, rows)

    def habits(self) -> Habits:
        """Return how texts of the table are to be read."""
        return Habits(self.numbers, self.language, self.timezone)

    def templates(self) -> dict[str, tuple[Template, ...]]:
        """Return the templates of each key; a fact comes in its parts, wherever its text shows them.

        So a slash within a value can never make another fact of it.
        """
        found = {key: tuple(map(parse_template, _texts(text))) for key, text in self.keys.items()}
        if (facts := found.pop("fact", None)) is None:
            return found
        body, period = _split(facts[0], "@", 1)
        if period:
            found = {"period": (period[0],)} | found
        first, rest = _split(body, "/")
        if not rest:
            return {"fact": (first,)} | found
        names = ("subject", "attribute", "object")
        return {name: (part,) for name, part in zip(names, (first, *rest), strict=False)} | found

    def order_of(self, column: str) -> str | None:
        """Return the order of days, months and years in a column, None where nothing says it."""
        return self.dates.get(column) if isinstance(self.dates, Mapping) else self.dates

    def columns_of(self, key: str) -> list[str]:
        """Return the columns that a key is made from."""
        found = [part.column for each in self.templates().get(key, ()) for part in references(each)]
        return list(dict.fromkeys(found))

    def columns(self) -> set[str]:
        """Return the columns that the mapping speaks of."""
        found = {part.column for _, part in self._references()} | set(self.where)
        if self.unpivot is not None:
            found -= {self.unpivot.name, self.unpivot.value}
            found |= set(self.unpivot.columns)
        return found

    def _references(self) -> Iterator[tuple[str, Reference]]:
        for key, given in self.keys.items():
            for text in _texts(given):
                yield from ((key, reference) for reference in references(parse_template(text)))

    def check_columns(self, columns: Iterable[str], name: str) -> None:
        """Raise BadInput where the mapping needs a column that a table does not have."""
        there = list(columns)
        needed: list[tuple[str, str]] = [("where", column) for column in self.where]
        if self.unpivot is not None:
            needed += [("unpivot.columns", column) for column in self.unpivot.columns]
        for key, column in needed:
            known_column(key, column, there, name)
        if self.unpivot is not None:
            for made in (self.unpivot.name, self.unpivot.value):
                if made in there:
                    raise BadInput(
                        f"unpivot makes a column {made!r}, which {name} has already; choose another name"
                    )
            there = [each for each in there if each not in self.unpivot.columns]
            there += [self.unpivot.name, self.unpivot.value]
        for key, reference in self._references():
            known_column(key, reference.column, there, name)
        for column in self.dates if isinstance(self.dates, Mapping) else ():
            known_column("dates", column, there, name)

    def to_dict(self) -> dict[str, Any]:
        """Return what `mapping_from` takes, in the order in which it is written."""
        settings: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name in ("keys", "notes", "unpivot", "where") or value is None:
                continue
            settings[each.name] = list(value) if isinstance(value, tuple) else value
        tables: dict[str, Any] = {}
        if isinstance(settings.get("dates"), Mapping):
            tables["dates"] = dict(settings.pop("dates"))
        if self.unpivot is not None:
            tables["unpivot"] = {
                "name": self.unpivot.name,
                "value": self.unpivot.value,
                "columns": list(self.unpivot.columns),
            }
        if self.where:
            tables["where"] = {column: list(values) for column, values in self.where.items()}
        keys = {key: list(given) if isinstance(given, tuple) else given for key, given in self.keys.items()}
        return {**settings, **keys, **tables}

    def to_toml(self) -> str:
        """Return the mapping as TOML, its notes as comments; read again it is equal."""
        lines: list[str] = []
        tables: list[str] = []
        for key, value in self.to_dict().items():
            if isinstance(value, Mapping):
                tables += ["", f"[{key}]", *(f"{_toml_key(k)} = {_toml(v)}" for k, v in value.items())]
            else:
                lines.append(f"{key} = {_toml(value)}")
        noted = [f"# {line}".rstrip() for note in self.notes for line in printable(note).split("\n")]
        if noted and lines:
            lines.append("")
        return "\n".join([*lines, *noted, *tables]) + "\n"


def _texts(given: str | tuple[str, ...]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else given


def _split(template: Template, sign: str, most: int = -1) -> tuple[Template, list[Template]]:
    """Return a template cut at a sign in its text: what is before the first, and the rest in its parts."""
    parts: list[list[str | Reference]] = [[]]
    for piece in template:
        if isinstance(piece, Reference):
            parts[-1].append(piece)
            continue
        for nth, text in enumerate(piece.split(sign, most - len(parts) + 1 if most >= 0 else -1)):
            if nth:
                parts.append([])
            if text:
                parts[-1].append(text)
    return tuple(parts[0]), [tuple(part) for part in parts[1:]]


def known_column(key: str, column: str, there: Iterable[str], name: str) -> None:
    """Raise BadInput, with the nearest known one, where a column that a key needs is not there."""
    columns = list(there)
    if column in columns:
        return
    folded = {each.strip().casefold(): each for each in columns}
    near = folded.get(column.strip().casefold())
    hint = f"; did you mean {near!r}?" if near is not None else nearest(column, columns)
    if not hint:
        shown = ", ".join(map(repr, columns[:12]))
        hint = f"; it has {shown}{' and others' if len(columns) > 12 else ''}"
    raise BadInput(f"{key}: {name} has no column {column[:60]!r}{hint}")


# Reading


def mapping_from(given: object) -> TableMapping:
    """Return a mapping from what says it: the path of a TOML file, a mapping of keys, or one made already.

    Raises BadInput, with file and line where there are such, for keys that it does not know and values that
    it cannot read.

    >>> mapping_from({"fcat": "a/b"})
    Traceback (most recent call last):
    timeline.errors.BadInput: the mapping: unknown key 'fcat'; did you mean 'fact' or 'format'?
    """
    if isinstance(given, TableMapping):
        return given
    if isinstance(given, str | Path):
        return _read_file(Path(given))
    if isinstance(given, Mapping):
        return _Reading("the mapping", "").read(given)
    raise BadInput(
        f"a mapping is {type(given).__name__}; expected the path of a TOML file, a dict or a TableMapping"
    )


def _read_file(path: Path) -> TableMapping:
    name = str(path)
    text = text_in(path, "utf-8-sig")
    return _Reading(name, text).read(toml_of(text, name))


_SETTINGS: Final = tuple(each.name for each in fields(TableMapping) if each.name not in ("keys", "notes"))
_TEXTS: Final = ("format", "encoding", "sheet", "rows", "numbers", "language", "timezone")


@dataclass(frozen=True)
class _Reading:
    """Reads what one file, or one dict, says; its text shows on which line a key is."""

    name: str
    text: str

    def read(self, content: Mapping[Any, Any]) -> TableMapping:
        keys: dict[str, str | tuple[str, ...]] = {}
        settings: dict[str, Any] = {}
        for key, value in content.items():
            if value is None:
                continue
            if key in FLAT_COLUMNS:
                keys[key] = self._templates(key, value)
            elif key in _SETTINGS:
                settings[key] = self._setting(key, value)
            else:
                hint = nearest(str(key), [*FLAT_COLUMNS, *_SETTINGS])
                raise self._bad(str(key), f"unknown key {str(key)[:60]!r}{hint}")
        self._check_keys(keys)
        return TableMapping(keys, **settings)

    def _bad(self, key: str, message: str) -> BadInput:
        if not self.text:
            return BadInput(f"{self.name}: {message}")
        pattern = re.compile(rf"^\s*(?:\[\s*)?[\"']?{re.escape(key)}[\"']?\s*[=.\]]", re.MULTILINE)
        found = pattern.search(self.text)
        line = self.text.count("\n", 0, found.end()) + 1 if found else None
        return BadInput(message, Place(self.name, line))

    def _templates(self, key: str, value: object) -> str | tuple[str, ...]:
        if not isinstance(value, list | tuple):
            return self._template(key, value)
        if key == "fact" or not value:
            raise self._bad(
                key, f"{key} is {value!r}; expected one text" + (", or several" * (key != "fact"))
            )
        return tuple(self._template(key, each) for each in value)

    def _template(self, key: str, value: object) -> str:
        if isinstance(value, bool):
            value = str(value).lower()
        elif isinstance(value, int) or (isinstance(value, date) and value is not None):
            value = str(value) if isinstance(value, int) else value.isoformat()
        if not isinstance(value, str):
            raise self._bad(key, f"{key} is {value!r}; expected a text, with {{Column}} for a column")
        try:
            parse_template(value)
        except BadInput as problem:
            raise self._bad(key, f"{key}: {problem.message}") from None
        return value

    def _check_keys(self, keys: Mapping[str, str | tuple[str, ...]]) -> None:
        if isinstance(fact := keys.get("fact"), str):
            if twice := [key for key in ("subject", "attribute", "object") if key in keys]:
                raise self._bad(twice[0], f"got fact and {twice[0]}; expected fact, or its parts")
            parts = TableMapping(keys).templates()
            empty = [name for name in ("subject", "attribute", "object", "fact") if parts.get(name) == ((),)]
            bare = "fact" in parts and not any(references(parts["fact"][0]))
            body = _split(parse_template(fact), "@", 1)[0]
            if empty or bare or len(_split(body, "/")[1]) > 2:
                raise self._bad(
                    "fact",
                    f"fact is {fact!r}; expected subject/attribute or subject/attribute/object, "
                    "either with @period, such as {Company}/{Metric}@{Period}",
                )
            if "@" in fact and {"period", "period_from", "period_to"} & keys.keys():
                raise self._bad("period", "got a period in fact and another beside it; expected one of them")
        elif not {"subject", "attribute"} <= keys.keys() and "target" not in keys:
            raise self._bad(
                "subject" if "subject" in keys else "attribute",
                'a fact is missing; expected fact = "{Company}/{Metric}@{Period}" or the like, '
                "or subject and attribute",
            )
        if not {*CLAIMS, "type"} & keys.keys():
            raise self._bad("claim", f"a claim is missing; expected one of {', '.join(CLAIMS)}")

    def _setting(self, key: str, value: Any) -> Any:
        if key in _TEXTS:
            if not isinstance(value, str) or not value:
                raise self._bad(key, f"{key} is {value!r}; expected a text")
            return self._checked(key, value)
        if key in ("header", "footer"):
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise self._bad(key, f"{key} is {value!r}; expected a whole number from 1 on")
            return value
        if key == "delimiter":
            if value not in DELIMITERS:
                raise self._bad(key, f"delimiter is {value!r}; expected one of {DELIMITERS}")
            return value
        if key == "dates":
            return self._dates(value)
        if key == "missing":
            return self._texts(key, value)
        if not isinstance(value, Mapping):
            raise self._bad(key, f"{key} is {value!r}; expected a table, which begins with the line [{key}]")
        if key == "unpivot":
            return self._unpivot(value)
        return {str(column): self._texts(str(column), values) for column, values in value.items()}

    def _checked(self, key: str, value: str) -> str:
        if key in HABITS:
            try:
                return str(getattr(Habits(**{key: value}), key))
            except BadInput as problem:
                raise self._bad(key, problem.message) from None
        if key == "encoding":
            try:
                codecs.lookup(value)
            except LookupError:
                raise self._bad(
                    key, f"no such encoding: {value!r}; expected one such as windows-1252"
                ) from None
        return value

    def _texts(self, key: str, value: object) -> tuple[str, ...]:
        values = [value] if isinstance(value, str | int) else value
        if not isinstance(values, list | tuple) or not all(isinstance(each, str | int) for each in values):
            raise self._bad(key, f"{key} is {value!r}; expected a text or a list of texts")
        return tuple(str(each).lower() if isinstance(each, bool) else str(each) for each in values)

    def _dates(self, value: object) -> str | dict[str, str]:
        orders = value.values() if isinstance(value, Mapping) else [value]
        for order in orders:
            if order not in DATE_ORDERS:
                raise self._bad("dates", f"dates is {order!r}; expected {_ORDERED}")
        if isinstance(value, Mapping):
            return {str(column): str(order) for column, order in value.items()}
        return str(value)

    def _unpivot(self, value: Mapping[Any, Any]) -> Unpivot:
        known = ("columns", "name", "value")
        for key in value:
            if key not in known:
                raise self._bad(str(key), f"unpivot: unknown key {key!r}{nearest(str(key), known)}")
        columns = self._texts("columns", value.get("columns", ()))
        name, filled = value.get("name", "name"), value.get("value", "value")
        if not columns:
            raise self._bad("unpivot", "unpivot names no columns; expected columns = [...]")
        if len(set(columns)) < len(columns):
            twice = next(column for column, count in Counter(columns).items() if count > 1)
            raise self._bad("columns", f"unpivot names column {twice!r} twice")
        if not (isinstance(name, str) and isinstance(filled, str) and name and filled and name != filled):
            raise self._bad(
                "unpivot", f"unpivot has name {name!r} and value {filled!r}; expected two different names"
            )
        return Unpivot(columns, name, filled)


# Writing

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


def _toml_key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _toml(key)


def _toml(value: object) -> str:
    if isinstance(value, str):
        # JSON escapes what TOML does, but for U+007F.
        return escaped_toml(json.dumps(value, ensure_ascii=False))
    if isinstance(value, list | tuple):
        texts = [_toml(each) for each in value]
        line = f"[{', '.join(texts)}]"
        return line if len(line) <= 88 else "[\n" + "".join(f"  {text},\n" for text in texts) + "]"
    return str(value)
