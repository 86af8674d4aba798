"""A service for objects in this process: obstore's own store in memory, which notes requests and can fail.

And what stops a process before one of its requests, whatever service it asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from obstore.store import MemoryStore

from timeline.log import service
from timeline.log.service import Service

__all__ = ["CHANGES", "REQUESTS", "InMemory", "Time", "before_request", "in_memory"]

#: The requests that change anything, and all of them.
CHANGES: Final = ("put", "put_over", "put_new", "delete")
REQUESTS: Final = ("head", "below", "read", "read_version", "download", *CHANGES)


class InMemory:
    """What `timeline.log.service` asks of a store, answered from memory.

    `asked` has the name of each request, its key and its options. The next requests raise what `next` has for
    them, in turn; None is no failure. `before` is called with each request first.
    """

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.next: list[Exception | None] = []
        self.before: Callable[[str, str], object] = lambda name, key: None

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.store, name)

        def ask(key: str, *arguments: Any, **options: Any) -> Any:
            self.asked.append((name, key, options))
            self.before(name, key)
            failure = self.next.pop(0) if self.next else None
            if failure is not None:
                raise failure
            return method(key, *arguments, **options)

        return ask

    def names(self) -> list[str]:
        """Return the keys of all objects, in order."""
        return sorted(meta["path"] for part in self.store.list() for meta in part)

    def requests(self) -> list[str]:
        """Return what was asked since the last call, without options."""
        made = [f"{name} {key}" for name, key, _ in self.asked]
        self.asked.clear()
        return made


@dataclass
class Time:
    """A clock that goes on by what is slept, and by `per_call` seconds each time it is looked at."""

    at: float = 1_000.0
    per_call: float = 0.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        self.at += self.per_call
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


def in_memory(monkeypatch: pytest.MonkeyPatch) -> tuple[InMemory, Time]:
    """Have every URL lead to one store in memory, and no request wait."""
    store, time = InMemory(), Time()
    monkeypatch.setattr(service, "connect", lambda url, *, seconds=None: store)
    monkeypatch.setattr(service, "time", time)
    return store, time


@contextmanager
def before_request(
    at: int, act: Callable[[], object], names: Sequence[str] = REQUESTS
) -> Iterator[list[str]]:
    """Have something be done before this process makes its request of that number, counted from 1.

    Yields what was asked so far. What `act` asks for itself does not count, nor do probes of a bucket.
    """
    seen: list[str] = []
    original = {name: getattr(Service, name) for name in names}
    busy = False

    def step(name: str) -> Any:
        def asked(self: Service, key: str = "", *more: Any) -> Any:
            nonlocal busy
            if busy or ".probe-" in key:
                return original[name](self, key, *more)
            seen.append(f"{name} {key}")
            if len(seen) == at:
                busy = True
                try:
                    act()
                finally:
                    busy = False
            return original[name](self, key, *more)

        return asked

    with pytest.MonkeyPatch.context() as patched:
        for name in names:
            patched.setattr(Service, name, step(name))
        yield seen
