"""Very many small values in order: the last ones in memory, those before them in a temporary file."""

from __future__ import annotations

import marshal
import os
import tempfile
import weakref
from array import array
from collections.abc import Iterator
from itertools import pairwise
from typing import IO, Any, Final

__all__ = ["Items", "Spool"]

#: So many values are written at once.
_AT_ONCE: Final = 1_000
#: Values that are found by their number are written once they come to so many bytes.
_BYTES_AT_ONCE: Final = 2**20


class Spool:
    """Values of Python's own plain types, which can be gone through several times, also at once.

    The file has no name, so that it goes with the process. Of fewer than a thousand values there is none.

    >>> spool = Spool()
    >>> for number in range(2_500):
    ...     spool.add({"number": number})
    >>> len(spool), next(iter(spool)), [*spool][-1], spool.is_large
    (2500, {'number': 0}, {'number': 2499}, True)
    """

    def __init__(self) -> None:
        self._last: list[Any] = []
        self._file: IO[bytes] | None = None
        # Where each block ends in the file.
        self._ends = array("q", [0])

    def add(self, value: Any) -> None:
        """Add a value, as it is now."""
        self._last.append(value)
        if len(self._last) == _AT_ONCE:
            if self._file is None:
                self._file = _temporary(self)
            block = marshal.dumps(self._last)
            self._ends.append(self._ends[-1] + len(block))
            _write(self._file, block)
            self._last.clear()

    @property
    def is_large(self) -> bool:
        """Whether there is a file."""
        return self._file is not None

    def __len__(self) -> int:
        return (len(self._ends) - 1) * _AT_ONCE + len(self._last)

    def __iter__(self) -> Iterator[Any]:
        for start, end in pairwise(self._ends):
            assert self._file is not None
            # At a place, since others may be reading elsewhere.
            yield from marshal.loads(_read(self._file.fileno(), start, end))
        yield from self._last


class Items:
    """Values of Python's own plain types, each of which can be had by its number.

    >>> items = Items()
    >>> for number in range(3):
    ...     items.add((number, "text"))
    >>> len(items), items[1], [*items.between(1, 3)]
    (3, (1, 'text'), [(1, 'text'), (2, 'text')])
    """

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._written = 0
        self._file: IO[bytes] | None = None
        # Where each value ends.
        self._ends = array("q", [0])

    def add(self, value: Any) -> None:
        """Add a value, as it is now."""
        self._waiting += marshal.dumps(value)
        self._ends.append(self._written + len(self._waiting))
        if len(self._waiting) >= _BYTES_AT_ONCE:
            self._flush()

    def _flush(self) -> IO[bytes]:
        if self._file is None:
            self._file = _temporary(self)
        _write(self._file, self._waiting)
        self._written += len(self._waiting)
        self._waiting = bytearray()
        return self._file

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, number: int) -> Any:
        return next(self.between(number, number + 1))

    def between(self, start: int, stop: int) -> Iterator[Any]:
        """Yield the values from one number to another, which is not included."""
        for at in range(start, stop, _AT_ONCE):
            ends = self._ends[at : min(at + _AT_ONCE, stop) + 1]
            file = self._flush() if ends[-1] > self._written or self._file is None else self._file
            block = memoryview(_read(file.fileno(), ends[0], ends[-1]))
            for begin, end in pairwise(ends):
                yield marshal.loads(block[begin - ends[0] : end - ends[0]])


def _temporary(owner: object) -> IO[bytes]:
    """Return a new file without a name, which is closed once its owner is gone."""
    file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
    weakref.finalize(owner, file.close)
    return file


def _write(file: IO[bytes], content: bytes | bytearray) -> None:
    block = memoryview(content)
    while block:
        block = block[file.write(block) :]


def _read(file: int, start: int, end: int) -> bytes:
    parts: list[bytes] = []
    while start < end:
        if not (part := os.pread(file, end - start, start)):
            raise OSError(f"a temporary file ends at byte {start:,}, before {end:,}")
        parts.append(part)
        start += len(part)
    return b"".join(parts)
