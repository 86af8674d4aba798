"""How a file has to be read before its columns are seen: where its header is, what separates its fields,
which sheet of a workbook, and where in JSON its rows are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from timeline.errors import BadInput, Place
from timeline.intake.delimiters import DELIMITERS, rows_of, sniffed
from timeline.intake.foreign import FOREIGN, text_of
from timeline.intake.mapping import TableMapping, mapping_from
from timeline.intake.nested import json_lines, json_value
from timeline.intake.suffixes import check_file, check_there, content_of, format_of
from timeline.intake.workbook import Sheet, read_sheets

__all__ = ["Shape", "shape_of"]

#: A line before the header, or behind the rows, has fewer fields than a row; so many lines are looked at.
_LINES: Final = 50


@dataclass(frozen=True)
class Shape:
    """How a file is read, as the settings of a mapping; and the columns that are made from keys of JSON."""

    mapping: TableMapping
    names: Sequence[str] = ()


def shape_of(path: Path, given: Mapping[str, Any]) -> Shape:
    """Return how a file is to be read, as far as it shows that; `given` settings are taken as they are."""
    checked = mapping_from({"fact": "a/b", "text": "x", **given})
    settings = {key: value for key, value in checked.to_dict().items() if key in given}
    name = str(path)
    format = checked.format or format_of(path)
    names: Sequence[str] = ()
    check_there(path)
    if format in ("csv", "xlsx", "json", "jsonl"):
        try:
            check_file(path, name)
            content = content_of(path, name)
        except OSError as error:
            raise BadInput(f"cannot be read: {error.strerror or error}", Place(name)) from None
        if format == "xlsx":
            settings = _of_workbook(name, content, checked) | settings
        elif format == "csv":
            settings = _of_csv(name, text_of(name, content, checked.encoding), checked) | settings
        elif checked.rows is None:
            text = text_of(name, content, checked.encoding)
            value = json_lines(name, text) if format == "jsonl" else json_value(name, text)
            rows, names = _rows_in(value)
            settings = ({"rows": rows} if rows else {}) | settings
    elif format not in FOREIGN:
        raise BadInput(
            f"{name}: a mapping is for tables, not for {format or path.suffix or 'a file without a suffix'}; "
            f"expected one of {', '.join(FOREIGN)}"
        )
    read = mapping_from({"fact": "a/b", "text": "x", **settings})
    return Shape(read, names)


# CSV


def _of_csv(name: str, text: str, given: TableMapping) -> dict[str, Any]:
    if given.header is not None:
        return {} if given.delimiter else _delimiter(name, "".join(text.splitlines(True)[given.header - 1 :]))
    lines = text.splitlines()
    found: list[tuple[int, int, str, int]] = []
    for delimiter in [given.delimiter] if given.delimiter else DELIMITERS:
        rows = rows_of(text, delimiter)
        widths = Counter(len(row) for row in rows if len(row) > 1)
        if widths:
            width, count = widths.most_common(1)[0]
            header = next(nth for nth, line in enumerate(lines) if len(_fields(line, delimiter)) == width)
            found.append((count, width, delimiter, header))
    if not found:
        return {}
    # Where all rows are equally long under a delimiter, the header is the first line.
    first = next((nth for nth, line in enumerate(lines) if line.strip()), 0)
    best = max(found, key=lambda one: (one[0], one[1]))
    if best[3] == first and not _footer(lines, best[2], best[1]):
        return {} if given.delimiter else _delimiter(name, text)
    settings: dict[str, Any] = {"delimiter": best[2]}
    if best[3] != first:
        settings["header"] = best[3] + 1
    if footer := _footer(lines, best[2], best[1]):
        settings["footer"] = footer
    return settings


def _fields(line: str, delimiter: str) -> list[str]:
    rows = rows_of(line, delimiter)
    return rows[0] if rows else []


def _delimiter(name: str, text: str) -> dict[str, Any]:
    delimiter = sniffed(name, text)
    return {"delimiter": delimiter} if delimiter != "," else {}


def _footer(lines: Sequence[str], delimiter: str, width: int) -> int:
    """Return how many lines at the end are no rows: notes on the table, which have fewer fields."""
    filled = [line for line in lines if line.strip()]
    for count, line in enumerate(reversed(filled[-_LINES:])):
        if len(_fields(line, delimiter)) == width:
            return count
        # A quote may have begun on a line before it.
        if '"' in line:
            return 0
    return 0


# Workbooks


def _of_workbook(name: str, content: bytes, given: TableMapping) -> dict[str, Any]:
    sheets = [sheet for sheet in read_sheets(name, content, given.sheet) if sheet.rows]
    if not sheets:
        return {}
    settings: dict[str, Any] = {}
    # A cover has few cells.
    sheet = max(sheets, key=lambda one: sum(len(cells) for _, cells in one.rows if len(cells) > 1))
    if len(sheets) > 1:
        settings["sheet"] = sheet.name
    if given.header is None:
        header = _header_row(sheet)
        if header != sheet.rows[0][0]:
            settings["header"] = header
    return settings


def _header_row(sheet: Sheet) -> int:
    """Return the first row in which nearly all columns have a text."""
    widths = [sum(cell is not None for cell in cells) for _, cells in sheet.rows[:_LINES]]
    usual = max(widths)
    return next(
        row for (row, _), width in zip(sheet.rows, widths, strict=False) if width >= max(0.6 * usual, 2)
    )


# JSON


def _rows_in(value: Any) -> tuple[str, list[str]]:
    """Return the path to the rows in a JSON document: where most objects are; keys that vary are columns."""
    if isinstance(value, list) and value and all(isinstance(item, dict | list) for item in value):
        lists = [item for item in value if isinstance(item, list)]
        if not lists or len(lists) == len(value):
            return "", []
    counts: Counter[tuple[tuple[str, ...], tuple[str, ...]]] = Counter()
    for path, rows in _lists(value, ()):
        shape = tuple(sorted(rows[0])[:3]) if isinstance(rows[0], dict) else ()
        counts[path, shape] += len(rows)
    if not counts:
        return "", []
    by_depth: Counter[int] = Counter()
    for (path, _), count in counts.items():
        by_depth[len(path)] += count
    depth = by_depth.most_common(1)[0][0]
    paths = [path for path, _ in counts if len(path) == depth]
    varies = [len({path[at] for path in paths}) > 1 for at in range(depth)]
    # Of keys that lead to one list alone nobody knows whether others would do.
    segments: list[str] = []
    names: list[str] = []
    for at in range(depth):
        beside = (at > 0 and varies[at - 1]) or (at + 1 < depth and varies[at + 1])
        if not varies[at]:
            segments.append(_quoted(paths[0][at]))
            continue
        is_last = at + 1 == depth or not varies[at + 1]
        name = ("name" if is_last else "group") if beside else _singular(segments)
        while name in names:
            name += "_"
        names.append(name)
        segments.append(f"{{{name}}}")
    return ".".join(segments), names


def _singular(segments: list[str]) -> str:
    """Return what the keys under another are called: under `units` each is a unit."""
    name = segments[-1].removesuffix("s") if segments else ""
    return name if name.isidentifier() else "key"


def _quoted(key: str) -> str:
    return f'"{key}"' if any(sign in key for sign in '."{}') else key


def _lists(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """Yield the lists of objects, or of lists, in a document, and the keys that lead to them."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _lists(member, (*path, key))
    elif isinstance(value, list) and value:
        if all(isinstance(item, dict) for item in value):
            yield path, value
        elif any(isinstance(item, dict | list) for item in value):
            for nth, item in enumerate(value):
                if isinstance(item, list) and item and all(isinstance(each, dict) for each in item):
                    yield (*path, str(nth)), item
