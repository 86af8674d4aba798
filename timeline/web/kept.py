"""Answers that were given already, kept for the next who asks the same of the same state of the store."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

__all__ = ["Kept"]


class Kept:
    """Contents by their tags: up to so many bytes in all, of which one has a quarter at most.

    What was asked for last stays the longest. For any number of threads.

    >>> kept = Kept(8)
    >>> kept.get("a", lambda: b"1"), kept.get("a", lambda: b"2")
    (b'1', b'1')
    """

    def __init__(self, at_most: int) -> None:
        self._at_most = at_most
        self._lock = threading.Lock()
        self._contents: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0

    def get(self, tag: str, make: Callable[[], bytes]) -> bytes:
        """Return the content that has a tag, which `make` makes where it is not kept."""
        with self._lock:
            if (found := self._contents.get(tag)) is not None:
                self._contents.move_to_end(tag)
                return found
        made = make()
        if len(made) * 4 > self._at_most:
            return made
        with self._lock:
            if tag not in self._contents:
                self._contents[tag] = made
                self._size += len(made)
            while self._size > self._at_most:
                self._size -= len(self._contents.popitem(last=False)[1])
        return made
