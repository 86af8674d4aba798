"""Very many small values in order: the last thousand in memory, those before them in a temporary file."""

from __future__ import annotations

import marshal
import os
import tempfile
import weakref
from array import array
from collections.abc import Iterator
from itertools import pairwise
from typing import IO, Any, Final

__all__ = ["Spool"]

#: So many values are written at once.
_AT_ONCE: Final = 1_000


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
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
                weakref.finalize(self, self._file.close)
            block = memoryview(marshal.dumps(self._last))
            self._ends.append(self._ends[-1] + len(block))
            while block:
                block = block[self._file.write(block) :]
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


def _read(file: int, start: int, end: int) -> bytes:
    parts: list[bytes] = []
    while start < end:
        if not (part := os.pread(file, end - start, start)):
            raise OSError(f"a temporary file ends at byte {start:,}, before {end:,}")
        parts.append(part)
        start += len(part)
    return b"".join(parts)
