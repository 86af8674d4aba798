"""The rows within a JSON document, or of JSON lines, as a table of text: `rows` says where they are.

A path names the keys that lead to the rows, with dots between them: `data.items`. On the way a number is a
place in a list, from 0; a list without one is gone through whole. `{name}` takes every key, and keeps
it in a column of that name. What the objects on the way hold in single values is repeated in each row.

Read with Python's own reader, which can give numbers as they are written: DuckDB's and Arrow's take every
decimal for a binary double.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from timeline.errors import BadInput, Place, nearest

__all__ = ["JsonNumber", "json_lines", "json_value", "rows_within", "table_of_rows"]

_SEGMENT: Final = re.compile(r'"([^"]*)"|\{([^{}]+)\}|([^."{}]+)')
_PATH: Final = re.compile(rf"(?:{_SEGMENT.pattern})(?:\.(?:{_SEGMENT.pattern}))*")
#: What becomes of rows that are single values rather than objects: a column of this name.
VALUE: Final = "value"


class JsonNumber(str):
    """A number as a document writes it."""

    __slots__ = ()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name, count in Counter(names).items() if count > 1)
        raise ValueError(f"key {twice!r} is given twice in one object")
    return found


def _constant(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=JsonNumber, parse_float=JsonNumber, parse_constant=_constant
)


def json_value(name: str, text: str, line: int = 1) -> Any:
    """Return what a JSON text says, its numbers as texts; raises BadInput with the line where it is none."""
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        place = Place(name, line + error.lineno - 1, error.colno)
        raise BadInput(f"not JSON: {error.msg}", place) from None
    except ValueError as error:
        raise BadInput(f"not JSON: {error}", Place(name, line if line > 1 else None)) from None
    except RecursionError:
        raise BadInput("nested too deep", Place(name, line)) from None


def json_lines(name: str, text: str) -> list[Any]:
    """Return what each line of a text says, save for empty ones."""
    return [
        json_value(name, line, number)
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip(" \t\r")
    ]


# The way to the rows


def _segments(path: str) -> list[tuple[str, bool]]:
    """Return the keys of a path, and whether each takes all keys and names a column."""
    if path and not _PATH.fullmatch(path):
        raise BadInput(f"rows is {path!r}; expected keys with dots between them, such as data.items")
    return [
        (found[2], True) if found[2] is not None else (found[3] if found[1] is None else found[1], False)
        for found in _SEGMENT.finditer(path)
    ]


def rows_within(name: str, value: Any, path: str) -> list[dict[str, Any]]:
    """Return the rows that a path leads to, each with what the objects on the way say.

    >>> rows_within("f", {"name": "Acme", "units": {"USD": [{"val": "5"}]}}, "units.{unit}")
    [{'name': 'Acme', 'unit': 'USD', 'val': '5'}]
    """
    found: list[dict[str, Any]] = []
    for around, reached in _reached(name, value, _segments(path), {}, ""):
        items = reached if isinstance(reached, list) else [reached]
        if items and all(isinstance(item, list) for item in items):
            # A table whose first row has the names.
            header, *rest = items
            items = [dict(zip(map(str, header), row, strict=False)) for row in rest]
        for item in items:
            found.append(around | (item if isinstance(item, dict) else {VALUE: item}))
    return found


def _reached(
    name: str, value: Any, path: list[tuple[str, bool]], around: dict[str, Any], way: str
) -> Iterator[tuple[dict[str, Any], Any]]:
    if not path:
        yield around, value
        return
    (key, every), rest = path[0], path[1:]
    if isinstance(value, list):
        if not every and key.isdecimal():
            if int(key) >= len(value):
                raise BadInput(
                    f"rows: {way or 'the document'} has {len(value)} items, none {key}", Place(name)
                )
            yield from _reached(name, value[int(key)], rest, around, f"{way}.{key}".lstrip("."))
            return
        for item in value:
            yield from _reached(name, item, path, around, way)
        return
    if not isinstance(value, dict):
        raise BadInput(f"rows: {way or 'the document'} holds no object with {key!r}", Place(name))
    here = around | {each: one for each, one in value.items() if not isinstance(one, dict | list)}
    if every:
        for each, one in value.items():
            # Of single values on the way there are columns already, unless the path ends with them.
            if isinstance(one, dict | list):
                yield from _reached(name, one, rest, here | {key: each}, f"{way}.{each}".lstrip("."))
            elif not rest:
                yield around | {key: each}, one
        return
    if key not in value:
        hint = nearest(key, value) or f"; it has {', '.join(map(repr, list(value)[:12]))}"
        raise BadInput(f"rows: {way or 'the document'} has no {key!r}{hint}", Place(name))
    yield from _reached(name, value[key], rest, here, f"{way}.{key}".lstrip("."))


# Rows as a table


def table_of_rows(rows: list[dict[str, Any]]) -> tuple[pa.Table, frozenset[str]]:
    """Return rows as a table of text, and which columns hold numbers alone.

    Objects within a row become columns with dots in their names, lists stay JSON.

    >>> table, numbers = table_of_rows([{"a": {"b": JsonNumber("1.10")}, "c": True}])
    >>> table.to_pylist(), numbers
    ([{'a.b': '1.10', 'c': 'true'}], frozenset({'a.b'}))
    """
    flat = [dict(_flat(row)) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    columns = {name: [row.get(name) for row in flat] for name in names}
    numbers = frozenset(
        name
        for name, values in columns.items()
        if all(value is None or isinstance(value, JsonNumber) for value in values)
    )
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()}), numbers


def _flat(row: dict[str, Any], before: str = "") -> Iterator[tuple[str, str | None]]:
    for key, value in row.items():
        name = f"{before}{key}"
        if isinstance(value, dict):
            yield from _flat(value, f"{name}.")
        elif isinstance(value, list):
            yield name, json.dumps(value, ensure_ascii=False)
        elif isinstance(value, bool):
            yield name, "true" if value else "false"
        else:
            yield name, value
