"""The row store: the events of a generation once more, by rows, in an SQLite file beside it.

DuckDB keeps columns, so that all of one event costs it a block of each. The row store answers two questions
by reading a few kilobytes: which events a fact has, and whether the store holds an event.

- Table `lines`: the events that speak of facts, each as a line of text. A fact's hash says in which bucket
  its lines are. A bucket is one block, or several in a row where it has much text; the blocks are compressed
  with a preset dictionary, made of lines of this store, which the file holds once.
- Table `ids`: the ids of all events with their positions, and their places where these differ. The first
  bits of an id say in which bucket it is; a bucket is one block.
- Table `meta`: what the file covers, its layout, and the dictionary.

Every bucket has a block, if only an empty one, and every block has a CRC, of its number too: so what is not
found is proven to be absent. The file is optional: where it is missing, truncated or damaged, readers fall
back to DuckDB.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import sys
import threading
import zlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain, groupby
from operator import add
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import quote

import duckdb

from timeline.log.paths import quoted
from timeline.meaning.columns import LOG_COLUMNS, SQL_TYPES
from timeline.meaning.fact import FACT_PARTS

__all__ = ["ROWS_MAGIC", "Damaged", "RowStore", "UpTo", "grow", "write"]

#: SQLite's application id, which every row store has at this offset of its header.
ROWS_MAGIC: Final = (68, b"tlrw")

#: A larger block takes longer to decompress, more of them take more space.
_BLOCK: Final = 4_096
#: There are as many buckets as make them so large, or twice as many. A store of few events may grow by many.
_IN_BUCKET: Final = 64
_LEAST_BITS: Final = 6
_MOST_BITS: Final = 32
#: The number of a block of lines is that of its bucket and, in so many bits, its own within that.
_PART_BITS: Final = 24
#: A fact that shares its bucket with a large one is not looked for past so many blocks.
_PARTS_AT_MOST: Final = 64

_LEVEL: Final = 1
#: A larger window, and a larger dictionary, gain nothing.
_WINDOW: Final = -13
_DICTIONARY: Final = 4_096
_SAMPLE: Final = 2_000
_ROWS_AT_ONCE: Final = 60_000
_IS_LAST: Final = b"\1"
_GOES_ON: Final = b"\0"

#: Large pages leave little space unused behind the blocks in them; a few would be mostly empty.
_PAGE: Final = 65_536
_SMALL_PAGE: Final = 4_096
_SMALL: Final = 5_000
_SETTINGS: Final = (
    f"PRAGMA application_id = {int.from_bytes(ROWS_MAGIC[1], 'big')}",
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA locking_mode = EXCLUSIVE",
)
_MAPPED: Final = 2**31 - 2**16
_TABLES: Final = ("meta", "lines", "ids")
_SELECT: Final = {table: f"SELECT content FROM {table} WHERE block = ?" for table in _TABLES}
#: So many bytes are a CRC, a number of ids, and a position or place.
_CRC: Final = 4
_COUNT: Final = 4
_NUMBER: Final = 4

# A line is its fact, then where its id is (so many hexadecimal digits of it) and its position as one field,
# when it was reported, and one field for each column that is not as expected: a letter and a text.

_LINE: Final = "\x1e"
_FIELD: Final = "\x1f"
#: In place of a letter: the column of the letter behind it is NULL; `reported` is the date of `reported_at`.
_NULL: Final = "0"
_DATE: Final = "1"

_COLUMNS: Final = tuple(
    name for name in LOG_COLUMNS if name not in ("fact", *FACT_PARTS, "event_id", "position", "reported_at")
)
_LETTERS: Final = {name: chr(ord("A") + nth) for nth, name in enumerate(_COLUMNS)}
#: Columns that often repeat another.
_OFTEN_SAME: Final = {
    "amount_low": "amount",
    "amount_high": "amount",
    "reported_from": "reported_at",
    "evidence_at": "reported_at",
    "origin": "source",
    "place": "position",
}
#: Columns of which a sample says what they hold where a line does not say; of these it is always the same.
_SAMPLED: Final = tuple(name for name in _COLUMNS if name not in ("reported", "claim", *_OFTEN_SAME))
_EXPECTED: Final[dict[str, str | None]] = {"event_type": "reported", "valid_from": None, "valid_to": None}
#: A line that one report may not displace as a whole: of another type, or of a valid time.
_NOT_PLAIN: Final = re.compile(
    f"{_FIELD}(?:[{_LETTERS['valid_from']}{_LETTERS['valid_to']}]"
    f"|{_NULL}?{_LETTERS['event_type']}(?!withdrawn(?:[{_FIELD}{_LINE}]|\\Z)))"
)

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - as DuckDB hands instants out, in UTC
_MICROSECOND: Final = timedelta(microseconds=1)


class UpTo(NamedTuple):
    """The last commit that a row store covers, the last position in it, counted from 1, and its digest."""

    commit: int
    position: int
    digest: str | None


class Damaged(Exception):
    """The row store is not as it was written; the tables of the generation have the answer."""


class _Unfit(Exception):
    """The events cannot be written as a row store."""


def _instant(text: str) -> datetime:
    return _EPOCH + int(text) * _MICROSECOND


def _decimal(text: str) -> Decimal:
    """Return a decimal with nine places, as DuckDB has them, from a text that ends behind the last but 0."""
    whole, _, part = text.partition(".")
    return Decimal(f"{whole}.{part:0<9}")


_READ: Final[Mapping[str, Callable[[str], Any]]] = {
    "integer": int,
    "text": str,
    "instant": _instant,
    "decimal": _decimal,
    "boolean": {"true": True, "false": False}.__getitem__,
}
_READERS: Final = {_LETTERS[name]: (name, _READ[LOG_COLUMNS[name]]) for name in _COLUMNS}


class RowStore:
    """The row store of a generation, for any number of threads.

    `upto` is where it ends. Everything here that reads raises Damaged.
    """

    def __init__(self, con: sqlite3.Connection) -> None:
        self._con = con
        self._lock = threading.Lock()
        self.layout: dict[str, Any] = json.loads(self._block("meta", 0))
        self._dictionary = self._block("meta", 1)
        self.upto = UpTo(*self.layout["upto"])
        self.bits: int = self.layout["bits"]
        expected: dict[str, str | None] = self.layout["expected"]
        is_known = set(expected) == set(_SAMPLED) and expected | _EXPECTED == expected
        if not (isinstance(self.bits, int) and _LEAST_BITS <= self.bits <= _MOST_BITS and is_known):
            raise Damaged
        self._digits = _digits(self.bits)
        self._size = 32 - _implied(self.bits)
        self._expected = {
            name: None if text is None else _READ[LOG_COLUMNS[name]](text) for name, text in expected.items()
        }

    @classmethod
    def open(cls, path: str | Path, *, writable: bool = False) -> RowStore | None:
        """Return the row store at `path`; None where there is none, or none that can be used."""
        path = Path(path).absolute()
        # To open a named pipe would wait for its other end.
        if not path.is_file() or sys.byteorder != "little":
            return None
        how = "mode=rw" if writable else "mode=ro&immutable=1"
        con = None
        try:
            con = sqlite3.connect(
                f"file://{quote(os.fsencode(path))}?{how}",
                uri=True,
                check_same_thread=False,
                isolation_level=None,
            )
            con.execute(f"PRAGMA mmap_size = {_MAPPED}")
            return cls(con)
        except (sqlite3.Error, Damaged, ValueError, ArithmeticError, LookupError, TypeError, AttributeError):
            if con is not None:
                con.close()
            return None

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self._con.close()

    def _block(self, table: str, number: int) -> bytes:
        """Return the content of a block, checked."""
        try:
            with self._lock:
                [content] = self._con.execute(_SELECT[table], (number,)).fetchone()
            body: bytes = content[_CRC:]
            if zlib.crc32(body, number & 0xFFFFFFFF) == int.from_bytes(content[:_CRC], "little"):
                return body
        except (sqlite3.Error, TypeError, ValueError):
            # No such row, for one, or a value of another type.
            pass
        raise Damaged

    # The events of a fact

    def _parts(self, bucket: int) -> Iterator[tuple[int, bytes]]:
        """Yield the blocks of a bucket of lines with their numbers."""
        number = bucket << _PART_BITS
        while True:
            block = self._block("lines", number)
            yield number, block
            if block[:1] == _IS_LAST:
                return
            number += 1

    def _text(self, block: bytes) -> bytes:
        """Return the lines of a block."""
        try:
            return zlib.decompressobj(_WINDOW, self._dictionary).decompress(memoryview(block)[1:])
        except zlib.error:
            raise Damaged from None

    def last_part(self, bucket: int) -> tuple[int, bytes]:
        """Return the number of the last block of a bucket of lines, and its text."""
        *_, (number, block) = self._parts(bucket)
        return number, self._text(block)

    def lines(self, fact: str, fact_hash: int, most: int) -> list[str] | None:
        """Return the lines of a fact, in no order; None of more than `most`, or among very many others."""
        begins = f"{_LINE}{fact}{_FIELD}".encode()
        if _LINE in fact or _FIELD in fact:
            return []
        found: list[str] = []
        for nth, (_, block) in enumerate(self._parts(fact_hash >> (64 - self.bits))):
            text = self._text(block)
            start = text.find(begins)
            while start >= 0:
                end = text.find(b"\x1e", start + 1)
                end = len(text) if end < 0 else end
                found.append(text[start + len(begins) : end].decode(errors="replace"))
                start = text.find(begins, end)
            if len(found) > most or nth > _PARTS_AT_MOST + most // 4:
                return None
        return found

    def ordered(self, lines: Sequence[str]) -> list[tuple[int, int, str]] | None:
        """Return the lines of a plain fact, each behind when it was reported and its position.

        None where the lines say that their fact is not plain.
        """
        if _NOT_PLAIN.search(_LINE.join(lines)):
            return None
        ordered = []
        try:
            for line in lines:
                first, reported, *_ = line.split(_FIELD, 2)
                if not reported:
                    return None
                ordered.append((int(reported), int(first[self._digits :]), line))
        except ValueError:
            raise Damaged from None
        return ordered

    def row(self, line: str) -> dict[str, Any]:
        """Return a line as a row with values as DuckDB hands them out, without the columns of the fact."""
        row: dict[str, Any] = self._expected.copy()
        try:
            first, reported, *fields = line.split(_FIELD)
            position = row["position"] = int(first[self._digits :])
            at = row["reported_at"] = _instant(reported) if reported else None
            for field in fields:
                if field[0] == _NULL:
                    row[_READERS[field[1]][0]] = None
                elif field[0] == _DATE:
                    row["reported"] = at.date().isoformat() if at else None
                else:
                    name, read = _READERS[field[0]]
                    row[name] = read(field[1:])
            if "reported" not in row:
                row["reported"] = f"{at.isoformat(timespec='microseconds')}Z" if at else None
            if "claim" not in row:
                amount, unit = row["amount"], row["unit"]
                is_usual = amount is not None and unit is not None
                row["claim"] = f"{f'{amount:f}'.rstrip('0').rstrip('.')} {unit}" if is_usual else None
            for name, other in _OFTEN_SAME.items():
                if name not in row:
                    row[name] = row[other]
            row["event_id"] = self._event_id(int(first[: self._digits], 16), position)
        except (ArithmeticError, ValueError, LookupError):
            # Such as an instant that no datetime can be.
            raise Damaged from None
        return row

    # The events by their ids

    def ids(self, bucket: int) -> tuple[bytes, bytes, bytes]:
        """Return the ids of a bucket one behind the other, their positions, and their places."""
        block = self._block("ids", bucket)
        count = int.from_bytes(block[:_COUNT], "little")
        end = _COUNT + self._size * count
        if len(block) - end not in (_NUMBER * count, 2 * _NUMBER * count):
            raise Damaged
        return block[_COUNT:end], block[end : end + _NUMBER * count], block[len(block) - _NUMBER * count :]

    def _event_id(self, prefix: int, position: int) -> str:
        ids, positions, _ = self.ids(prefix >> (4 * self._digits - self.bits))
        nth = _nth(positions, position.to_bytes(_NUMBER, "little"))
        if nth < 0:
            raise Damaged
        implied = f"{prefix:0{self._digits}x}"[: 2 * (32 - self._size)]
        return implied + ids[nth * self._size : (nth + 1) * self._size].hex()

    def find(self, event_ids: Iterable[str]) -> dict[str, tuple[int, int]]:
        """Return those of the events that are here, each with its position and its place."""
        found = {}
        size, shift = self._size, 32 - self.bits
        for event_id in event_ids:
            wanted = bytes.fromhex(event_id)
            ids, *numbers = self.ids(int.from_bytes(wanted[:4], "big") >> shift)
            nth = _nth(ids, wanted[-size:])
            if nth >= 0:
                at = slice(nth * _NUMBER, (nth + 1) * _NUMBER)
                position, place = (int.from_bytes(each[at], "little") for each in numbers)
                found[event_id] = (position, place)
        return found

    # All of it

    def is_like(self, other: RowStore) -> bool:
        """Return whether another row store of the same layout holds the same, however it is divided."""
        if self.layout != other.layout or self._contents() != other._contents():
            return False
        blocks = 0
        for bucket in range(1 << self.bits):
            own, others = ([one._text(block) for _, block in one._parts(bucket)] for one in (self, other))
            blocks += len(own)
            if own != others and _sorted_lines(own) != _sorted_lines(others):
                return False
        return blocks == self._count("lines") and all(
            self._block("ids", bucket) == other._block("ids", bucket)
            or sorted(self._ids_of(bucket)) == sorted(other._ids_of(bucket))
            for bucket in range(1 << self.bits)
        )

    def _ids_of(self, bucket: int) -> Iterator[tuple[bytes, ...]]:
        parts = zip(self.ids(bucket), (self._size, _NUMBER, _NUMBER), strict=True)
        return zip(
            *([part[at : at + size] for at in range(0, len(part), size)] for part, size in parts), strict=True
        )

    def _contents(self) -> list[object]:
        """Return what is in the file besides the lines."""
        try:
            with self._lock:
                names = self._con.execute(
                    "SELECT type, name, sql FROM sqlite_schema ORDER BY name"
                ).fetchall()
        except sqlite3.Error:
            raise Damaged from None
        return [*names, self._count("meta"), self._count("ids")]

    def _count(self, table: str) -> int:
        try:
            with self._lock:
                [(count,)] = self._con.execute(f"SELECT count(*) FROM {table}").fetchall()
        except sqlite3.Error:
            raise Damaged from None
        return int(count)

    # Growing

    def begin(self) -> None:
        _begin(self._con)

    def put(self, table: str, blocks: Iterable[tuple[int, bytes]]) -> None:
        """Write blocks, in place of those of the same numbers."""
        _put(self._con, table, blocks)

    def pack(self, pieces: Iterable[_Piece]) -> Iterator[tuple[int, bytes]]:
        return _pack(pieces, self._dictionary)

    def finish(self, upto: UpTo) -> None:
        self.put("meta", [(0, json.dumps(self.layout | {"upto": upto}).encode())])
        self._con.execute("COMMIT")


def _nth(values: bytes, wanted: bytes) -> int:
    """Return which of the values one behind the other this is; -1 where it is none of them."""
    at = values.find(wanted)
    while at > 0 and at % len(wanted):
        at = values.find(wanted, at + 1)
    return at // len(wanted)


def _sorted_lines(parts: Sequence[bytes]) -> list[bytes]:
    return sorted(b"".join(parts).split(b"\x1e"))


# Writing


def write(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    upto: UpTo,
    events: str,
    *,
    log: str | None = None,
    is_sorted: bool = True,
    like: RowStore | None = None,
) -> bool:
    """Write the row store of the relation `events`, which has all of them, to a new `path`; not synced.

    The relation is in order of `fact_hash`, unless `is_sorted` is False. `log` is a relation of the same
    events from which their ids are read faster. With `like` the layout is that of another row store, so that
    the two can be compared. Returns False, and leaves no file, where that cannot be done.
    """
    if sys.byteorder != "little":
        return False
    try:
        layout = (_layout(con, events, upto.position) if like is None else like.layout) | {"upto": upto}
        lines = _lines_of(con, events, "fact_hash", layout, 1, upto.position)
        dictionary = _dictionary(con, lines)
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute(f"PRAGMA page_size = {_SMALL_PAGE if upto.position < _SMALL else _PAGE}")
            _begin(db)
            for table in _TABLES:
                db.execute(f"CREATE TABLE {table} (block INTEGER PRIMARY KEY, content BLOB)")
            batches = _batches(con, lines if is_sorted else f"{lines} ORDER BY key")
            pieces = _pieces(_texts(batches, layout["bits"]), 0, 1 << layout["bits"])
            _put(db, "lines", _pack(pieces, dictionary))
            _put(db, "ids", _id_blocks(_batches(con, _ids_of(log or events, layout["bits"])), layout["bits"]))
            _put(db, "meta", enumerate((json.dumps(layout).encode(), dictionary)))
            db.execute("COMMIT")
    except (_Unfit, sqlite3.Error, duckdb.ConversionException, duckdb.InvalidInputException):
        path.unlink(missing_ok=True)
        return False
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return True


def grow(con: duckdb.DuckDBPyConnection, path: Path, upto: UpTo, events: str) -> bool:
    """Add the relation `events`, which follow those of the row store at `path`; not synced.

    Returns False, and leaves no file, where that cannot be done.
    """
    store = RowStore.open(path, writable=True)
    if store is None:
        path.unlink(missing_ok=True)
        return False
    try:
        with closing(store):
            first = store.upto.position + 1
            lines = _lines_of(con, events, "md5_number_lower(fact)", store.layout, first, upto.position)
            store.begin()
            # All through one compressor: to make one takes longer than to compress a block.
            store.put("lines", store.pack(_grown_lines(store, _rows(con, f"{lines} ORDER BY key"))))
            store.put("ids", _grown_ids(store, _rows(con, _ids_of(events, store.bits))))
            store.finish(upto)
    except (Damaged, _Unfit, sqlite3.Error, duckdb.ConversionException, duckdb.InvalidInputException):
        path.unlink(missing_ok=True)
        return False
    return True


def _grown_lines(store: RowStore, rows: Iterable[tuple[Any, ...]]) -> Iterator[_Piece]:
    """Yield the last block of each bucket that these lines are of, with them."""
    shift = 64 - store.bits
    for bucket, lines in groupby(rows, key=lambda row: row[0] >> shift):
        number, text = store.last_part(bucket)
        text += "".join(line for _, line in lines).encode()
        yield from _pieces([(bucket, text)], number, bucket + 1)


def _grown_ids(store: RowStore, rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[int, bytes]]:
    """Yield the block of each bucket that these ids are of, with them."""
    shift = 32 - store.bits
    for bucket, more in groupby(rows, key=lambda row: row[0] >> shift):
        ids, positions, places = store.ids(bucket)
        for _, event_id, position, place in more:
            ids += event_id
            positions += position.to_bytes(_NUMBER, "little")
            places += place.to_bytes(_NUMBER, "little")
        yield bucket, _id_block(ids, positions, places)


def _layout(con: duckdb.DuckDBPyConnection, events: str, position: int) -> dict[str, Any]:
    """Return the layout for a row store of these events: chosen by a sample of them, but right for any."""
    bits = min(max((position // _IN_BUCKET).bit_length(), _LEAST_BITS), _MOST_BITS)
    sample = con.execute(
        f"SELECT {', '.join(map(_text_sql, _SAMPLED))} FROM {events} WHERE fact IS NOT NULL LIMIT {_SAMPLE}"
    ).fetchall()
    expected: dict[str, str | None] = dict.fromkeys(_SAMPLED)
    for name, values in zip(_SAMPLED, zip(*sample, strict=True), strict=False):
        [(text, times)] = Counter(values).most_common(1)
        expected[name] = text if 4 * times > len(sample) else None
    return {"bits": bits, "expected": expected | _EXPECTED}


def _digits(bits: int) -> int:
    """Return how many hexadecimal digits of an id say in which bucket it is."""
    return -(-bits // 4)


def _implied(bits: int) -> int:
    """Return how many bytes of an id its bucket says, so that they are not stored."""
    return bits // 8


def _lines_of(
    con: duckdb.DuckDBPyConnection, events: str, key: str, layout: Mapping[str, Any], first: int, last: int
) -> str:
    """Return a query for the hash of each event's fact, and its line.

    Raises _Unfit unless the events are those at the positions from `first` to `last`, and may be lines.
    """
    [(count, least, most)] = con.execute(
        f"SELECT count(*), min(position), max(position) FROM {events}"
    ).fetchall()
    if count != last - first + 1 or (count and (least, most) != (first, last)):
        raise _Unfit
    usual = {name: _usual_sql(name, layout["expected"].get(name)) for name in _COLUMNS}
    # A field takes time even where it is nowhere given, but of these two it takes as long to find out.
    asked = [
        "true" if name in ("reported", "claim") else f"bool_or({name} IS DISTINCT FROM {value})"
        for name, value in usual.items()
    ]
    texts = [name for name in ("fact", *_COLUMNS) if LOG_COLUMNS[name] == "text"]
    asked += [f"bool_or(contains({name}, chr({ord(sign)})))" for name in texts for sign in (_LINE, _FIELD)]
    from_events = f"FROM {events} WHERE fact IS NOT NULL"
    [found] = con.execute(f"SELECT {', '.join(asked)} {from_events}").fetchall()
    if any(found[len(usual) :]):
        raise _Unfit
    given = [_field_sql(name, usual[name]) for name, is_given in zip(usual, found, strict=False) if is_given]
    at = f"event_id[1:{_digits(layout['bits'])}], position, {_FIELD_SQL}, epoch_us(reported_at)"
    line = f"concat(chr({ord(_LINE)}), fact, {', '.join((_FIELD_SQL, at, *given))})"
    return f"SELECT {key} AS key, {line} AS line {from_events}"


_FIELD_SQL: Final = f"chr({ord(_FIELD)})"
#: Whether `reported` follows from `reported_at`.
_IS_INSTANT: Final = (
    "length(reported) = 27 AND reported = strftime(reported_at, '%Y-%m-%dT%H:%M:%S.%fZ') "
    "OR reported IS NULL AND reported_at IS NULL"
)
_IS_DATE: Final = "length(reported) = 10 AND reported = strftime(reported_at, '%Y-%m-%d')"


def _text_sql(name: str) -> str:
    kind = LOG_COLUMNS[name]
    if kind == "instant":
        return f"epoch_us({name})::VARCHAR"
    if kind == "decimal":
        # That of 64 bits takes a quarter of the time.
        return f"rtrim(coalesce(TRY_CAST({name} AS DECIMAL(18,9))::VARCHAR, {name}::VARCHAR), '0')"
    return f"{name}::VARCHAR"


#: What columns hold where a line does not say, in terms of others.
_USUAL: Final[Mapping[str, str]] = _OFTEN_SAME | {
    "claim": f"(rtrim({_text_sql('amount')}, '.') || ' ' || unit)"
}


def _usual_sql(name: str, expected: str | None) -> str:
    """Return what a column holds where a line does not say, as SQL."""
    kind = LOG_COLUMNS[name]
    if name in _USUAL or expected is None:
        return _USUAL.get(name, "NULL")
    if kind == "instant":
        return f"make_timestamp({int(expected)})"
    return f"CAST({quoted(expected)} AS {SQL_TYPES[kind]})"


def _field_sql(name: str, usual: str) -> str:
    """Return the field of a column as SQL, NULL where the column is as usual."""
    field = f"{_FIELD_SQL} || '{_LETTERS[name]}' || {_text_sql(name)}"
    otherwise = f"ELSE coalesce({field}, {_FIELD_SQL} || '{_NULL}{_LETTERS[name]}') END"
    if name == "reported":
        return f"CASE WHEN {_IS_INSTANT} THEN NULL WHEN {_IS_DATE} THEN {_FIELD_SQL} || '{_DATE}' {otherwise}"
    if usual == "NULL":
        return field
    return f"CASE WHEN {name} IS NOT DISTINCT FROM {usual} THEN NULL {otherwise}"


def _ids_of(events: str, bits: int) -> str:
    """Return a query for the first bits of each id, what it has besides those implied, and where it is."""
    return (
        f"SELECT ('0x' || event_id[1:8])::UINTEGER AS key, unhex(event_id[{2 * _implied(bits) + 1}:]) AS id, "
        f"position::UINTEGER AS position, place::UINTEGER AS place FROM {events} ORDER BY key"
    )


def _batches(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[Any]:
    yield from con.sql(query).to_arrow_reader(_ROWS_AT_ONCE)


def _rows(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[tuple[Any, ...]]:
    found = con.execute(query)
    while rows := found.fetchmany(_ROWS_AT_ONCE):
        yield from rows


def _dictionary(con: duckdb.DuckDBPyConnection, lines: str) -> bytes:
    """Return lines from all over a sample, for the compressor to find what is alike in others."""
    sample = [line.encode() for _, line in con.execute(f"{lines} LIMIT {_SAMPLE}").fetchall()]
    step = max(sum(map(len, sample)) // _DICTIONARY, 1)
    return b"".join(sample[::step])[:_DICTIONARY] or _LINE.encode()


#: A part of a bucket: the number of its block, its text, and whether it is the last.
_Piece = tuple[int, bytes, bool]


def _values(column: Any, form: Literal["i", "I", "Q"], extra: int = 0) -> memoryview[int]:
    """Return the fixed-width buffer of an Arrow array: its values, or with one `extra` its offsets."""
    if column.null_count:
        raise _Unfit
    buffer = memoryview(column.buffers()[1]).cast("B").cast(form)
    return buffer[column.offset : column.offset + len(column) + extra]


def _runs(keys: memoryview[int], shift: int) -> Iterator[tuple[int, int, int]]:
    """Yield the buckets of sorted keys, each with where it starts and ends."""
    start = 0
    while start < len(keys):
        bucket = keys[start] >> shift
        end = bisect_left(keys, (bucket + 1) << shift, start)
        yield bucket, start, end
        start = end


def _texts(batches: Iterable[Any], bits: int) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of each bucket; where it goes on in the next batch, once more."""
    for batch in batches:
        if not _is_sorted(batch.column(0)):
            raise _Unfit
        lines = batch.column(1)
        ends, text = _values(lines, "i", 1), memoryview(lines.buffers()[2])
        for bucket, start, end in _runs(_values(batch.column(0), "Q"), 64 - bits):
            yield bucket, bytes(text[ends[start] : ends[end]])


def _is_sorted(hashes: Any) -> bool:
    import pyarrow.compute

    pc: Any = pyarrow.compute
    return bool(pc.all(pc.less_equal(hashes.slice(0, len(hashes) - 1), hashes.slice(1))).as_py() is not False)


def _pieces(texts: Iterable[tuple[int, bytes]], number: int, until: int) -> Iterator[_Piece]:
    """Divide the text of each bucket, from the block of this number up to the bucket `until`."""
    text = b""
    for bucket, more in chain(texts, [(until, b"")]):
        if bucket < number >> _PART_BITS:
            raise _Unfit
        while number >> _PART_BITS < bucket:
            yield number, text, True
            number, text = ((number >> _PART_BITS) + 1) << _PART_BITS, b""
        text += more
        at = 0
        while len(text) - at > 2 * _BLOCK and (end := text.find(b"\x1e", at + _BLOCK)) > 0:
            yield number, text[at:end], False
            number, at = number + 1, end
        text = text[at:]


def _pack(pieces: Iterable[_Piece], dictionary: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the blocks of pieces with their numbers."""
    fresh = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW, zlib.DEF_MEM_LEVEL, 0, dictionary)
    for number, text, is_last in pieces:
        # To copy one that knows the dictionary takes less than to read the dictionary again.
        compressor = fresh.copy()
        head = _IS_LAST if is_last else _GOES_ON
        yield number, b"".join((head, compressor.compress(text), compressor.flush()))


def _id_blocks(batches: Iterable[Any], bits: int) -> Iterator[tuple[int, bytes]]:
    number, parts = 0, (b"", b"", b"")
    for bucket, *more in chain(_id_parts(batches, bits), [(1 << bits, b"", b"", b"")]):
        while number < bucket:
            yield number, _id_block(*parts)
            number, parts = number + 1, (b"", b"", b"")
        parts = tuple(map(add, parts, more))


def _id_parts(batches: Iterable[Any], bits: int) -> Iterator[tuple[int, bytes, bytes, bytes]]:
    """Yield the ids of each bucket, positions and places; where it goes on in the next batch, once more."""
    for batch in batches:
        keys, ids, *numbers = batch.columns
        ends, content = _values(ids, "i", 1), memoryview(ids.buffers()[2])
        if ends[-1] - ends[0] != (32 - _implied(bits)) * len(ids):
            raise _Unfit
        positions, places = (_values(one, "I") for one in numbers)
        for bucket, start, end in _runs(_values(keys, "I"), 32 - bits):
            yield (
                bucket,
                content[ends[start] : ends[end]].tobytes(),
                positions[start:end].tobytes(),
                places[start:end].tobytes(),
            )


def _id_block(ids: bytes, positions: bytes, places: bytes) -> bytes:
    return b"".join(
        (
            (len(positions) // _NUMBER).to_bytes(_COUNT, "little"),
            ids,
            positions,
            places if places != positions else b"",
        )
    )


def _begin(db: sqlite3.Connection) -> None:
    for setting in _SETTINGS:
        db.execute(setting)
    db.execute("BEGIN")


def _put(db: sqlite3.Connection, table: str, blocks: Iterable[tuple[int, bytes]]) -> None:
    summed = (
        (number, zlib.crc32(content, number & 0xFFFFFFFF).to_bytes(_CRC, "little") + content)
        for number, content in blocks
    )
    db.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", summed)
