"""Atomic writes: a file or a store is written beside its target, synced, and renamed into place.

It is written in a temporary folder beside the target, which only its owner may enter. The folder holds a
mark: a file that names the folder and that the process which made it keeps locked with `flock`. A folder
whose mark nobody locks is the leftover of a process that died, and goes at the next write beside it. A
folder without such a mark is never touched, whatever its name is.

A target that is a symbolic link stays one: what it names is written. A target that is there keeps its
permissions and, where the system allows it, its owner; the permissions of a new one follow the umask.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final

from timeline.errors import BadInput, Conflict, Place, brief

__all__ = [
    "check_target",
    "file_kind",
    "holding_folder",
    "is_free",
    "make_folders",
    "naming",
    "no_file",
    "remove_leftovers",
    "remove_temporary_folders",
    "rename_into_place",
    "sync_file",
    "sync_folder",
    "temporary_folder",
    "text_in",
    "write_path",
    "writing",
]

_PREFIX: Final = ".timeline-tmp-"
_MARK: Final = "owner"
_MARKED: Final = "A temporary folder of Timeline; a leftover where no process locks this file: "

#: What is no fault of the file that is named.
_OF_THE_MACHINE: Final = (
    *(errno.EMFILE, errno.ENFILE, errno.ENOMEM),
    *(errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EINTR),
)

#: What a file system without hard links answers.
_NO_LINKS: Final = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


# What is there


def file_kind(mode: int) -> str:
    """Return what a path that is no regular file is, in words."""
    kinds: tuple[tuple[Callable[[int], bool], str], ...] = (
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a named pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISLNK, "a symbolic link"),
    )
    return next((kind for test, kind in kinds if test(mode)), "a device")


def no_file(path: str | Path) -> str | None:
    """Return what a path is, where it is there and no regular file; else None.

    To open a named pipe would wait for its other end, so this is asked first.
    """
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    return None if stat.S_ISREG(mode) else file_kind(mode)


def is_free(folder: Path) -> bool:
    """Whether a folder is empty, or not there; raises BadInput where something else is in its place."""
    try:
        with os.scandir(folder) as entries:
            return next(iter(entries), None) is None
    except FileNotFoundError:
        return True
    except NotADirectoryError:
        raise BadInput(f"{folder} is no folder") from None


#: How long a text may be that people write by hand: a query, a mapping, a timeline.toml.
_SMALL_AT_MOST: Final = 16 * 2**20


def text_in(path: str | Path, encoding: str = "utf-8") -> str:
    """Return the text of a small file, of at most 16 MiB.

    Raises BadInput where it cannot be read, is no file, such as a pipe or a device, or holds other text.
    """
    place = Place(str(path))
    try:
        if (kind := no_file(path)) is not None:
            raise BadInput(f"is {kind}, expected a file", place)
        with open(path, "rb") as file:
            content = file.read(_SMALL_AT_MOST + 1)
    except OSError as error:
        if error.errno in _OF_THE_MACHINE:
            raise
        raise BadInput(f"cannot be read: {error.strerror or error}", place) from None
    except ValueError as error:
        raise BadInput(f"{brief(str(path))} is no path: {error}") from None
    if len(content) > _SMALL_AT_MOST:
        raise BadInput(f"has more than {_SMALL_AT_MOST >> 20} MiB, expected a small text", place)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise BadInput("not UTF-8; save the file as UTF-8", place) from None


def check_target(
    target: str | Path, *, inputs: Iterable[str | Path] = (), within: Iterable[str | Path] = ()
) -> Path:
    """Return the path to write for `target`, its symbolic links followed.

    Raises BadInput where it is no file in a folder that is there, where it is one of the `inputs` (files or
    folders of files), and where it lies anywhere below one of the folders `within`, which are a store's.
    """
    try:
        return _checked(Path(target), inputs, within)
    except OSError as error:
        if error.errno in _OF_THE_MACHINE:
            raise
        raise BadInput(f"{target} cannot be written: {error.strerror or error}") from None


def _checked(given: Path, inputs: Iterable[str | Path], within: Iterable[str | Path]) -> Path:
    real = Path(os.path.realpath(given))
    if given.is_symlink() and not real.exists():
        raise BadInput(f"{given} cannot be written; it is a symbolic link to {real}, which is not there")
    if not real.parent.is_dir():
        raise BadInput(f"{given} cannot be written; there is no folder {real.parent}")
    if (kind := no_file(real)) is not None:
        raise BadInput(f"{given} cannot be written; it is {kind}, expected a file")
    for source in map(Path, inputs):
        if _is_or_is_within(real, source):
            raise BadInput(f"{given} cannot be written; it is or lies in {source}, which is read")
    for folder in map(Path, within):
        if real.is_relative_to(os.path.realpath(folder)):
            raise BadInput(f"{given} cannot be written; it lies within the store {folder}")
    return real


def _is_or_is_within(path: Path, source: Path) -> bool:
    with suppress(OSError):
        if path.exists() and source.exists() and path.samefile(source):
            return True
        if source.is_dir():
            if path.is_relative_to(os.path.realpath(source)):
                return True
            # A hard or symbolic link in the folder may be the same file under another name.
            return path.exists() and any(each.samefile(path) for each in source.rglob("*") if each.exists())
    return False


@contextmanager
def naming(path: str | Path) -> Iterator[None]:
    """Have an error of the system that names no file, as where there is no room, name this one."""
    try:
        yield
    except OSError as error:
        if error.errno and error.filename is None:
            error.filename = str(path)
        raise


# Temporary folders


@contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """A new folder within `parent` for what is to be renamed from there; it is removed after the block."""
    remove_leftovers(parent)
    folder = _make_folder(parent)
    made_by = os.getpid()
    _under_way.add((made_by, folder))
    try:
        descriptor = os.open(
            folder / _MARK, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
        try:
            # Locked first, so that a mark that says whose it is always is of a process that died. Where the
            # file system knows no locks, the folder stays unmarked and is never taken for a leftover.
            if _is_locked(descriptor):
                with naming(parent):
                    os.write(descriptor, _mark_of(folder))
            yield folder
        finally:
            # A fork leaves the block, too, at the latest when it ends, and the folder is not its own.
            if os.getpid() == made_by:
                _remove(folder)
            os.close(descriptor)
    finally:
        if os.getpid() == made_by:
            _under_way.discard((made_by, folder))
            with suppress(OSError):
                folder.rmdir()


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:
        return False
    return True


#: The temporary folders that this process and those that it is a fork of have made.
_under_way: set[tuple[int, Path]] = set()


def remove_temporary_folders() -> None:
    """Remove what this process has under way, for one that ends without leaving its blocks."""
    for made_by, folder in list(_under_way):
        if made_by == os.getpid():
            with suppress(OSError):
                _remove(folder)


def _make_folder(parent: Path) -> Path:
    while True:
        folder = parent / f"{_PREFIX}{os.urandom(8).hex()}"
        with suppress(FileExistsError):
            folder.mkdir(0o700)
            return folder


def remove_leftovers(parent: Path) -> None:
    """Remove the temporary folders within `parent` whose makers died."""
    with suppress(OSError), os.scandir(parent) as entries:
        folders = [Path(entry.path) for entry in entries if entry.name.startswith(_PREFIX)]
        for folder in folders:
            with suppress(OSError):
                _remove_if_left(folder)


def _remove_if_left(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        return
    descriptor = os.open(folder / _MARK, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.read(descriptor, 4096) == _mark_of(folder):
            _remove(folder)
    finally:
        os.close(descriptor)


def _mark_of(folder: Path) -> bytes:
    return f"{_MARKED}{folder.name}\n".encode()


def _remove(folder: Path) -> None:
    """Remove a folder of ours, its mark last: what is left of it where this is cut short is still marked.

    One that was removed together with the folder around it is passed over.
    """
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in list(entries):
            if entry.name == _MARK:
                continue
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                with suppress(OSError):
                    os.unlink(entry.path)
    with suppress(OSError):
        os.unlink(folder / _MARK)
        folder.rmdir()


# Writing


@contextmanager
def write_path(target: str | Path, *, replace: bool = True) -> Iterator[Path]:
    """A path to write a new file at, which takes the place of `target` once the block is done.

    Nothing is there yet. Raises BadInput where it cannot be written, Conflict where `replace` is False and
    there is a file.
    """
    real = check_target(target)
    if not replace and real.exists():
        raise _exists(target)
    try:
        with temporary_folder(real.parent) as folder:
            written = folder / "content"
            yield written
            _finish(written, real)
            if replace:
                os.replace(written, real)
            else:
                _link(written, real, target)
            sync_folder(real.parent)
    except OSError as error:
        if error.errno in _OF_THE_MACHINE:
            error.filename = error.filename or str(target)
            raise
        raise BadInput(f"{target} cannot be written: {error.strerror or error}") from None


@contextmanager
def writing(target: str | Path, *, binary: bool = False, replace: bool = True) -> Iterator[IO[Any]]:
    """A stream of a new file, bytes or UTF-8, which takes the place of `target` once the block is done."""
    with write_path(target, replace=replace) as path:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o666)
        if binary:
            with open(descriptor, "wb") as stream:
                yield stream
        else:
            # A file name may hold bytes that are no UTF-8, which a message then repeats.
            with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as text:
                yield text


def _finish(written: Path, target: Path) -> None:
    """Give a file the permissions of its target, if that is there, and sync it."""
    descriptor = os.open(written, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        with suppress(FileNotFoundError):
            found = target.stat()
            if (found.st_uid, found.st_gid) != (os.geteuid(), os.getegid()):
                with suppress(OSError):
                    os.fchown(descriptor, found.st_uid, found.st_gid)
            os.fchmod(descriptor, found.st_mode & 0o777)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _link(written: Path, real: Path, target: str | Path) -> None:
    """Put a file in a place that has to be free."""
    try:
        os.link(written, real)
    except FileExistsError:
        raise _exists(target) from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(real):
            raise _exists(target) from None
        os.rename(written, real)


@contextmanager
def holding_folder(folder: Path) -> Iterator[None]:
    """A block that no two processes are in at a time; where the file system knows no locks, they may be."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def rename_into_place(folder: Path, target: Path) -> None:
    """Rename a folder to `target`, durably; raises OSError where that is a folder with something in it."""
    os.rename(folder, target)
    sync_folder(target.parent)


def _exists(target: str | Path) -> Conflict:
    return Conflict(f"{target} exists; remove it, or say --replace")


def make_folders(folder: Path) -> None:
    """Make a folder with its missing parents, durably; one that is there is taken as it is.

    The names of folders that were there are made durable too where that can be done: somebody may have made
    them a moment ago, and what will lie in them goes with them.
    """
    if folder.is_dir():
        for outer in (folder, folder.parent):
            with suppress(OSError):
                sync_folder(outer.parent)
        return
    make_folders(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir()
    sync_folder(folder)
    sync_folder(folder.parent)


def sync_file(path: Path) -> None:
    """Make durable what is in a file."""
    _sync(path, os.O_RDONLY | os.O_CLOEXEC)


def sync_folder(folder: Path) -> None:
    """Make durable which names are in a folder."""
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
