"""The row file: what a generation holds of one fact, and which events it holds, for Python to look up.

DuckDB keeps columns, so that everything about one event costs it a block of each. This file keeps the
same events once more, by rows: the events that speak of facts in packed blocks, in the order of the table,
and the ids of all events by their position, with an index to find them by. A lookup reads one block.

    magic | blocks | ids, by position | entries, sorted | sums of both by the page | parts | footer | trailer

Nothing in it is needed: who finds it missing, cut short or damaged asks DuckDB. What is read is checked
first, by a sum of its own.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import re
import struct
import sys
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Literal

import duckdb

from timeline.columns import LOG_COLUMNS
from timeline.tables import OFTEN_SAME, quoted

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Damaged", "RowFile", "write"]

_MAGIC: Final = b"tl-rows1"
_TRAILER: Final = struct.Struct("<II8s")

#: So much text goes into a block: a lookup unpacks one, or two.
_BLOCK: Final = 16_384
_LEVEL: Final = 1
_PACKERS: Final = 2
_ROWS_AT_ONCE: Final = 60_000

#: What has one sum; an id or an entry lies in one page.
_PAGE: Final = 1_024
_ID: Final = 32
_ENTRIES: Final = _PAGE // 8

#: Where an id is looked for first: so many pages to either side of where it should be.
_NEAR: Final = 64

_SAMPLE: Final = 2_000

_SEPARATOR: Final = "\x1f"
_ESCAPES: Final = {"\\": "\\\\", _SEPARATOR: "\\s", "\n": "\\n"}
_PLAIN: Final = {"\\": "\\", "s": _SEPARATOR, "n": "\n", "e": ""}

#: What the text of a fact tells, and what its position does.
_TOLD_BY_FACT: Final = ("fact", "subject", "attribute", "object", "period")
_STORED: Final = tuple(name for name in LOG_COLUMNS if name not in (*_TOLD_BY_FACT, "event_id"))

#: What is told line by line even if it is the same in all.
_ALWAYS: Final = ("position", "reported_at")

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - as DuckDB hands instants out, in UTC
_MICROSECOND: Final = timedelta(microseconds=1)

Fields = list[str]


class Damaged(Exception):
    """The file is not as it was written; the table tells what it would have."""


class _Unfit(Exception):
    """The table is not what a row file can hold."""


class _Odd(Exception):
    """Texts hold what ends a field or a line."""


# Reading


class RowFile:
    """The row file of a generation, for any number of threads.

    `commit`, `position` and `digest` say up to where it goes; positions count from 1. `at` tells the place
    of a column among the fields of a line; what is not there is in `constants`, or `same` as another.
    """

    def __init__(self, content: mmap.mmap, footer: Mapping[str, Any]) -> None:
        self._content = content
        self._parts: Mapping[str, Sequence[int]] = footer["parts"]
        self._ids: int = footer["ids"]
        self._entries: int = footer["entries"]
        self._sums: int = footer["sums"]
        self._bits: int = footer["bits"]
        self._odd_facts: bool = footer["odd_facts"]
        self._last: tuple[int, bytes] = (-1, b"")
        self._are_checked = False
        self.commit: int = footer["commit"]
        self.position: int = footer["position"]
        self.digest: str | None = footer["digest"]
        self.at = {name: nth for nth, (name, _) in enumerate(footer["columns"])}
        self._reported = self.at.get("reported")
        self.same: Mapping[str, str] = footer["same"]
        self.constants: dict[str, Any] = {
            name: None if told is None else _READ[LOG_COLUMNS[name]](told)
            for name, told in footer["constants"].items()
        }
        self._reads: list[tuple[str, Callable[[str], Any]]] = [
            (name, _unescaped if odd else _READ[LOG_COLUMNS[name]]) for name, odd in footer["columns"]
        ]

    @classmethod
    def open(cls, path: str | Path) -> RowFile | None:
        """The file at `path`; None where there is none, or none that is whole."""
        try:
            with open(path, "rb") as file:
                content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            length, checksum, magic = _TRAILER.unpack_from(content, len(content) - _TRAILER.size)
            told = content[-_TRAILER.size - length : -_TRAILER.size]
            if magic != _MAGIC or len(told) != length or zlib.crc32(told) != checksum:
                return None
            footer = json.loads(told)
            if footer["size"] != len(content) or sys.byteorder != "little":
                return None
        except (OSError, ValueError, struct.error):
            return None
        if hasattr(mmap, "MADV_RANDOM"):
            # Who asks for one page has no use for those around it.
            content.madvise(mmap.MADV_RANDOM)
        return cls(content, footer)

    def close(self) -> None:
        """Let go of the file, unless somebody still looks at it; then it is let go with them."""
        with contextlib.suppress(BufferError):
            self._content.close()

    def _part(self, name: str) -> memoryview[int]:
        start, length, checksum = self._parts[name]
        part = self._content[start : start + length]
        if zlib.crc32(part) != checksum:
            raise Damaged
        return memoryview(part).cast("Q")

    # The events of a fact

    @cached_property
    def _blocks(self) -> tuple[memoryview[int], memoryview[int]]:
        """The first hash in each block, and where each begins, and the last ends."""
        return self._part("firsts"), self._part("starts")

    def _block(self, nth: int) -> bytes:
        known, block = self._last
        if known != nth:
            start, end = self._blocks[1][nth : nth + 2]
            if hasattr(mmap, "MADV_WILLNEED"):
                # Asked for as a whole, so that the disk is not waited for at each page.
                first = start - start % mmap.PAGESIZE
                self._content.madvise(mmap.MADV_WILLNEED, first, end - first)
            try:
                block = zlib.decompress(self._content[start:end])
            except zlib.error:
                raise Damaged from None
            self._last = (nth, block)
        return block

    def lines(self, fact: str, fact_hash: int, most: int) -> list[Fields] | None:
        """The fields of the events of a fact, by report and position; None of more than `most`.

        Raises Damaged, as everything here that reads.
        """
        firsts = self._blocks[0]
        last = bisect_right(firsts, fact_hash)
        first = bisect_left(firsts, fact_hash, 0, last)
        # Rows of other facts may have the same hash, and lie between its own.
        begins = f"\n{_escaped(fact) if self._odd_facts else fact}{_SEPARATOR}".encode()
        found: list[bytes] = []
        for nth in range(max(first - 1, 0), last):
            block = self._block(nth)
            start = block.find(begins)
            while start >= 0:
                end = block.find(b"\n", start + 1)
                if end < 0:
                    end = len(block)
                found.append(block[start + len(begins) : end])
                start = block.find(begins, end)
            if len(found) > most:
                return None
        return [line.decode().split(_SEPARATOR) for line in found]

    def row(self, fields: Fields) -> dict[str, Any]:
        """What a line tells, with values as DuckDB hands them out: all but what the fact's own text does."""
        row: dict[str, Any] = self.constants.copy()
        try:
            for (name, read), told in zip(self._reads, fields, strict=True):
                row[name] = read(told) if told else None
            if self._reported is not None and (form := _REPORTED.get(fields[self._reported])):
                row["reported"] = form(row["reported_at"])
        except (ArithmeticError, ValueError, KeyError, AttributeError):
            # Such as an instant that no datetime can be.
            raise Damaged from None
        for name, other in self.same.items():
            row[name] = row[other]
        row["event_id"] = self.event_id(row["position"])
        return row

    # The events by their ids

    def event_id(self, position: int) -> str:
        """The id of the event at a position."""
        start = self._ids + (position - 1) * _ID
        self._check(start)
        return self._content[start : start + _ID].hex()

    def _check(self, start: int) -> None:
        """Raise Damaged unless the page in which something lies is as it was written."""
        nth = (start - self._ids) // _PAGE
        page = self._ids + nth * _PAGE
        [checksum] = _SUM.unpack_from(self._content, self._sums + nth * _SUM.size)
        if zlib.crc32(self._content[page : page + _PAGE]) != checksum:
            raise Damaged

    @cached_property
    def _keys(self) -> memoryview[int]:
        """The first entry of each page of them."""
        return self._part("keys")

    @cached_property
    def _places(self) -> tuple[memoryview[int], memoryview[int]]:
        """The positions of events whose place is another, and these places."""
        return self._part("moved"), self._part("places")

    def with_places(self, found: Mapping[str, int]) -> dict[str, tuple[int, int]]:
        """What was found, each position with its place: where its chain of corrections began."""
        moved, places = self._places
        if not moved:
            return {event_id: (position, position) for event_id, position in found.items()}
        answer = {}
        for event_id, position in found.items():
            nth = bisect_left(moved, position)
            is_moved = nth < len(moved) and moved[nth] == position
            answer[event_id] = (position, places[nth] if is_moved else position)
        return answer

    @cached_property
    def _sorted(self) -> memoryview[int]:
        """The entries: of each id as many first bits as fit, and its position."""
        return memoryview(self._content)[self._entries : self._entries + 8 * self.position].cast("Q")

    def find(self, event_ids: Iterable[str]) -> dict[str, int]:
        """The positions of those of the events that are here."""
        found = {}
        content, keys, entries, bits = self._content, self._keys, self._sorted, self._bits
        count, before_first = len(keys), self._ids - _ID
        for event_id in event_ids:
            wanted = bytes.fromhex(event_id)
            key = int.from_bytes(wanted[:8], "big") >> bits << bits
            # Ids are spread evenly, so that it is known about where to look.
            about = key * count >> 64
            low, high = max(about - _NEAR, 0), min(about + _NEAR, count)
            if (low and keys[low] > key) or (high < count and keys[high] <= key):
                low, high = 0, count
            # The last page that begins before it; what begins like it may go on in the next.
            nth = max(bisect_right(keys, key, low, high) - 1, 0)
            at = bisect_left(entries, key, nth * _ENTRIES, min((nth + 1) * _ENTRIES, self.position))
            while at < self.position and (position := entries[at] - key) >> bits == 0:
                if not 0 < position <= self.position:
                    raise Damaged
                own = before_first + position * _ID
                if content[own : own + _ID] == wanted:
                    found[event_id] = position
                    break
                self._check(own)
                at += 1
            else:
                # That it is not here needs proof, unlike that it is.
                for page in range(nth, min(at // _ENTRIES + 1, count)):
                    self._check(self._entries + page * _PAGE)
        return found

    def find_all(self, wanted: pa.Array[Any], prefixes: pa.Array[Any]) -> Any:
        """The positions of very many events, null where one is not here.

        Their ids are of 32 bytes each, and `prefixes` the first eight of each as a number.
        """
        import pyarrow as pa
        import pyarrow.compute

        pc: Any = pyarrow.compute
        count = self.position
        if not count:
            return pa.nulls(len(wanted), pa.uint64())
        self._check_entries()
        buffer = pa.py_buffer(self._content)
        ids: Any = pa.Array.from_buffers(pa.binary(_ID), count, [None, buffer.slice(self._ids)])
        entries: Any = pa.Array.from_buffers(pa.uint64(), count, [None, buffer.slice(self._entries)])
        wanted = wanted.cast(pa.binary(_ID))
        bits = pa.scalar(self._bits, pa.uint64())
        keys = pc.shift_left(pc.shift_right(prefixes, bits), bits)
        at = pc.search_sorted(entries, keys)
        found: Any = pa.nulls(len(wanted), pa.uint64())
        while True:
            # Those behind the last entry look at it once more, and find another prefix there.
            entry = entries.take(pc.min_element_wise(at, pa.scalar(count - 1, pa.uint64())))
            alike = pc.and_(
                pc.equal(pc.shift_right(entry, bits), pc.shift_right(keys, bits)),
                pc.less(at, pa.scalar(count, pa.uint64())),
            )
            if not pc.any(alike).as_py():
                return found
            position = pc.if_else(alike, pc.bit_wise_xor(entry, keys), pa.scalar(1, pa.uint64()))
            same = pc.equal(ids.take(pc.subtract(position, pa.scalar(1, pa.uint64()))), wanted)
            found = pc.if_else(pc.and_(alike, same), position, found)
            for other in position.filter(pc.and_(alike, pc.invert(same))).to_pylist():
                self._check(self._ids + (other - 1) * _ID)
            # Few ids begin alike.
            at = pc.if_else(alike, pc.add(at, pa.scalar(1, pa.uint64())), pa.scalar(count, pa.uint64()))

    def _check_entries(self) -> None:
        if not self._are_checked:
            for page in range(self._entries, self._sums, _PAGE):
                self._check(page)
            self._are_checked = True


_SUM: Final = struct.Struct("<I")


def _instant(told: str) -> datetime:
    return _EPOCH + int(told) * _MICROSECOND


_READ: Final[Mapping[str, Callable[[str], Any]]] = {
    "integer": int,
    "text": str,
    "instant": _instant,
    "decimal": Decimal,
    "boolean": {"true": True, "false": False}.__getitem__,
}

#: When an event was reported is often told as it is known.
_REPORTED: Final[Mapping[str, Callable[[datetime], str]]] = {
    "\\T": lambda at: f"{at.isoformat(timespec='microseconds')}Z",
    "\\D": lambda at: at.date().isoformat(),
}
_REPORTED_SQL: Final = (
    "CASE WHEN length(reported) = 27 AND reported = strftime(reported_at, '%Y-%m-%dT%H:%M:%S.%fZ') "
    "THEN '\\T' "
    "WHEN length(reported) = 10 AND reported = strftime(reported_at, '%Y-%m-%d') THEN '\\D' ELSE {0} END"
)


def _escaped(text: str) -> str:
    for sign, escape in _ESCAPES.items():
        text = text.replace(sign, escape)
    return text or "\\e"


def _unescaped(told: str) -> str:
    if "\\" not in told or told in _REPORTED:
        return told
    return re.sub(r"\\(.)", lambda found: _PLAIN[found[1]], told)


# Writing


def write(
    con: duckdb.DuckDBPyConnection,
    path: str | Path,
    *,
    commit: int,
    position: int,
    digest: str | None,
    log: str = "store.events",
) -> bool:
    """Write the row file of `store.events`, all that was recorded up to `commit`, durably to a new `path`.

    `log` is a relation of the same events, read through faster where it is in order of position. False, and
    no file, where the table is not what can be written so, such as one in another order.
    """
    if sys.byteorder != "little":
        return False
    path = Path(path)
    try:
        with open(path, "x+b") as file:
            writing = _Writing(con, file, position)
            footer = writing.rows() | writing.ids(log)
            footer |= {"commit": commit, "position": position, "digest": digest}
            writing.end(footer)
            file.flush()
            os.fsync(file.fileno())
    except (_Unfit, _Odd, duckdb.ConversionException, duckdb.InvalidInputException):
        path.unlink()
        return False
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return True


class _Writing:
    """A row file on its way to disk."""

    def __init__(self, con: duckdb.DuckDBPyConnection, file: IO[bytes], position: int) -> None:
        self._con = con
        self._file = file
        self._position = position
        self._parts: dict[str, tuple[int, int, int]] = {}
        file.write(_MAGIC)

    def _part(self, name: str, values: array[int]) -> None:
        content = values.tobytes()
        self._parts[name] = (self._file.tell(), len(content), zlib.crc32(content))
        self._file.write(content)

    def _batches(self, query: str) -> Iterator[Any]:
        yield from self._con.sql(query).to_arrow_reader(_ROWS_AT_ONCE)

    def rows(self) -> dict[str, Any]:
        """Write the events that speak of facts."""
        begin = self._file.tell()
        try:
            return self._rows(escape=False)
        except _Odd:
            self._file.seek(begin)
            self._file.truncate()
            return self._rows(escape=True)

    def _rows(self, *, escape: bool) -> dict[str, Any]:
        footer, line = _as_lines(self._con, escape)
        firsts, starts = array("Q"), array("Q", [self._file.tell()])
        query = f"SELECT fact_hash, {line} AS line FROM store.events WHERE fact IS NOT NULL"
        for hashes, blocks in _packed(self._batches(query), len(footer["columns"])):
            firsts.extend(hashes)
            for block in blocks:
                starts.append(starts[-1] + len(block))
                self._file.write(block)
        self._part("firsts", firsts)
        self._part("starts", starts)
        return footer

    def ids(self, log: str) -> dict[str, Any]:
        """Write the ids of all events, and what finds them."""
        footer = {"ids": self._aligned()}
        columns = "SELECT unhex(event_id) AS id, position"
        if not self._in_order(f"{columns} FROM {log}"):
            self._file.seek(footer["ids"])
            self._file.truncate()
            if not self._in_order(f"{columns} FROM store.events ORDER BY position"):
                raise _Unfit
        footer["entries"] = self._aligned()
        bits = footer["bits"] = self._position.bit_length()
        keys = array("Q")
        first = 0
        prefix = f"(('0x' || event_id[1:16])::UBIGINT >> {bits}) << {bits}"
        for batch in self._batches(f"SELECT {prefix} | position::UBIGINT AS entry FROM {log} ORDER BY entry"):
            entries = _values(batch.column(0), "Q", 8)
            keys.extend(entries[-first % _ENTRIES :: _ENTRIES].tolist())
            self._file.write(entries)
            first += len(entries)
        footer["sums"] = self._aligned()
        self._file.flush()
        with mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            pages = range(footer["ids"], footer["sums"], _PAGE)
            sums = array("I", (zlib.crc32(content[page : page + _PAGE]) for page in pages))
        self._file.write(sums.tobytes())
        moved = self._con.execute(
            "SELECT position, place FROM store.events WHERE place <> position ORDER BY position"
        ).fetchall()
        self._part("keys", keys)
        self._part("moved", array("Q", (position for position, _ in moved)))
        self._part("places", array("Q", (place for _, place in moved)))
        return footer

    def _aligned(self) -> int:
        self._file.write(b"\0" * (-self._file.tell() % _PAGE))
        return self._file.tell()

    def _in_order(self, query: str) -> bool:
        """Write ids as they come; False where they do not come in order of position, without gaps."""
        first = 1
        for batch in self._batches(query):
            count = batch.num_rows
            ids, positions = batch.column(0), batch.column(1)
            lengths = _values(ids, "i", 4, extra=1)
            start, end = lengths[0], lengths[count]
            if _values(positions, "q", 8) != memoryview(array("q", range(first, first + count))):
                return False
            if end - start != count * _ID or ids.null_count:
                raise _Unfit
            self._file.write(memoryview(ids.buffers()[2])[start:end])
            first += count
        return first == self._position + 1

    def end(self, footer: Mapping[str, Any]) -> None:
        told = dict(footer) | {"parts": self._parts, "size": 0}
        before = 0
        # How long the footer is depends on the size that it tells.
        while (size := self._file.tell() + len(json.dumps(told)) + _TRAILER.size) != before:
            told["size"] = before = size
        content = json.dumps(told).encode()
        self._file.write(content)
        self._file.write(_TRAILER.pack(len(content), zlib.crc32(content), _MAGIC))


def _values(column: Any, form: Literal["i", "q", "Q"], width: int, extra: int = 0) -> memoryview[int]:
    """The fixed-width buffer of an Arrow array: its values, or with one `extra` its offsets."""
    buffer = memoryview(column.buffers()[1])
    start = column.offset * width
    return buffer[start : start + (len(column) + extra) * width].cast("B").cast(form)


def _packed(batches: Iterable[Any], separators: int) -> Iterator[tuple[list[int], list[bytes]]]:
    """Blocks of lines, packed while the next are made, and the hash of the first line of each.

    Raises _Odd where a line has not so many separators.
    """
    from concurrent.futures import Future, ThreadPoolExecutor

    under_way: deque[tuple[list[int], Future[list[bytes]]]] = deque()
    last = 0
    with ThreadPoolExecutor(_PACKERS) as pool:
        for batch in batches:
            hashes, lines = _values(batch.column(0), "Q", 8), batch.column(1)
            count = len(lines)
            if not _is_sorted(batch.column(0)) or hashes[0] < last:
                raise _Unfit
            last = hashes[count - 1]
            ends = _values(lines, "i", 4, extra=1)
            at = [0]
            while at[-1] < count:
                at.append(max(at[-1] + 1, bisect_left(ends, ends[at[-1]] + _BLOCK, at[-1], count)))
            text = memoryview(lines.buffers()[2])
            pieces = [(text[ends[start] : ends[end]], end - start) for start, end in pairwise(at)]
            packing = pool.submit(_pack, pieces, separators)
            under_way.append(([hashes[start] for start in at[:-1]], packing))
            if len(under_way) > 2 * _PACKERS:
                firsts, packing = under_way.popleft()
                yield firsts, packing.result()
        for firsts, packing in under_way:
            yield firsts, packing.result()


def _pack(pieces: Sequence[tuple[memoryview, int]], separators: int) -> list[bytes]:
    packed = []
    for piece, lines in pieces:
        text = bytes(piece)
        if text.count(b"\n") != lines or text.count(b"\x1f") != lines * separators:
            raise _Odd
        packed.append(zlib.compress(text, _LEVEL))
    return packed


def _is_sorted(hashes: Any) -> bool:
    import pyarrow.compute

    pc: Any = pyarrow.compute
    if hashes.null_count:
        return False
    return bool(pc.all(pc.less_equal(hashes.slice(0, len(hashes) - 1), hashes.slice(1))).as_py() is not False)


def _as_lines(con: duckdb.DuckDBPyConnection, escape: bool) -> tuple[dict[str, Any], str]:
    """What a footer says of the columns, and the SQL that makes a line of a row."""
    texts = [name for name in ("fact", *_STORED) if LOG_COLUMNS[name] == "text"]
    names = ", ".join(_told_in_sql(name) for name in _STORED)
    sample = con.execute(
        f"SELECT {names} FROM store.events WHERE fact IS NOT NULL LIMIT {_SAMPLE}"
    ).fetchall()
    columns = dict(zip(_STORED, zip(*sample, strict=True), strict=True)) if sample else {}
    changes = {
        name: sum(one != other for one, other in pairwise(values)) / len(values)
        for name, values in columns.items()
    }
    same = {name: other for name, other in OFTEN_SAME.items() if columns and columns[name] == columns[other]}
    constants = {name: values[0] for name, values in columns.items() if len(set(values)) == 1}
    constants = constants if columns else dict.fromkeys(_STORED)
    for name in _ALWAYS:
        constants.pop(name, None)
    # What holds of the sample is looked up for all.
    asked = {f"same {name}": f"bool_and({name} IS NOT DISTINCT FROM {other})" for name, other in same.items()}
    for name, told in constants.items():
        is_so = f"bool_and({_told_in_sql(name)} IS NOT DISTINCT FROM {quoted(told)})"
        asked[f"constant {name}"] = f"count({name}) = 0" if told is None else is_so
    for name in texts:
        if name not in constants:
            signs = f" OR contains({name}, '\\')" if name == "reported" else ""
            asked[f"odd {name}"] = f"bool_or({name} = ''{signs})"
    query = con.execute(f"SELECT {', '.join(asked.values())} FROM store.events WHERE fact IS NOT NULL")
    [answers] = query.fetchall()
    found = dict(zip(asked, answers, strict=True))
    same = {name: other for name, other in same.items() if found[f"same {name}"] is not False}
    constants = {
        name: told
        for name, told in constants.items()
        if name not in same and found[f"constant {name}"] is not False
    }
    odd = {name for name in texts if escape or found.get(f"odd {name}", True)}
    # Lines pack best where what seldom changes follows the fact, and amounts come last.
    seldom = {name for name in _STORED if changes.get(name, 0) < 0.5 or name == "reported"}
    stored = sorted(
        (name for name in _STORED if name not in constants and name not in same),
        key=lambda name: (name not in seldom, name != "position", _LAID_OUT[name]),
    )
    fields = [_field(name, name in odd) for name in ("fact", *stored)]
    line = f"concat({quoted(chr(10))}, {f', chr({ord(_SEPARATOR)}), '.join(fields)})"
    footer = {
        "columns": [(name, name in odd or name == "reported") for name in stored],
        "constants": constants,
        "same": same,
        "odd_facts": "fact" in odd,
    }
    return footer, line


_LAID_OUT: Final = {name: nth for nth, name in enumerate(reversed(LOG_COLUMNS))}


def _told_in_sql(name: str) -> str:
    return f"epoch_us({name})::VARCHAR" if LOG_COLUMNS[name] == "instant" else f"{name}::VARCHAR"


def _field(name: str, odd: bool) -> str:
    told = _told_in_sql(name)
    if odd:
        for sign, escape in _ESCAPES.items():
            told = f"replace({told}, chr({ord(sign)}), {quoted(escape)})"
        told = f"if({name} = '', '\\e', {told})"
    return _REPORTED_SQL.format(told) if name == "reported" else told
