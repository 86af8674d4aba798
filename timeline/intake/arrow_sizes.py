"""How much the compressed buffers of an Arrow file unpack to, by what each says of itself.

Arrow unpacks a batch as a whole, so that its size has to be known before. It stands in front of each buffer
(https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc); where
the buffers are, the messages say, which are FlatBuffers.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

__all__ = ["unpacked_buffers"]

_MAGIC: Final = b"ARROW1"
_CONTINUES: Final = 0xFFFFFFFF
_DICTIONARY, _BATCH = 2, 3
#: Of a buffer that is as it is in the file.
_AS_IT_IS: Final = -1


def unpacked_buffers(content: bytes) -> Iterator[int]:
    """Yield the size of each compressed buffer of an Arrow file or stream, in bytes, as Arrow will unpack it.

    What cannot be followed ends it, as Arrow refuses that.
    """
    try:
        for at, body in _messages(content):
            yield from _of_message(content, at, body)
    except struct.error:
        return


def _messages(content: bytes) -> Iterator[tuple[int, int]]:
    """Yield where the metadata of each message begins, and its body."""
    if not content.startswith(_MAGIC):
        at = 0
        while at + 4 <= len(content):
            begin, size = _prefix(content, at)
            if size <= 0:
                return
            yield begin, begin + size
            length = _number(content, _table(content, begin), 3, "<q")
            at = begin + size + max(length, 0)
        return
    (size,) = struct.unpack_from("<i", content, len(content) - len(_MAGIC) - 4)
    footer = _table(content, len(content) - len(_MAGIC) - 4 - size)
    for field in (_DICTIONARY, _BATCH):
        if (listed := _field(content, footer, field)) is None:
            continue
        blocks, count = _vector(content, listed)
        for nth in range(count):
            offset, metadata = struct.unpack_from("<qi", content, blocks + 24 * nth)
            yield _prefix(content, offset)[0], offset + metadata


def _prefix(content: bytes, at: int) -> tuple[int, int]:
    """Return where the metadata of a message begins, and its size, which older files have without a mark."""
    (mark,) = struct.unpack_from("<I", content, at)
    if mark != _CONTINUES:
        return at + 4, mark
    (size,) = struct.unpack_from("<i", content, at + 4)
    return at + 8, size


def _of_message(content: bytes, begin: int, body: int) -> Iterator[int]:
    message = _table(content, begin)
    kind, at = _number(content, message, 1, "<B"), _field(content, message, 2)
    if at is None or kind not in (_DICTIONARY, _BATCH):
        return
    batch = _table(content, at)
    if kind == _DICTIONARY:
        if (at := _field(content, batch, 1)) is None:
            return
        batch = _table(content, at)
    if (at := _field(content, batch, 2)) is None or _field(content, batch, 3) is None:
        return
    buffers, count = _vector(content, at)
    for nth in range(count):
        offset, length = struct.unpack_from("<qq", content, buffers + 16 * nth)
        if length > 0:
            (size,) = struct.unpack_from("<q", content, body + offset)
            yield length if size == _AS_IT_IS else max(size, 0)


# FlatBuffers


def _table(content: bytes, at: int) -> int:
    """Return where a table is that a field refers to, or the first number of a message."""
    (offset,) = struct.unpack_from("<I", content, at)
    return int(at + offset)


def _vector(content: bytes, at: int) -> tuple[int, int]:
    """Return where the elements of a vector begin, and how many there are."""
    begin = _table(content, at)
    (count,) = struct.unpack_from("<I", content, begin)
    return begin + 4, count


def _field(content: bytes, table: int, nth: int) -> int | None:
    """Return where a field of a table is; None where the table leaves it out."""
    (back,) = struct.unpack_from("<i", content, table)
    (size,) = struct.unpack_from("<H", content, table - back)
    if 4 + 2 * nth >= size:
        return None
    (offset,) = struct.unpack_from("<H", content, table - back + 4 + 2 * nth)
    return table + offset if offset else None


def _number(content: bytes, table: int, nth: int, form: str) -> int:
    if (at := _field(content, table, nth)) is None:
        return 0
    (number,) = struct.unpack_from(form, content, at)
    return int(number)
