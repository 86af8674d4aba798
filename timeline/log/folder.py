"""The port of `objects` as a local folder: a temporary name, `fsync` and `os.link`; and its locks."""

from __future__ import annotations

import fcntl
import mmap
import os
import re
import stat
import struct
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from timeline.atomic import file_kind, make_folders, naming, sync_folder
from timeline.errors import Corruption, NotFound, TimelineError

__all__ = ["FileLock", "FolderObjects"]

_TEMPORARY = ".tmp-"
#: A file is written in parts of so many bytes.
_WRITTEN_AT_ONCE: Final = 4 * 2**20
#: Lists the temporary files that were begun, so that none is removed for its name alone.
_BEGUN = ".begun.lock"
_BEGUN_NAME = re.compile(r"\.tmp-\d+-[0-9a-f]{12}")


class FolderObjects:
    """Objects as the files of one local folder, whose users share its locks."""

    is_shared: Final = False

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).absolute()
        self._within = os.path.join(self.folder, "")

    @classmethod
    def create(cls, folder: str | Path) -> FolderObjects:
        """Make the folder and its missing parents, durably; one that exists is taken as it is."""
        made = Path(folder).absolute()
        make_folders(made)
        return cls(made)

    @property
    def place(self) -> str:
        return str(self.folder)

    def exists(self) -> bool:
        return self.folder.is_dir()

    def make(self) -> bool:
        if self.folder.is_dir():
            return False
        make_folders(self.folder)
        return True

    def check_writable(self) -> None:
        # A link to a name that is taken fails in every file system.
        pass

    def put_if_absent(self, name: str, content: memoryview) -> bool:
        while True:
            temporary = self._named()
            # Opened before the link, after which it must not fail that there are too many open files.
            descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                self._note(temporary.name)
                try:
                    self._write(temporary, content)
                    self._link(temporary, name)
                finally:
                    # One that cannot be unlinked is noted, and swept later on.
                    with suppress(OSError):
                        self._unlink(temporary)
            except FileExistsError:
                return False
            except FileNotFoundError:
                # Somebody took the temporary file for one that a dead writer left: write it again. Where the
                # folder itself is gone, it cannot be opened again.
                continue
            finally:
                os.close(descriptor)
            self._sync()
            return True

    def replace(self, name: str, content: memoryview) -> None:
        temporary = self._named()
        self._note(temporary.name)
        try:
            self._write(temporary, content)
            os.replace(temporary, self.folder / name)
        except BaseException:
            # One that cannot be unlinked is noted, and swept later on.
            with suppress(OSError):
                self._unlink(temporary)
            raise
        self._sync()

    def get(self, name: str) -> Path:
        path = self.folder / name
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            # To open a named pipe would wait for its other end.
            raise Corruption(
                f"{path}: is {file_kind(mode)}, expected a file; bring it back from a copy of the log"
            )
        return path

    def fetch(self, names: Iterable[str]) -> None:
        pass

    def has(self, name: str) -> bool:
        return os.path.lexists(f"{self._within}{name}")

    def present(self, names: Iterable[str]) -> set[str]:
        return set(filter(self.has, names))

    def list(self) -> list[str]:
        try:
            return [name for name in os.listdir(self.folder) if not name.startswith(".")]
        except FileNotFoundError:
            raise _no_folder(self.folder) from None

    def remove(self, names: Iterable[str]) -> None:
        self._sync()
        for name in names:
            self._unlink(self.folder / name)

    def sweep(self, newest: str) -> int:
        # A commit that was begun before the head was there has lost its number to it. A writer that lives
        # all the same finds its file gone when it links it, and writes it again.
        before = (self.folder / newest).stat().st_mtime_ns
        swept = 0
        with self._begun() as descriptor:
            kept = []
            for name in _names_in(descriptor):
                path = self.folder / name
                with suppress(FileNotFoundError):
                    found = path.lstat()
                    if stat.S_ISREG(found.st_mode) and found.st_mtime_ns < before:
                        path.unlink()
                        swept += 1
                    else:
                        kept.append(name)
            os.ftruncate(descriptor, 0)
            os.write(descriptor, "".join(f"{name}\n" for name in kept).encode())
        return swept

    def forget(self, names: Iterable[str]) -> bool:
        # What is read is the object itself.
        return False

    def _named(self) -> Path:
        return self.folder / f"{_TEMPORARY}{os.getpid()}-{os.urandom(6).hex()}"

    def _note(self, name: str) -> None:
        """List a temporary file as ours before it is made."""
        with self._begun() as descriptor:
            os.write(descriptor, f"{name}\n".encode())

    @contextmanager
    def _begun(self) -> Iterator[int]:
        """The list of temporary files, locked."""
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(self.folder / _BEGUN, flags, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            with naming(self.folder):
                yield descriptor
        finally:
            os.close(descriptor)

    def _write(self, temporary: Path, content: memoryview) -> None:
        with naming(self.folder), open(temporary, "xb", buffering=0) as file:
            written = 0
            while written < len(content):
                written += file.write(content[written : written + _WRITTEN_AT_ONCE])
                if isinstance(content.obj, mmap.mmap) and written < len(content):
                    # What is read from a file stays in memory, and counts, until it is let go.
                    content.obj.madvise(mmap.MADV_DONTNEED)
            os.fsync(file.fileno())

    def _link(self, temporary: Path, name: str) -> None:
        try:
            os.link(temporary, self.folder / name)
        except PermissionError as error:
            raise TimelineError(
                f"{self.folder}: cannot link a file to its name ({error.strerror}); "
                "the log needs a file system with hard links"
            ) from error

    def _sync(self) -> None:
        sync_folder(self.folder)

    def _unlink(self, path: Path) -> None:
        with suppress(FileNotFoundError):
            path.unlink()


def _no_folder(folder: Path) -> NotFound:
    return NotFound(f"there is no log at {folder}; `timeline init` makes one")


def _names_in(descriptor: int) -> list[str]:
    """Return the temporary files that a list, opened a moment ago, names, each once."""
    content = b""
    while part := os.read(descriptor, 65_536):
        content += part
    lines = content.decode(errors="replace").splitlines()
    return list(dict.fromkeys(line for line in lines if _BEGUN_NAME.fullmatch(line)))


#: Where in a lock file the next ticket is, and the bytes that stand for tickets, none of which is written.
_COUNTER: Final = 0
_TICKETS: Final = 2**32


def _take_turn(descriptor: int) -> None:
    """Wait for those who asked for a lock before, so that who has just had it does not have it again at once.

    Each takes the next ticket, keeps the byte of that number locked until the file is closed, and waits for
    the byte before. What is right rests on the lock alone, which is asked for behind this: where one who
    waits dies, or the file system has no such locks, the order is lost and nothing else.
    """
    if not hasattr(fcntl, "F_OFD_SETLKW"):
        return
    with suppress(OSError):
        _lock_byte(descriptor, _COUNTER, fcntl.F_WRLCK)
        try:
            ticket = int.from_bytes(os.pread(descriptor, 5, 0), "little")
            os.pwrite(descriptor, ((ticket + 1) % 2**40).to_bytes(5, "little"), 0)
            _lock_byte(descriptor, _TICKETS + ticket, fcntl.F_WRLCK, wait=False)
        finally:
            _lock_byte(descriptor, _COUNTER, fcntl.F_UNLCK)
        _lock_byte(descriptor, _TICKETS + ticket - 1, fcntl.F_WRLCK)


def _lock_byte(descriptor: int, at: int, kind: int, wait: bool = True) -> None:
    # Of an open file, not of a process, so that threads wait for each other, too.
    command = fcntl.F_OFD_SETLKW if wait else fcntl.F_OFD_SETLK
    fcntl.fcntl(descriptor, command, struct.pack("hhqqi4x", kind, os.SEEK_SET, at, 1, 0))


class FileLock:
    """A lock between processes and between threads, held while a file is locked with `flock`.

    Who waits gets it in the order of asking.

    It ends with its process. Not reentrant: a thread that asks again for what it holds gets a
    TimelineError, not a standstill.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._held = threading.local()

    def is_held(self) -> bool:
        """Whether this thread holds the lock."""
        return getattr(self._held, "now", False)

    @contextmanager
    def hold(self, wait: bool = True) -> Iterator[bool]:
        """Hold the lock within the block; yields False where `wait` is False and another holds it."""
        if self.is_held():
            if not wait:
                yield False
                return
            raise TimelineError(f"{self.path}: this thread holds that lock already")
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except FileNotFoundError:
            raise _no_folder(self.path.parent) from None
        except IsADirectoryError:
            raise Corruption(f"{self.path}: is a folder, expected a lock file; remove it") from None
        try:
            try:
                if wait:
                    _take_turn(descriptor)
                fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            self._held.now = True
            try:
                yield True
            finally:
                self._held.now = False
        finally:
            os.close(descriptor)
