"""How much a Parquet file unpacks to, by its footer and by the header of each page.

The footer may be wrong; what Arrow makes room for, the header of a page says. Both are read here, and not by
Arrow: a footer whose statistics contradict the type of their column ends the process there. They are written
in Thrift's compact protocol (https://github.com/apache/thrift/blob/master/doc/specs/), as the file
parquet.thrift of the format has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Chunk", "chunks_of", "unpacked_pages"]

#: A file ends with the length of its footer and this word.
_END: Final = b"PAR1"
_BOOLEANS, _INTEGERS, _BINARY, _LISTS, _MAP, _STRUCT = (1, 2), (4, 5, 6), 8, (9, 10), 11, 12
#: Of values that take as many bytes each: one byte, a double, a UUID.
_SIZES: Final = {3: 1, 7: 8, 13: 16}
#: Fields of a page header: how long the page is unpacked, and in the file.
_UNPACKED, _PACKED = 2, 3
#: Its parts that say how many values a page has, in their first field.
_DATA_PAGES: Final = (5, 8)
#: In the footer: its row groups, their chunks, and what is known of a chunk.
_ROW_GROUPS, _CHUNKS, _KNOWN = 4, 1, 3
#: Of a chunk: the names that lead to its column, its values, its bytes, and where these begin.
_PATH, _VALUES, _BYTES_UNPACKED, _BYTES_PACKED, _DATA, _DICTIONARY = 3, 5, 6, 7, 9, 11
_DEEPEST: Final = 16


@dataclass(frozen=True)
class Chunk:
    """What the footer says of a column in one row group: sizes are bytes, `start` is a place in the file."""

    path: tuple[str, ...]
    values: int
    unpacked: int
    packed: int
    start: int
    has_dictionary: bool


def chunks_of(content: Any) -> list[list[Chunk]]:
    """Return the chunks of each row group by the footer of a file.

    `content` is anything whose bytes are read by their places. Raises ValueError for what is no such footer.
    """
    length = int.from_bytes(content[-8:-4], "little")
    if content[-4:] != _END or length > len(content) - 8:
        raise ValueError("no footer")
    try:
        footer = _Reader(content, len(content) - 8 - length, len(content) - 8).struct()
        return [
            [_chunk(chunk[_KNOWN]) for chunk in group.get(_CHUNKS, ())]
            for group in footer.get(_ROW_GROUPS, ())
        ]
    except (AttributeError, IndexError, KeyError, TypeError, UnicodeDecodeError):
        raise ValueError("a footer that cannot be followed") from None


def _chunk(known: Any) -> Chunk:
    numbers = [known[field] for field in (_VALUES, _BYTES_UNPACKED, _BYTES_PACKED, _DATA)]
    dictionary = known.get(_DICTIONARY)
    values, unpacked, packed, data = (max(number, 0) for number in numbers)
    return Chunk(
        path=tuple(name.decode() for name in known[_PATH]),
        values=values,
        unpacked=unpacked,
        packed=packed,
        start=data if dictionary is None else min(data, max(dictionary, 0)),
        has_dictionary=dictionary is not None,
    )


def unpacked_pages(content: Any, start: int, size: int, values: int) -> int:
    """Return how many bytes the pages of a column unpack to that are in `size` bytes from `start` on.

    `content` is anything whose bytes are read by their places. After `values` values, or at a header that is
    none, the rest is not read, as Arrow does not read it either.
    """
    total, at, end = 0, start, min(start + size, len(content))
    while at < end and values > 0:
        header = _Reader(content, at, end)
        try:
            fields = header.struct()
            found = [fields[_UNPACKED], fields[_PACKED]]
        except (IndexError, KeyError, ValueError):
            break
        if not all(isinstance(number, int) and number >= 0 for number in found):
            break
        total += found[0]
        for part in _DATA_PAGES:
            values -= _count(fields.get(part))
        at = header.at + found[1]
    return total


def _count(part: object) -> int:
    """Return how many values a part of a page header counts: none where it counts none."""
    count = part.get(1) if isinstance(part, dict) else None
    return max(count, 0) if isinstance(count, int) else 0


class _Reader:
    """Reads a struct from a place on: its numbers, bytes, lists and structs, by the numbers of fields."""

    def __init__(self, content: Any, at: int, end: int) -> None:
        self.content, self.at, self.end = content, at, end

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """Read a struct; raises ValueError or IndexError for what is none."""
        if depth > _DEEPEST:
            raise ValueError("nested too deep")
        found: dict[int, Any] = {}
        number = 0
        while (byte := self._byte()) & 0x0F:
            number = number + (byte >> 4) if byte >> 4 else self._signed()
            found[number] = self._value(byte & 0x0F, depth)
        return found

    def _value(self, kind: int, depth: int, within: bool = False) -> Any:
        """Read a value; None for one of a kind that nobody asks for."""
        if kind in _INTEGERS:
            return self._signed()
        if kind == _BINARY:
            return self._bytes(self._unsigned())
        if kind == _STRUCT:
            return self.struct(depth + 1)
        if kind in _LISTS:
            return self._list(depth)
        if kind == _MAP:
            self._map(depth)
        elif kind in _SIZES:
            self._bytes(_SIZES[kind])
        elif kind not in _BOOLEANS:
            raise ValueError("not a kind of value")
        elif within:
            # Only in a list or a map a truth value has a byte of its own.
            self._byte()
        return None

    def _list(self, depth: int) -> Sequence[Any]:
        head = self._byte()
        count = head >> 4 if head >> 4 < 15 else self._unsigned()
        self._check_count(count)
        return [self._value(head & 0x0F, depth + 1, within=True) for _ in range(count)]

    def _map(self, depth: int) -> None:
        if count := self._unsigned():
            self._check_count(count)
            kinds = self._byte()
            for _ in range(count):
                self._value(kinds >> 4, depth + 1, within=True)
                self._value(kinds & 0x0F, depth + 1, within=True)

    def _check_count(self, count: int) -> None:
        """Raise IndexError for more values than bytes: each takes one at least."""
        if count > self.end - self.at:
            raise IndexError

    def _byte(self) -> int:
        if self.at >= self.end:
            raise IndexError
        self.at += 1
        return int(self.content[self.at - 1])

    def _bytes(self, count: int) -> bytes:
        start = self.at
        self.at += count
        if self.at > self.end:
            raise IndexError
        return bytes(self.content[start : self.at])

    def _unsigned(self) -> int:
        number = shift = 0
        while (byte := self._byte()) & 0x80:
            number |= (byte & 0x7F) << shift
            shift += 7
            if shift > 63:
                raise ValueError("too long a number")
        return number | byte << shift

    def _signed(self) -> int:
        number = self._unsigned()
        return number >> 1 ^ -(number & 1)
