"""Copies of a bucket's objects in a local folder, to read them at.

Beside each copy lies the entity tag of its object. A copy is good as long as the bucket lists that tag. The
folder may be shared by any number of processes, and deleted at any time.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from timeline.errors import TimelineError
from timeline.log.folder import FileLock
from timeline.log.service import Tagged
from timeline.meaning.times import now

__all__ = ["Copies"]

_TAG: Final = ".tag-"
_TEMPORARY: Final = ".copy-"
#: What a process that died left unfinished is removed after a day, in microseconds.
_UNFINISHED: Final = 86_400_000_000


class Copies:
    """The copies in one folder, which is made when the first is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = FileLock(folder / ".copies.lock")

    def make_folder(self) -> None:
        """Make the folder, for its owner alone: copies may hold what others are not to read."""
        try:
            self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise TimelineError(
                f"{self.folder}: cannot be made, for copies of a bucket ({error.strerror}); set "
                "XDG_CACHE_HOME to a folder that can be written"
            ) from error

    def names(self) -> list[str]:
        """Return the names of the objects of which there are copies."""
        try:
            found = os.listdir(self.folder)
        except FileNotFoundError:
            return []
        return [name.removeprefix(_TAG) for name in found if name.startswith(_TAG)]

    def path(self, name: str, expected: Tagged | None) -> Path | None:
        """Return the path of the copy of an object; None where there is none of the object as it is now."""
        if expected is None:
            return None
        path = self.folder / name
        try:
            with open(self.folder / f"{_TAG}{name}", encoding="utf-8") as tag:
                same = tag.read() == expected.tag
            return path if same and path.stat().st_size == expected.size else None
        except (FileNotFoundError, UnicodeDecodeError):
            return None

    @contextmanager
    def writing(self) -> Iterator[Path]:
        """A path to write a copy at, before it is taken."""
        self.make_folder()
        path = self.folder / f"{_TEMPORARY}{os.getpid()}-{os.urandom(6).hex()}"
        try:
            yield path
        finally:
            with suppress(FileNotFoundError):
                path.unlink()

    def take(self, name: str, written: Path, found: Tagged) -> Path:
        """Have a file be the copy of an object, in place of an older one; returns its path."""
        path, tag = self.folder / name, self.folder / f"{_TAG}{name}"
        # The lock keeps a copy and its tag together. Without a tag, as where this is cut short, it is none.
        with self._lock.hold():
            tag.unlink(missing_ok=True)
            os.replace(written, path)
            tag.write_text(found.tag, encoding="utf-8")
        return path

    def install(self, name: str, content: memoryview, found: Tagged) -> None:
        """Have bytes be the copy of an object, which spares reading what was just put."""
        with self.writing() as written:
            written.write_bytes(content)
            self.take(name, written, found)

    def remove(self, names: Iterable[str]) -> bool:
        """Remove copies; returns whether there were any."""
        some = list(names)
        if not some or not self.folder.is_dir():
            return False
        removed = False
        with self._lock.hold():
            for name in some:
                for path in (self.folder / f"{_TAG}{name}", self.folder / name):
                    with suppress(FileNotFoundError):
                        path.unlink()
                        removed = True
        return removed

    def sweep(self) -> int:
        """Remove what processes that died left unfinished; returns how many files."""
        swept = 0
        for name in os.listdir(self.folder) if self.folder.is_dir() else ():
            path = self.folder / name
            with suppress(FileNotFoundError):
                if name.startswith(_TEMPORARY) and now() - path.stat().st_mtime_ns // 1000 > _UNFINISHED:
                    path.unlink()
                    swept += 1
        return swept

    def has_note(self, name: str) -> bool:
        return (self.folder / name).is_file()

    def note(self, name: str, content: bytes) -> None:
        """Write a note, which is there whole or not at all."""
        with self.writing() as written:
            written.write_bytes(content)
            os.replace(written, self.folder / name)
