"""The port of the log's objects in memory, for machines that share no lock: each has a folder of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Memory", "MemoryObjects"]


@dataclass
class Memory:
    """What all machines share: objects by name, each with a number that no other content has."""

    held: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    numbers: int = 0
    exists: bool = False
    #: How many acknowledgements of puts are yet to be lost.
    to_lose: int = 0

    def put(self, name: str, content: bytes) -> None:
        self.numbers += 1
        self.held[name] = content, self.numbers


class MemoryObjects:
    """The objects of a memory as one machine reads them: from copies, as the last listing shows them."""

    is_shared = True

    def __init__(self, memory: Memory, folder: Path) -> None:
        self.memory = memory
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.listed: dict[str, int] = {}
        self.copies: dict[str, int] = {}
        #: Called before each step, with what is done in it.
        self.before: Callable[[str], None] = lambda step: None

    @property
    def place(self) -> str:
        return "memory:"

    def exists(self) -> bool:
        return self.memory.exists or bool(self.memory.held)

    def make(self) -> bool:
        made, self.memory.exists = not self.exists(), True
        return made

    def check_writable(self) -> None:
        pass

    def put_if_absent(self, name: str, content: memoryview) -> bool:
        self.before(f"put {name}")
        with self.memory.lock:
            if name in self.memory.held:
                return False
            self.memory.put(name, bytes(content))
            lost, self.memory.to_lose = self.memory.to_lose > 0, max(0, self.memory.to_lose - 1)
        if lost:
            # What a client does that was not answered: it asks again, is refused, and compares.
            return self.memory.held[name][0] == content
        return True

    def get(self, name: str) -> Path:
        if name not in self.listed or self.copies.get(name) != self.listed[name]:
            self.before(f"get {name}")
            if name not in self.memory.held:
                raise FileNotFoundError(name)
            content, number = self.memory.held[name]
            written = self.folder / f".copy-{os.urandom(6).hex()}"
            written.write_bytes(content)
            os.replace(written, self.folder / name)
            self.copies[name] = self.listed[name] = number
        return self.folder / name

    def fetch(self, names: Iterable[str]) -> None:
        pass

    def has(self, name: str) -> bool:
        self.before(f"has {name}")
        return name in self.memory.held

    def present(self, names: Iterable[str]) -> set[str]:
        return self._look() & set(names)

    def list(self) -> list[str]:
        return [name for name in self._look() if not name.startswith(".")]

    def _look(self) -> set[str]:
        self.before("list")
        self.listed = {name: number for name, (_, number) in list(self.memory.held.items())}
        for name, number in list(self.copies.items()):
            if self.listed.get(name) != number:
                self.forget([name])
        if ".erased" in self.listed:
            self.get(".erased")
        return set(self.listed)

    def replace(self, name: str, content: memoryview) -> None:
        self.before(f"replace {name}")
        with self.memory.lock:
            self.memory.put(name, bytes(content))
        if name.startswith("."):
            (self.folder / name).write_bytes(content)

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            self.before(f"remove {name}")
            with self.memory.lock:
                self.memory.held.pop(name, None)

    def sweep(self, newest: str) -> int:
        return 0

    def forget(self, names: Iterable[str]) -> bool:
        had = False
        for name in names:
            had = self.copies.pop(name, None) is not None or had
            (self.folder / name).unlink(missing_ok=True)
        return had
