"""Where the log's files lie: named objects that are put once, read, listed and removed.

A folder keeps this promise (see `folder`), and a bucket of an object store (see `bucket`). Nothing here knows
what the objects hold. tests/log/test_objects.py is the specification: every implementation passes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

__all__ = ["Objects"]


class Objects(Protocol):
    """Immutable objects by name; the log reaches its files through nothing else.

    A name that begins with a dot is that of a mark, which `list` leaves out.
    """

    @property
    def place(self) -> str:
        """Where the objects lie, as messages name it: the path of a folder, or a URL."""

    @property
    def is_shared(self) -> bool:
        """Whether others may remove and replace objects who share no lock with this machine."""

    def exists(self) -> bool:
        """Whether there is a place for objects, an empty one too."""

    def make(self) -> bool:
        """Make a place for objects durably; returns whether there was none."""

    def check_writable(self) -> None:
        """Raise BadInput where a name could be put twice here; called before anything is recorded."""

    def put_if_absent(self, name: str, content: memoryview) -> bool:
        """Store `content` durably under `name`, whole or not at all; False where the name is taken.

        True too where an attempt of this call stored it and the acknowledgement got lost.
        """

    def get(self, name: str) -> Path:
        """Return the path to read an object at, as it was when names were last listed, or later.

        Raises FileNotFoundError where there is none, Corruption where it is nothing that can be read.
        """

    def fetch(self, names: Iterable[str]) -> None:
        """Prepare to get several objects, at once where that is faster; missing ones are passed over."""

    def has(self, name: str) -> bool:
        """Whether there is an object of that name."""

    def present(self, names: Iterable[str]) -> set[str]:
        """Return those of some names that have an object, looked for in the order given."""

    def list(self) -> list[str]:
        """Return the names of all objects, in no order; one put or removed meanwhile may be in it or not."""

    def replace(self, name: str, content: memoryview) -> None:
        """Store `content` durably in place of what is under `name`: readers find one or the other, whole.

        Only for marks, and for an erasure: whatever else is done to the log leaves objects as they were put.
        """

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects in that order, once all that was put is durable; unknown names are passed over."""

    def sweep(self, newest: str) -> int:
        """Remove what unfinished puts older than the object `newest` left behind; returns how many."""

    def forget(self, names: Iterable[str]) -> bool:
        """Remove copies of objects that are kept to read them at; returns whether there were any."""
