"""How much the pages of a Parquet file unpack to, by the header of each.

The footer says it for whole columns, and may be wrong; what Arrow makes room for, the header of a page says.
Headers are Thrift's compact protocol (https://github.com/apache/thrift/blob/master/doc/specs/), as the file
parquet.thrift of the format has them.
"""

from __future__ import annotations

from typing import Any, Final

__all__ = ["unpacked_pages"]

_I32, _I64, _BINARY, _STRUCT = 5, 6, 8, 12
#: Fields of a page header: how long the page is unpacked, and in the file.
_UNPACKED, _PACKED = 2, 3
#: Its parts that say how many values a page has, in their first field.
_DATA_PAGES: Final = (5, 8)
_DEEPEST: Final = 8


def unpacked_pages(content: Any, start: int, size: int, values: int) -> int:
    """Return how many bytes the pages of a column unpack to that are in `size` bytes from `start` on.

    `content` is anything whose bytes are read by their places. After `values` values, or at a header that is
    none, the rest is not read, as Arrow does not read it either.
    """
    total, at, end = 0, start, min(start + size, len(content))
    while at < end and values > 0:
        header = _Header(content, at, end)
        try:
            fields = header.struct()
            found = [fields[_UNPACKED], fields[_PACKED]]
        except (IndexError, KeyError, ValueError):
            break
        if not all(isinstance(number, int) and number >= 0 for number in found):
            break
        total += found[0]
        for part in _DATA_PAGES:
            page = fields.get(part)
            count = page.get(1) if isinstance(page, dict) else None
            values -= max(count, 0) if isinstance(count, int) else 0
        at = header.at + found[1]
    return total


class _Header:
    """Reads a struct, of which it keeps whole numbers and structs, from a place on."""

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
        if kind in (1, 2):
            # Only in a list a truth value has a byte of its own.
            return self._byte() if within else None
        if kind == 3:
            return self._byte()
        if kind in (4, _I32, _I64):
            return self._signed()
        if kind == 7:
            self._skip(8)
        elif kind == _BINARY:
            self._skip(self._unsigned())
        elif kind in (9, 10):
            head = self._byte()
            count = head >> 4 if head >> 4 < 15 else self._unsigned()
            for _ in range(min(count, self.end - self.at + 1)):
                self._value(head & 0x0F, depth + 1, within=True)
        elif kind == _STRUCT:
            return self.struct(depth + 1)
        else:
            # No page header has a map.
            raise ValueError("not a value of a page header")
        return None

    def _byte(self) -> int:
        if self.at >= self.end:
            raise IndexError
        self.at += 1
        return int(self.content[self.at - 1])

    def _skip(self, count: int) -> None:
        self.at += count
        if self.at > self.end:
            raise IndexError

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
