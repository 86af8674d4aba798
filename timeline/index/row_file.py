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
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from timeline.meaning.columns import LOG_COLUMNS
from timeline.meaning.fact import FACT_PARTS

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "ENTRIES_OF_PAGE",
    "ESCAPES",
    "ID_BYTES",
    "MAGIC",
    "PAGE",
    "SEPARATOR",
    "STORED",
    "TRAILER",
    "Damaged",
    "Fields",
    "RowFile",
]

MAGIC: Final = b"tl-rows1"
TRAILER: Final = struct.Struct("<II8s")

#: What has one sum; an id or an entry lies in one page.
PAGE: Final = 1_024
ID_BYTES: Final = 32
ENTRIES_OF_PAGE: Final = PAGE // 8

#: Where an id is looked for first: so many pages to either side of where it should be.
_NEAR: Final = 64

SEPARATOR: Final = "\x1f"
ESCAPES: Final = {"\\": "\\\\", SEPARATOR: "\\s", "\n": "\\n"}
_PLAIN: Final = {"\\": "\\", "s": SEPARATOR, "n": "\n", "e": ""}

#: What the text of a fact tells, and what its position does.
_TOLD_BY_FACT: Final = ("fact", *FACT_PARTS)
STORED: Final = tuple(name for name in LOG_COLUMNS if name not in (*_TOLD_BY_FACT, "event_id"))

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - as DuckDB hands instants out, in UTC
_MICROSECOND: Final = timedelta(microseconds=1)

Fields = list[str]


class Damaged(Exception):
    """The file is not as it was written; the table tells what it would have."""


def _open_at_once(path: str, flags: int) -> int:
    # A named pipe in its place would wait for its other end.
    return os.open(path, flags | os.O_NONBLOCK)


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
            with open(path, "rb", opener=_open_at_once) as file:
                content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            length, checksum, magic = TRAILER.unpack_from(content, len(content) - TRAILER.size)
            told = content[-TRAILER.size - length : -TRAILER.size]
            if magic != MAGIC or len(told) != length or zlib.crc32(told) != checksum:
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
                # AsOf for as a whole, so that the disk is not waited for at each page.
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
        begins = f"\n{_escaped(fact) if self._odd_facts else fact}{SEPARATOR}".encode()
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
        return [line.decode().split(SEPARATOR) for line in found]

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

    def is_like(self, other: RowFile) -> bool:
        """Whether another file holds the same, however its blocks are packed; raises Damaged."""
        footers = (
            (one.commit, one.position, one.digest, one.at, one.constants, one.same, one._bits, one._odd_facts)
            for one in (self, other)
        )
        if len({repr(footer) for footer in footers}) > 1:
            return False
        if any(self._part(name) != other._part(name) for name in ("firsts", "moved", "places", "keys")):
            return False
        self._check_entries()
        if self._content[self._ids : self._sums] != other._content[other._ids : other._sums]:
            return False
        return all(self._block(nth) == other._block(nth) for nth in range(len(self._blocks[0])))

    # The events by their ids

    def event_id(self, position: int) -> str:
        """The id of the event at a position."""
        start = self._ids + (position - 1) * ID_BYTES
        self._check(start)
        return self._content[start : start + ID_BYTES].hex()

    def _check(self, start: int) -> None:
        """Raise Damaged unless the page in which something lies is as it was written."""
        nth = (start - self._ids) // PAGE
        page = self._ids + nth * PAGE
        [checksum] = _SUM.unpack_from(self._content, self._sums + nth * _SUM.size)
        if zlib.crc32(self._content[page : page + PAGE]) != checksum:
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
        count, before_first = len(keys), self._ids - ID_BYTES
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
            at = bisect_left(
                entries, key, nth * ENTRIES_OF_PAGE, min((nth + 1) * ENTRIES_OF_PAGE, self.position)
            )
            while at < self.position and (position := entries[at] - key) >> bits == 0:
                if not 0 < position <= self.position:
                    raise Damaged
                own = before_first + position * ID_BYTES
                if content[own : own + ID_BYTES] == wanted:
                    found[event_id] = position
                    break
                self._check(own)
                at += 1
            else:
                # That it is not here needs proof, unlike that it is.
                for page in range(nth, min(at // ENTRIES_OF_PAGE + 1, count)):
                    self._check(self._entries + page * PAGE)
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
        ids: Any = pa.Array.from_buffers(pa.binary(ID_BYTES), count, [None, buffer.slice(self._ids)])
        entries: Any = pa.Array.from_buffers(pa.uint64(), count, [None, buffer.slice(self._entries)])
        wanted = wanted.cast(pa.binary(ID_BYTES))
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
                self._check(self._ids + (other - 1) * ID_BYTES)
            # Few ids begin alike.
            at = pc.if_else(alike, pc.add(at, pa.scalar(1, pa.uint64())), pa.scalar(count, pa.uint64()))

    def _check_entries(self) -> None:
        if not self._are_checked:
            for page in range(self._entries, self._sums, PAGE):
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


def _escaped(text: str) -> str:
    for sign, escape in ESCAPES.items():
        text = text.replace(sign, escape)
    return text or "\\e"


def _unescaped(told: str) -> str:
    if "\\" not in told or told in _REPORTED:
        return told
    return re.sub(r"\\(.)", lambda found: _PLAIN[found[1]], told)
