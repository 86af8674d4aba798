"""Answers as text and files: tables for people, and JSON, CSV, Markdown and Parquet for programs.

Nothing here knows what a row means. Text that came from outside never reaches a terminal with its control
characters; in the formats for programs it is kept as it is.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from timeline.meaning.columns import check_names
from timeline.meaning.times import format_instant, from_datetime, show_instant_end

if TYPE_CHECKING:
    from timeline.ask.questions import Asked, Table

__all__ = [
    "FORMATS",
    "Column",
    "csv_lines",
    "document",
    "json_lines",
    "markdown_lines",
    "pairs",
    "plain",
    "shown",
    "table_lines",
    "visible",
    "width_of",
    "wrapped",
    "write_parquet",
]

FORMATS: Final = ("table", "json", "jsonl", "csv", "parquet", "markdown")

_GAP: Final = "  "
#: A longer word may be torn where room is short: an id, a digest, an address.
_LONG_WORD: Final = 20


# Values


def plain(value: Any) -> Any:
    """A value as JSON has it: exact decimals and instants as text, None as null.

    Datetimes without a zone are UTC.

    >>> plain(Decimal("25000000000.500000000")), plain(datetime(2025, 9, 1))
    ('25000000000.5', '2025-09-01T00:00:00Z')
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime):
        return format_instant(_micros(value))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        # JSON has neither infinities nor NaN.
        return value if value - value == 0 else str(value)
    if isinstance(value, dict):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value.hex() if isinstance(value, bytes) else str(value)


def text_of(value: Any) -> str:
    """A value as CSV has it: as `plain`, lists and structures as JSON, None as nothing."""
    value = plain(value)
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    return _json(value) if isinstance(value, dict | list) else str(value)


def shown(value: Any) -> str:
    """A value for people: an instant that is the last of its day is that date.

    >>> shown(datetime(2025, 9, 30, 23, 59, 59, 999999)), shown(True), shown(None)
    ('2025-09-30', 'true', '')
    """
    return show_instant_end(_micros(value)) if isinstance(value, datetime) else text_of(value)


def _micros(value: datetime) -> int:
    return from_datetime(value if value.tzinfo else value.replace(tzinfo=UTC))


def _json(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


# For programs


def document(
    asked: Asked | None,
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
    more: Mapping[str, Any] | None = None,
) -> Iterator[str]:
    """The lines of one JSON object: what was asked, `more` of that, and `rows`, one a line.

    Raises BadInput, before the first line, where two columns have one name.
    """
    check_names(names)
    yield "{"
    told = {**(asked_plainly(asked) if asked is not None else {}), **(more or {})}
    for name, value in told.items():
        yield f"  {_json(name)}: {_json(plain(value))},"
    pending = None
    for row in _objects(names, rows):
        if pending is None:
            yield '  "rows": ['
        else:
            yield f"    {pending},"
        pending = row
    if pending is None:
        yield '  "rows": []'
    else:
        yield from (f"    {pending}", "  ]")
    yield "}"


def asked_plainly(asked: Asked) -> dict[str, str | None]:
    """The axes and the rule of a question, as JSON names them."""
    return {
        "as_of": None if asked.as_of is None else format_instant(asked.as_of),
        "recorded_as_of": format_instant(asked.recorded_as_of),
        "valid_at": None if asked.valid_at is None else format_instant(asked.valid_at),
        "basis": asked.basis,
        "policy": asked.policy,
    }


def json_lines(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """A JSON object for each row; raises BadInput where two columns have one name."""
    check_names(names)
    return _objects(names, rows)


def _objects(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    from json import JSONEncoder

    encode = JSONEncoder(ensure_ascii=False).encode
    for row in rows:
        yield encode({name: plain(value) for name, value in zip(names, row, strict=True)})


def csv_lines(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    r"""Rows as RFC 4180 has them, but with bare line feeds; an empty text is quoted, null is nothing.

    >>> list(csv_lines(["fact", "claim"], [("a/b", "1, 2"), ("", None)]))
    ['fact,claim', 'a/b,"1, 2"', '"",']
    """
    yield ",".join(map(_csv_field, names))
    for row in rows:
        yield ",".join(["" if value is None else _csv_field(text_of(value)) for value in row])


def _csv_field(text: str) -> str:
    if text and not any(sign in text for sign in ',"\r\n') and text.strip() == text:
        return text
    return '"' + text.replace('"', '""') + '"'


def write_parquet(table: Table, out: str | Path | IO[bytes]) -> None:
    """Write an answer as Parquet, with the types of its columns.

    Raises BadInput where two columns have one name, which few readers of Parquet take.
    """
    check_names(table.columns)
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = list(zip(*table.rows, strict=True)) or [()] * len(table.columns)
    arrays = [_arrow_column(pa, kind, values) for kind, values in zip(table.types, columns, strict=True)]
    pq.write_table(
        pa.Table.from_arrays(arrays, names=table.columns), out, compression="zstd", store_schema=False
    )


_ARROW: Final = {
    "BOOLEAN": "bool_",
    "TINYINT": "int8",
    "SMALLINT": "int16",
    "INTEGER": "int32",
    "BIGINT": "int64",
    "UTINYINT": "uint8",
    "USMALLINT": "uint16",
    "UINTEGER": "uint32",
    "UBIGINT": "uint64",
    "FLOAT": "float32",
    "DOUBLE": "float64",
    "DATE": "date32",
    "BLOB": "binary",
}


def _arrow_column(pa: Any, kind: str, values: Sequence[Any]) -> Any:
    if kind.startswith("TIMESTAMP") and not any(isinstance(value, str) for value in values):
        # DuckDB hands out those as texts that no datetime can be.
        naive = [v.astimezone(UTC).replace(tzinfo=None) if v and v.tzinfo else v for v in values]
        return pa.array(naive, pa.timestamp("us"))
    if decimal := re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", kind):
        return pa.array(values, pa.decimal128(int(decimal[1]), int(decimal[2])))
    if kind in _ARROW:
        return pa.array(values, getattr(pa, _ARROW[kind])())
    if kind == "VARCHAR[]":
        return pa.array(values, pa.list_(pa.string()))
    return pa.array([None if value is None else text_of(value) for value in values], pa.string())


def markdown_lines(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """A table in GitHub's Markdown.

    >>> list(markdown_lines(["fact", "claim"], [("a/b", "1|2")]))
    ['| fact | claim |', '| --- | --- |', '| a/b | 1\\\\|2 |']
    """
    yield f"| {' | '.join(map(_markdown_cell, names))} |"
    yield f"| {' | '.join('---' for _ in names)} |"
    for row in rows:
        yield f"| {' | '.join(_markdown_cell(shown(value)) for value in row)} |"


def _markdown_cell(text: str) -> str:
    return re.sub(r"([\\|<`*_\[])", r"\\\1", visible(text))


# For people


def visible(text: str) -> str:
    """Text that a terminal only prints: line ends and tabs as spaces, other control characters as a mark.

    >>> visible("one\\ntwo \\x1b[31mred")
    'one two \\ufffd[31mred'
    """
    if text.isprintable():
        return text
    return "".join(map(_visible_sign, text))


def _visible_sign(sign: str) -> str:
    if sign in "\n\r\t\v\f":
        return " "
    category = unicodedata.category(sign)
    # Overrides of the writing direction can make a line read as what it is not.
    if (
        category in ("Cc", "Cs", "Zl", "Zp")
        or sign in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    ):
        return "\ufffd"
    return sign


def width_of(text: str) -> int:
    """How many columns of a terminal a text takes: wide East Asian signs two, combining ones none.

    >>> width_of("OpenAI"), width_of("英伟达"), width_of("e\\u0301")
    (6, 6, 1)
    """
    return len(text) if text.isascii() else sum(map(_sign_width, text))


def _sign_width(sign: str) -> int:
    if unicodedata.category(sign) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


_WORDS: Final = re.compile(r" +|[^ /]+/*|/+")
_PARTS: Final = re.compile(r"[^-@]+[-@]*|[-@]+")


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """A text in lines that fit, nothing left out: broken at spaces and behind `/`, then `-`, then anywhere.

    Lines from the second on begin with `indent`.

    >>> wrapped("nvidia/investment/openai", 18)
    ['nvidia/investment/', 'openai']
    """
    lines: list[str] = []
    line, used = "", 0
    for piece, size in _pieces(text, max(width - len(indent), 1)):
        if used + size > width and line.strip():
            lines.append(line.rstrip())
            line, used = indent, len(indent)
            if piece.isspace():
                continue
        line += piece
        used += size
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _pieces(text: str, width: int) -> Iterator[tuple[str, int]]:
    for word in _WORDS.findall(text):
        size = width_of(word)
        if size <= width:
            yield word, size
            continue
        for part in _PARTS.findall(word):
            size = width_of(part)
            if size <= width:
                yield part, size
            else:
                yield from ((sign, width_of(sign)) for sign in part)


@dataclass(frozen=True, slots=True)
class Column:
    """How a column of a table for people looks: `right` is for figures, `whole` avoids breaks at hyphens."""

    header: str
    right: bool = False
    whole: bool = False


#: Colours a text, given the header of its column; None stands for the headers themselves.
Style = Callable[[str | None, str], str]


def table_lines(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    width: int | None = None,
    *,
    style: Style | None = None,
    headed: int = 0,
) -> Iterator[str]:
    """A table for people, `width` columns of a terminal wide at most; None is as wide as it takes.

    Cells are wrapped, never cut. A table that does not fit unwrapped has its first `headed` columns on lines
    of their own, each above the rows that it is the same for, and if need be the first whatever `headed` is.
    One that does not fit even so has a line for each cell.

    >>> columns = [Column("fact"), Column("sum", right=True)]
    >>> rows = [("gold/price", "1"), ("tin/price", "20")]
    >>> list(table_lines(columns, rows))
    ['fact        sum', 'gold/price    1', 'tin/price    20']
    >>> list(table_lines(columns, rows, 14, headed=1))
    ['fact', '  sum', 'gold/price', '    1', 'tin/price', '   20']
    """
    cells = [[visible(cell) for cell in row] for row in rows]
    widths = _widest(columns, cells)
    if width is None or _taken(widths) <= width:
        yield _line(columns, widths, [column.header for column in columns], style, header=True)
        for row in cells:
            yield _line(columns, widths, row, style)
        return
    indent = _GAP if headed else ""
    fitted = _fitted(columns[headed:], [row[headed:] for row in cells], width - len(indent))
    if fitted is None:
        if headed == 1 or len(columns) == 1:
            yield from _records(columns, cells, width, style)
        else:
            yield from table_lines(columns, rows, width, style=style, headed=1)
        return
    lead, rest = columns[:headed], columns[headed:]
    if lead:
        yield _GAP.join(style(None, column.header) if style else column.header for column in lead)
    yield indent + _line(rest, fitted, [column.header for column in rest], style, header=True)
    above: list[str] = []
    for row in cells:
        if headed and row[:headed] != above:
            above = row[:headed]
            told = _GAP.join(filter(None, above))
            for line in wrapped(told, width, _GAP):
                yield style(lead[0].header, line) if style else line
        for line in _row(rest, fitted, row[headed:], style):
            yield indent + line


def _records(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int, style: Style | None
) -> Iterator[str]:
    for nth, row in enumerate(rows):
        if nth:
            yield ""
        yield from pairs(
            [(column.header, cell) for column, cell in zip(columns, row, strict=True)], width, style
        )


def _row(
    columns: Sequence[Column], widths: Sequence[int], row: Sequence[str], style: Style | None
) -> Iterator[str]:
    split = [wrapped(cell, size) for cell, size in zip(row, widths, strict=True)]
    for nth in range(max(map(len, split), default=0)):
        yield _line(columns, widths, [lines[nth] if nth < len(lines) else "" for lines in split], style)


def _line(
    columns: Sequence[Column],
    widths: Sequence[int],
    cells: Sequence[str],
    style: Style | None,
    *,
    header: bool = False,
) -> str:
    padded: list[str] = []
    last = max((n for n, cell in enumerate(cells) if cell), default=-1)
    for n, cell in enumerate(cells[: last + 1]):
        space = " " * (widths[n] - width_of(cell))
        told = style(None if header else columns[n].header, cell) if style and cell else cell
        if columns[n].right:
            padded.append(space + told)
        else:
            padded.append(told if n == last else told + space)
    return _GAP.join(padded)


def _taken(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _widest(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[int]:
    return [
        max(width_of(column.header), *(width_of(row[n]) for row in rows)) if rows else width_of(column.header)
        for n, column in enumerate(columns)
    ]


def _fitted(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> list[int] | None:
    """The width of each column: what it takes where that fits; else taken from where it makes fewest lines.

    None where words would have to be torn.
    """
    chosen = _widest(columns, rows)
    excess = _taken(chosen) - width
    if excess <= 0:
        return chosen
    least = [_least(column, [row[n] for row in rows]) for n, column in enumerate(columns)]
    if _taken(least) > width:
        return None
    sizes = [Counter(width_of(row[n]) for row in rows) for n in range(len(columns))]

    def lines(n: int, at: int) -> int:
        return sum(count * -(-size // at) for size, count in sizes[n].items())

    def price(n: int) -> float:
        """How many lines more it takes to have a column narrower by one."""
        return math.inf if chosen[n] <= least[n] else lines(n, chosen[n] - 1) - lines(n, chosen[n])

    prices = [price(n) for n in range(len(columns))]
    for _ in range(excess):
        n = min(range(len(columns)), key=lambda n: (prices[n], -chosen[n]))
        chosen[n] -= 1
        prices[n] = price(n)
    return chosen


def _least(column: Column, cells: Sequence[str]) -> int:
    """The width below which words of a column would be torn, or that of its header; long words may be."""
    longest = 0
    for cell in cells:
        if width_of(cell) > longest:
            words = _WORDS.findall(cell)
            parts = words if column.whole else [part for word in words for part in _PARTS.findall(word)]
            longest = max(longest, *map(width_of, parts))
    return max(min(longest, _LONG_WORD), width_of(column.header))


def pairs(
    facts: Sequence[tuple[str, str]], width: int | None = None, style: Style | None = None
) -> Iterator[str]:
    """Names and values, one pair a line, the values under each other and wrapped.

    >>> list(pairs([("claim", "30 billion USD"), ("status", "agreed")]))
    ['claim   30 billion USD', 'status  agreed']
    """
    left = max((width_of(name) for name, _ in facts), default=0) + len(_GAP)
    for name, value in facts:
        text = visible(value)
        lines = [text] if width is None else wrapped(text, max(width - left, _LONG_WORD))
        for nth, line in enumerate(lines):
            label = name if nth == 0 else ""
            space = " " * (left - width_of(label))
            if style:
                label, line = style(None, label) if label else "", style(name, line) if line else ""
            yield f"{label}{space}{line}".rstrip()
