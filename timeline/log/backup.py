"""Backups of a log: its files, copied while others append to it, and a manifest of what they are.

The files of a log never change, so that a backup is a copy of them up to some commit, and the next backup
into the same folder copies only those that are new. They are copied in the order of their commits, each
whole or not at all: whatever interrupts it, a backup is a log that ends at some commit.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from timeline.atomic import sync_folder, write_path
from timeline.errors import BadInput, Conflict, Corruption, TimelineError
from timeline.log.checks import check_digests, check_file_hash, declared_hash
from timeline.log.extent import whole_files
from timeline.log.file import BYTES_AT_ONCE, Commit, LogFile, log_files, records_of
from timeline.log.folder import FolderObjects
from timeline.log.log import Log

__all__ = [
    "MANIFEST",
    "Copied",
    "check_restored",
    "copy_log",
    "manifest_of",
    "put_log",
    "write_manifest",
]

MANIFEST: Final = "backup.json"

_VERSION: Final = 1
_ATTEMPTS: Final = 20
_KEYS: Final = ("timeline_backup", "commit", "position", "digest")


@dataclass(frozen=True, slots=True)
class Copied:
    """What a backup or a restored store holds: everything up to `commit`, None of an empty log.

    `files` and `bytes` are of the log, `copied` is how many of its files were copied now, and
    `project_files` how many files of the project are beside it.
    """

    path: Path | str
    commit: Commit | None
    files: int
    bytes: int
    copied: int
    project_files: int = 0


def copy_log(source: Log, target: Path, *, link: bool = False, partial: bool = False) -> Copied:
    """Copy the files of a log into a folder, which may hold some of them already.

    Writers may append to the source and merge its files meanwhile. With `link` its files are linked where
    the file system can. With `partial` what is damaged or missing in the source ends the copy. Raises
    Corruption where a file is not the one that was written, Conflict where the target holds other commits.
    """
    FolderObjects.create(target)
    copied = 0
    if partial:
        files, last, _ = whole_files(source.folder, source.objects)
        copied = sum(_copy(file, target, link) for file in files)
    else:
        _check_beginning(source, target)
        last = None
        for _ in range(_ATTEMPTS):
            try:
                files = source.located()
                copied += sum(_copy(file, target, link) for file in files)
            except FileNotFoundError:
                # A file was merged into a wider one meanwhile.
                continue
            break
        else:
            raise TimelineError(
                f"{source.place}: files kept being merged away while they were copied; try again"
            )
        for file in files:
            records = records_of(replace(file, path=str(target / file.name)))
            check_digests(file, records, last)
            last = records[-1].commit
    sync_folder(target)
    _remove_covered(target, {file.name for file in files})
    size = sum((target / file.name).stat().st_size for file in files)
    return Copied(target, last, len(files), size, copied)


def put_log(source: Log, target: Log) -> int:
    """Put the files of a log in a folder into an empty log in a bucket; returns how many were put.

    The target may hold the first of them already, from another attempt. Raises Conflict where it holds
    others, or somebody appends to it meanwhile.
    """
    put = 0
    for file in source.located():
        content = memoryview(Path(file.path).read_bytes())
        if target.objects.put_if_absent(file.name, content):
            put += 1
        elif target.objects.get(file.name).read_bytes() != content:
            raise Conflict(f"{target.place}: holds another log; expected an empty place")
    if (held := target.head_number()) != (expected := source.head_number()):
        raise Conflict(f"{target.place}: holds {held} commits, expected the {expected} of the backup alone")
    return put


def _check_beginning(source: Log, target: Path) -> None:
    """Raise Conflict where the target holds commits that the source has not, or others."""
    held = Log(target).head()
    if held is None:
        return
    known = source.commits(held.number - 1, held.number)
    if not known:
        head = source.head_number()
        raise Conflict(
            f"{target.parent}: holds {held.number} commits, but {source.place} ends at commit {head}: it is "
            "a backup of another store, or this one has lost its last commits; `timeline verify` looks at "
            "both"
        )
    if known[0].digest != held.digest:
        raise Conflict(
            f"{target.parent}: is a backup of another store: its commit {held.number} has the digest "
            f"{held.digest}, that of {source.place} has {known[0].digest}; name another folder"
        )


def _copy(file: LogFile, target: Path, link: bool) -> bool:
    """Copy a file, unless the same is there; returns whether it was copied."""
    path = target / file.name
    with suppress(FileNotFoundError, ValueError, IndexError):
        same = declared_hash(file.path) == declared_hash(str(path))
        if same and path.stat().st_size == os.stat(file.path).st_size:
            return False
    # Opened first: once it is, it may be merged away.
    with open(file.path, "rb") as opened, write_path(path) as written:
        if not (link and _link(file.path, written)):
            with written.open("xb") as copy:
                shutil.copyfileobj(opened, copy, BYTES_AT_ONCE)
        try:
            check_file_hash(replace(file, path=str(written)))
        except Corruption:
            # The source is named where it is the one that was changed.
            check_file_hash(file)
            raise
    return True


def _link(source: str, target: Path) -> bool:
    try:
        os.link(source, target)
    except OSError:
        return False
    return True


def _remove_covered(folder: Path, needed: Iterable[str]) -> None:
    """Remove files whose commits are in wider ones, the narrow ones first."""
    objects = FolderObjects(folder)
    known = log_files(folder, objects.list())
    covered = sorted(
        (file for file in known if file.name not in needed),
        key=lambda file: (file.last - file.first, file.first),
    )
    objects.remove(file.name for file in covered)


# Manifests


def write_manifest(folder: Path, commit: Commit | None) -> None:
    """Write what a backup holds, once it does."""
    found = {
        "timeline_backup": _VERSION,
        "commit": commit.number if commit else 0,
        "position": commit.last_position if commit else 0,
        "digest": commit.digest if commit else None,
    }
    with write_path(folder / MANIFEST) as written:
        written.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def manifest_of(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of a backup, None where there is none; raises BadInput where that is none."""
    path = folder / MANIFEST
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(f"{path}: cannot be read as the manifest of a backup: {error}") from None
    digest = found.get("digest") if isinstance(found, dict) else None
    if (
        not isinstance(found, dict)
        or found.get("timeline_backup") != _VERSION
        or any(name not in found for name in _KEYS)
        or type(found["commit"]) is not int
        or (found["commit"] > 0) != (isinstance(digest, str) and bool(re.fullmatch("[0-9a-f]{64}", digest)))
    ):
        raise BadInput(f"{path}: is no manifest of a backup that this Timeline knows")
    return found


def check_restored(log: Log, manifest: dict[str, Any] | None) -> None:
    """Verify a log that was copied from a backup, with what the manifest says; raises Corruption."""
    number = manifest["commit"] if manifest else 0
    if manifest and number:
        log.verify(expect=manifest["digest"], at=number)
    else:
        log.verify()
