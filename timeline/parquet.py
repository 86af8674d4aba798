"""A few rows of the log as a Parquet file, written by hand.

pyarrow takes longer to get ready for 43 columns than to write them, and longer still to import. What is
written here is what it would write: a row group with a page a column, plain and not compressed, with the
same schema, statistics and metadata. The format: https://parquet.apache.org/docs/file-format/
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Mapping, Sequence
from decimal import Context, Decimal
from functools import cache, lru_cache
from itertools import groupby
from typing import Any, Final

from timeline.columns import LOG_COLUMNS, Kind

__all__ = ["parquet_of"]

_MAGIC: Final = b"PAR1"
_CREATED_BY: Final = b"timeline version 1.0.0 (build 1)"

#: The types of Thrift's compact protocol that metadata is made of.
_TRUE, _FALSE, _I32, _I64, _BINARY, _LIST, _STRUCT = 1, 2, 5, 6, 8, 9, 12

#: Physical types, by their numbers in the format.
_BOOLEAN, _INT32, _INT64, _BYTES, _FIXED = 0, 1, 2, 6, 7

_PRECISION, _SCALE = 38, 9
_EXACT: Final = Context(prec=60)

_Column = list[Any]


# Thrift


@lru_cache(maxsize=4_096)
def _unsigned(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _integer(number: int) -> bytes:
    """A number that is not negative."""
    return _unsigned(number << 1)


def _binary(value: bytes) -> bytes:
    return _unsigned(len(value)) + value


def _list(kind: int, items: Sequence[bytes]) -> bytes:
    head = (
        bytes([len(items) << 4 | kind]) if len(items) < 15 else bytes([0xF0 | kind]) + _unsigned(len(items))
    )
    return head + b"".join(items)


def _struct(*fields: tuple[int, int, bytes]) -> bytes:
    """A struct of fields, each its number, type and encoded value, in the order of their numbers."""
    out = bytearray()
    before = 0
    for number, kind, value in fields:
        out.append((number - before) << 4 | kind)
        out += value
        before = number
    out.append(0)
    return bytes(out)


# What is the same for every file


def _physical(name: str) -> int:
    if name == "inherited":
        return _INT32
    kinds: dict[Kind, int] = {
        "integer": _INT64,
        "text": _BYTES,
        "instant": _INT64,
        "decimal": _FIXED,
        "boolean": _BOOLEAN,
    }
    return kinds[LOG_COLUMNS[name]]


@cache
def _schema() -> bytes:
    root = _struct(
        (3, _I32, _integer(0)), (4, _BINARY, _binary(b"schema")), (5, _I32, _integer(len(LOG_COLUMNS)))
    )
    return _list(_STRUCT, [root, *(_schema_element(name, kind) for name, kind in LOG_COLUMNS.items())])


def _schema_element(name: str, kind: Kind) -> bytes:
    optional = (3, _I32, _integer(1))
    named = (4, _BINARY, _binary(name.encode()))
    typed = (1, _I32, _integer(_physical(name)))
    if kind == "text":
        text = _struct((1, _STRUCT, _struct()))
        return _struct(typed, optional, named, (6, _I32, _integer(0)), (10, _STRUCT, text))
    if kind == "instant":
        micros = _struct((2, _STRUCT, _struct()))
        instant = _struct((8, _STRUCT, _struct((1, _FALSE, b""), (2, _STRUCT, micros))))
        return _struct(typed, optional, named, (10, _STRUCT, instant))
    if kind == "decimal":
        places = (_I32, _integer(_SCALE)), (_I32, _integer(_PRECISION))
        decimal = _struct((5, _STRUCT, _struct((1, *places[0]), (2, *places[1]))))
        return _struct(
            typed,
            (2, _I32, _integer(16)),
            optional,
            named,
            (6, _I32, _integer(5)),
            (7, *places[0]),
            (8, *places[1]),
            (10, _STRUCT, decimal),
        )
    return _struct(typed, optional, named)


@cache
def _chunk_opening(name: str) -> bytes:
    """The metadata of a column up to where it depends on the rows: type, encodings, path, codec."""
    plain, levels = 0, 3
    fields = (
        (1, _I32, _integer(_physical(name))),
        (2, _LIST, _list(_I32, [_integer(plain), _integer(levels)])),
        (3, _LIST, _list(_BINARY, [_binary(name.encode())])),
        (4, _I32, _integer(0)),
    )
    return _struct(*fields)[:-1]


@cache
def _closing() -> bytes:
    """The end of the footer: who wrote it, and that columns are ordered as their types are."""
    order = _struct((1, _STRUCT, _struct()))
    orders = _list(_STRUCT, [order] * len(LOG_COLUMNS))
    return b"\x18" + _binary(_CREATED_BY) + b"\x19" + orders + b"\x00"


# Pages


def _page(name: str, column: _Column) -> bytes:
    """A data page: its header, which of the rows have a value, and the values."""
    given = [value for value in column if value is not None]
    levels = b"".join(
        _unsigned(len(list(run)) << 1) + (b"\x01" if present else b"\x00")
        for present, run in groupby(value is not None for value in column)
    )
    body = struct.pack("<I", len(levels)) + levels + _plain(name, given)
    return _page_header(len(column), len(body)) + body


def _page_header(count: int, size: int) -> bytes:
    data_page = _struct(
        (1, _I32, _integer(count)), (2, _I32, _integer(0)), (3, _I32, _integer(3)), (4, _I32, _integer(3))
    )
    return _struct(
        (1, _I32, _integer(0)), (2, _I32, _integer(size)), (3, _I32, _integer(size)), (5, _STRUCT, data_page)
    )


@lru_cache(maxsize=256)
def _empty_page(count: int) -> bytes:
    return _page("event_id", [None] * count)


def _plain(name: str, values: _Column) -> bytes:
    physical = _physical(name)
    if physical == _BYTES:
        texts = [value.encode() for value in values]
        return b"".join(struct.pack("<I", len(text)) + text for text in texts)
    if physical == _BOOLEAN:
        bits = sum(1 << place for place, value in enumerate(values) if value)
        return bits.to_bytes((len(values) + 7) // 8, "little")
    if physical == _FIXED:
        return b"".join(map(_unscaled, values))
    return struct.pack(f"<{len(values)}{'i' if physical == _INT32 else 'q'}", *values)


def _unscaled(value: Decimal) -> bytes:
    scaled = int(value.scaleb(_SCALE, _EXACT))
    if abs(scaled) >= 10**_PRECISION or Decimal(scaled).scaleb(-_SCALE, _EXACT) != value:
        raise ValueError(f"{value} is no decimal of {_PRECISION} digits, {_SCALE} of them after the point")
    return scaled.to_bytes(16, "big", signed=True)


def _statistics(name: str, column: _Column) -> bytes:
    """How many rows have no value, and the least and greatest of the others, as `_plain` has them."""
    given = [value for value in column if value is not None]
    if _physical(name) == _BYTES:
        # By their bytes: the order of text that the format knows.
        given = [value.encode() for value in given]
    fields = [(3, _I64, _integer(len(column) - len(given)))]
    if given:
        for number, value in ((5, max(given)), (6, min(given))):
            told = value if isinstance(value, bytes) else _plain(name, [value])
            fields.append((number, _BINARY, _binary(told)))
    return _struct(*fields)


# The file


def parquet_of(
    rows: Sequence[Mapping[str, Any]], metadata: Mapping[str, str], statistics: Collection[str]
) -> bytearray:
    """A Parquet file of rows in the columns of the log, with statistics of some of them.

    Instants are integer microseconds, amounts Decimal, both nullable as all else; names that a row lacks
    are null, names that are no column are passed over. Raises ValueError for an amount that does not fit,
    struct.error for a number. Meant for few rows: all of them go into one page a column.

    >>> file = parquet_of([{"fact": "nvidia/ceo", "position": 1}], {"timeline.schema": "1"}, ("position",))
    >>> bytes(file[:4]), bytes(file[-4:])
    (b'PAR1', b'PAR1')
    """
    count = len(rows)
    given = set().union(*rows)
    content = bytearray(_MAGIC)
    chunks = []
    for name in LOG_COLUMNS:
        column = [row.get(name) for row in rows] if name in given else None
        page = _empty_page(count) if column is None else _page(name, column)
        at, size = _integer(len(content)), _integer(len(page))
        told = b""
        if name in statistics:
            told = b"\x3c" + _statistics(name, [None] * count if column is None else column)
        chunks.append(
            b"\x26\x00\x1c"
            + _chunk_opening(name)
            + (b"\x16" + _integer(count) + b"\x16" + size + b"\x16" + size + b"\x26" + at + told)
            + b"\x00\x00"
        )
        content += page
    size = _integer(len(content) - len(_MAGIC))
    group = _struct(
        (1, _LIST, _list(_STRUCT, chunks)),
        (2, _I64, size),
        (3, _I64, _integer(count)),
        (5, _I64, _integer(len(_MAGIC))),
        (6, _I64, size),
    )
    pairs = [
        _struct((1, _BINARY, _binary(key.encode())), (2, _BINARY, _binary(value.encode())))
        for key, value in metadata.items()
    ]
    footer = _struct(
        (1, _I32, _integer(2)),
        (2, _LIST, _schema()),
        (3, _I64, _integer(count)),
        (4, _LIST, _list(_STRUCT, [group])),
        (5, _LIST, _list(_STRUCT, pairs)),
    )
    footer = footer[:-1] + _closing()
    content += footer + struct.pack("<I", len(footer)) + _MAGIC
    return content
