"""Where the log's files lie: named objects that are put once, read, listed and removed.

A folder keeps this promise (see `folder`); an object store would keep it with a conditional put. Nothing
here knows what the objects hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

__all__ = ["Objects"]


class Objects(Protocol):
    """Immutable objects by name; the log reaches its files through nothing else."""

    def put_if_absent(self, name: str, content: memoryview) -> bool:
        """Store `content` durably under `name`, whole or not at all; False where the name is taken."""

    def get(self, name: str) -> Path:
        """Return the path to read an object at.

        Raises FileNotFoundError where there is none, Corruption where it is nothing that can be read.
        """

    def has(self, name: str) -> bool:
        """Whether there is an object of that name."""

    def list(self) -> list[str]:
        """Return the names of all objects, in no order; one put or removed meanwhile may be in it or not."""

    def replace(self, name: str, content: memoryview) -> None:
        """Store `content` durably in place of what is under `name`: readers find one or the other, whole.

        Only for an erasure: whatever else is done to the log leaves objects as they were put.
        """

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects in that order, once all that was put is durable; unknown names are passed over."""

    def sweep(self, newest: str) -> int:
        """Remove what unfinished puts older than the object `newest` left behind; returns how many."""
