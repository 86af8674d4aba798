"""A disk that loses its power: what a file system may keep of the steps that a program took.

`Disk` watches a folder while a program works in it, and notes after each call that changes or syncs names
what changed. `states` then gives the folders that may be there after the power failed at some moment. POSIX
promises of a file no more than what its last fsync found in it, and of a folder no more than the names that
were in it at its own last fsync: of all later steps any may have reached the disk, in any order, and of a
file any part. A rename is one step. (A power loss that `fsync` itself does not survive is out of scope.)
"""

from __future__ import annotations

import os
import random
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

__all__ = ["Disk", "Moment"]

#: Calls after which a folder may look different, or more of it is durable.
_CALLS = ("link", "rename", "replace", "unlink", "rmdir", "mkdir", "truncate", "ftruncate")

_Names = dict[tuple[int, str], int]


@dataclass(frozen=True)
class _Step:
    """One change of names: entries that appeared and that went, together or not at all."""

    number: int
    added: Mapping[tuple[int, str], int]
    removed: frozenset[tuple[int, str]]


@dataclass(frozen=True)
class Moment:
    """What is known of the disk at a moment: what is durable of it, and what may be lost."""

    call: str
    acknowledged: int
    durable: _Names
    pending: tuple[_Step, ...]
    folders: frozenset[int]
    #: Of each file what is durable, None for nothing, and what was written.
    files: Mapping[int, tuple[bytes | None, bytes]]


@dataclass
class Disk:
    """Watches what happens below `root` while its block runs."""

    root: Path
    moments: list[Moment] = field(default_factory=list)
    acknowledged: int = 0
    _names: _Names = field(default_factory=dict)
    _durable: _Names = field(default_factory=dict)
    _pending: list[_Step] = field(default_factory=list)
    _folders: set[int] = field(default_factory=set)
    _written: dict[int, tuple[tuple[int, int], bytes]] = field(default_factory=dict)
    _synced: dict[int, bytes] = field(default_factory=dict)
    #: Descriptors that keep the number of every file seen from being given to another.
    _held: dict[int, int] = field(default_factory=dict)
    _steps: int = 0

    def acknowledge(self, count: int) -> None:
        """Note that the program was promised its first `count` events."""
        self.acknowledged = count
        self._note("acknowledged")

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note every change below the root within the block; what is there before it is durable."""
        self._observe()
        self._durable, self._pending = dict(self._names), []
        self._synced = {number: content for number, (_, content) in self._written.items()}
        with pytest.MonkeyPatch.context() as patch:
            for name in _CALLS:
                patch.setattr(os, name, self._watched(name, getattr(os, name)))
            sync = os.fsync

            def synced(descriptor: int) -> None:
                sync(descriptor)
                self._observe()
                self._sync(os.fstat(descriptor))
                self._note("fsync")

            patch.setattr(os, "fsync", synced)
            yield
        self._note("end")
        for descriptor in self._held.values():
            os.close(descriptor)

    def _watched(self, name: str, call: Any) -> Any:
        def watched(*arguments: Any, **options: Any) -> Any:
            # What came before the call is a step of its own.
            self._observe()
            answer = call(*arguments, **options)
            self._note(name)
            return answer

        return watched

    def _sync(self, found: os.stat_result) -> None:
        number = found.st_ino
        if stat.S_ISREG(found.st_mode):
            if number in self._written:
                self._synced[number] = self._written[number][1]
            return
        kept = []
        for step in self._pending:
            names = [name for name in (*step.added, *step.removed) if name[0] == number]
            if names:
                _apply(self._durable, step)
            else:
                kept.append(step)
        self._pending = kept

    def _note(self, call: str) -> None:
        self._observe()
        files = {
            number: (self._synced.get(number), content) for number, (_, content) in self._written.items()
        }
        self.moments.append(
            Moment(
                call,
                self.acknowledged,
                dict(self._durable),
                tuple(self._pending),
                frozenset(self._folders),
                files,
            )
        )

    def _observe(self) -> None:
        """Compare the folder with what it last was, and note what changed as steps."""
        names: _Names = {}
        self._look_into(self.root, names)
        added = {name: number for name, number in names.items() if self._names.get(name) != number}
        removed = {name for name, number in self._names.items() if names.get(name) != number}
        moved = {self._names[name]: name for name in removed}
        for name, number in added.items():
            # A name that went while its file appeared elsewhere was renamed.
            old = moved.pop(number, None)
            gone = {name} & removed if old is None else {old} | ({name} & removed)
            removed -= gone
            self._step({name: number}, frozenset(gone))
        for name in sorted(removed):
            self._step({}, frozenset((name,)))
        self._names = names

    def _step(self, added: _Names, removed: frozenset[tuple[int, str]]) -> None:
        self._steps += 1
        self._pending.append(_Step(self._steps, added, removed))

    def _look_into(self, folder: Path, names: _Names) -> None:
        number = folder.stat().st_ino
        self._folders.add(number)
        with os.scandir(folder) as entries:
            for entry in entries:
                found = entry.stat(follow_symlinks=False)
                names[number, entry.name] = found.st_ino
                if found.st_ino not in self._held:
                    self._held[found.st_ino] = os.open(entry.path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
                if stat.S_ISDIR(found.st_mode):
                    self._look_into(Path(entry.path), names)
                elif stat.S_ISREG(found.st_mode):
                    state = (found.st_size, found.st_mtime_ns)
                    if self._written.get(found.st_ino, (None,))[0] != state:
                        self._written[found.st_ino] = (state, Path(entry.path).read_bytes())

    def states(self, moment: Moment, chance: random.Random, more: int) -> Iterator[tuple[str, _Names, Any]]:
        """Yield what may be on the disk after a power loss: a word, names, and of each file its content."""
        pending = moment.pending
        nothing, everything = _chosen(moment, ()), _chosen(moment, pending)
        yield "nothing more", nothing, _contents(moment, lambda kept, written: kept or b"")
        yield "everything", everything, _contents(moment, lambda kept, written: written)
        yield "names without content", everything, _contents(moment, lambda kept, written: kept or b"")
        yield "torn", everything, _contents(moment, lambda kept, written: _torn(written))
        for left_out in pending[-4:]:
            some = _chosen(moment, [step for step in pending if step is not left_out])
            yield "one step lost", some, _contents(moment, lambda kept, written: written)
        for _ in range(more):
            some = _chosen(moment, [step for step in pending if chance.random() < 0.5])
            yield "some", some, _contents(moment, lambda kept, written: _any(kept, written, chance))

    def write_out(self, moment: Moment, names: _Names, contents: Mapping[int, bytes], target: Path) -> None:
        """Make the folder `target` of what is on the disk."""
        below: dict[int, list[tuple[str, int]]] = {}
        for (folder, name), number in names.items():
            below.setdefault(folder, []).append((name, number))

        def make(number: int, path: Path) -> None:
            path.mkdir()
            for name, inner in below.get(number, ()):
                if inner in moment.folders:
                    make(inner, path / name)
                elif inner in contents:
                    (path / name).write_bytes(contents[inner])

        shutil.rmtree(target, ignore_errors=True)
        make(self.root.stat().st_ino, target)


def _apply(names: _Names, step: _Step) -> None:
    for name in step.removed:
        names.pop(name, None)
    names.update(step.added)


def _chosen(moment: Moment, steps: Any) -> _Names:
    names = dict(moment.durable)
    for step in steps:
        _apply(names, step)
    return names


def _contents(moment: Moment, choose: Any) -> dict[int, bytes]:
    return {
        number: written if kept == written else choose(kept, written)
        for number, (kept, written) in moment.files.items()
    }


def _torn(written: bytes) -> bytes:
    """Return a file whose second half never reached the disk, though its length did."""
    half = len(written) // 2
    return written[:half] + bytes(len(written) - half)


def _any(kept: bytes | None, written: bytes, chance: random.Random) -> bytes:
    cut = chance.randrange(len(written) + 1)
    return chance.choice((kept or b"", written, written[:cut], _torn(written), bytes(len(written))))
