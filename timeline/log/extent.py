"""How far a log is what was written: up to the first commit that is missing or damaged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from timeline.errors import Corruption
from timeline.log.checks import check_digests, check_file_hash, check_rows
from timeline.log.file import Commit, LogFile, log_files, records_of
from timeline.log.folder import FolderObjects
from timeline.log.objects import Objects

__all__ = ["extent_in_words", "whole_files", "with_extent"]


def whole_files(folder: Path, objects: Objects | None = None) -> tuple[list[LogFile], Commit | None, bool]:
    """Return the files up to the first commit that is missing or damaged, their last commit, and whether
    these are all.

    Everything that `Log.verify` recomputes of a file is recomputed, file by file. `objects` are those of a
    log of which the folder has copies alone.
    """
    import duckdb

    found: list[LogFile] = []
    previous: Commit | None = None
    objects = objects or FolderObjects(folder)
    known = list(log_files(folder, objects.list()))
    for file in _up_to_gap(known):
        try:
            # Which refuses what is no file: to open a named pipe would wait for its other end.
            objects.get(file.name)
            check_file_hash(file)
            records = records_of(file)
            check_digests(file, records, previous)
            check_rows([(file, records)])
        except (Corruption, duckdb.Error, OSError):
            break
        found.append(file)
        previous = records[-1].commit
    reached = previous.number if previous else 0
    return found, previous, all(file.last <= reached for file in known)


def with_extent(
    folder: Path, error: Corruption, copy: Path | None = None, *, objects: Objects | None = None
) -> Corruption:
    """Return an error that says besides up to where the log is whole, where something in it is not.

    An error of a `copy` names the files of the folder.
    """
    text = str(error) if copy is None else str(error).replace(str(copy), str(folder))
    _, last, all_of_it = whole_files(folder, objects)
    reached = (last.number, last.last_position, last.digest) if last else (0, 0, None)
    return Corruption(text if all_of_it else f"{text}; {extent_in_words(*reached)}")


def extent_in_words(number: int, position: int, digest: str | None) -> str:
    """Return in words that the log is whole up to a commit, 0 where it is so from the start.

    >>> extent_in_words(0, 0, None)
    'no commit before that is whole'
    """
    if not number:
        return "no commit before that is whole"
    return f"the log is whole up to commit {number}, position {position}, digest {digest}"


def _up_to_gap(files: Iterable[LogFile]) -> Iterator[LogFile]:
    """Yield the widest files, one after the other, up to the first commit that is missing."""
    following = 1
    for file in sorted(files, key=lambda file: (file.first, -file.last)):
        if file.first > following:
            return
        if file.last >= following:
            yield file
            following = file.last + 1
