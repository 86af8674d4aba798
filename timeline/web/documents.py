"""The documents that a reader has in a folder: the passages of them that events point to.

A document is a file whose content has the SHA-256 that a source is described with. Its name does not count.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from timeline.errors import BadInput

__all__ = ["Documents"]

#: Larger files are no documents that anybody reads passages of.
_BYTES_AT_MOST: Final = 32 * 2**20
#: So many characters of a passage are shown, and so many texts are kept in memory.
_SHOWN_AT_MOST: Final = 2_000
_KEPT_AT_MOST: Final = 16

#: The folder is looked through at most so often for what is not in it, in seconds.
_LOOK: Final = 1.0

#: Size, time of the last change of content and of anything, inode: what another content has other ones of.
_Stamp = tuple[int, int, int, int]


class Documents:
    """Finds passages in the files of a folder and the folders in it; for any number of threads.

    Nothing outside the folder is read: links are not followed. Files are hashed when they are first asked
    for, and again when they changed. Raises BadInput where there is no such folder.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise BadInput(f"--documents {str(folder)!r} is no folder; expected one that holds documents")
        self.folder = folder.resolve()
        self._lock = threading.Lock()
        self._hashes: dict[str, tuple[_Stamp, str]] = {}
        self._texts: dict[str, str] = {}
        self._look_again = 0.0

    def passage(self, source: Mapping[str, Any], locator: str | None) -> dict[str, Any] | None:
        """Return the passage that a locator points to in the document of a source.

        The answer has `parts`, the texts between each start and end, or `problem`: `missing` where no file
        has the content that the source was described with, `utf8` where it is no text in UTF-8, `length`
        where it has another length than the source says, `beyond` where the place is not in it. None where
        the source has no SHA-256, or the event no place.
        """
        places = _places(locator)
        wanted = source.get("sha256")
        if not places or not wanted:
            return None
        try:
            text = self._text(str(wanted).lower())
        except UnicodeDecodeError:
            return {"problem": "utf8"}
        if text is None:
            return {"problem": "missing"}
        if source.get("length") not in (None, len(text)):
            return {"problem": "length"}
        if any(not 0 <= start < end <= len(text) for start, end in places):
            return {"problem": "beyond"}
        return {"parts": [_cut(text[start:end]) for start, end in places]}

    def _text(self, wanted: str) -> str | None:
        """Return the text whose content has a hash; None where no file has it now."""
        with self._lock:
            path = self._found(wanted)
            if path is None:
                self._texts.pop(wanted, None)
                return None
            if wanted not in self._texts:
                read = _read(path)
                if read is None or hashlib.sha256(read[1]).hexdigest() != wanted:
                    return None
                while len(self._texts) >= _KEPT_AT_MOST:
                    self._texts.pop(next(iter(self._texts)))
                self._texts[wanted] = read[1].decode("utf-8")
            return self._texts[wanted]

    def _found(self, wanted: str) -> str | None:
        """Return the file whose content has a hash, looking first where it was found before."""
        for path, (stamp, known) in self._hashes.items():
            if known == wanted and _stamp_at(path) == stamp:
                return path
        if time.monotonic() < self._look_again:
            return None
        seen = dict(_files(self.folder))
        self._hashes = {path: of for path, of in self._hashes.items() if path in seen}
        for path, stamp in seen.items():
            if self._hashes.get(path, (None,))[0] != stamp and (read := _read(path)) is not None:
                self._hashes[path] = (read[0], hashlib.sha256(read[1]).hexdigest())
        self._look_again = time.monotonic() + _LOOK
        return next((path for path, (_, known) in self._hashes.items() if known == wanted), None)


def _files(folder: Path) -> Iterator[tuple[str, _Stamp]]:
    """Yield the files within a folder with their stamps, in order; no link is followed."""
    for parent, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(parent, name)
            if (stamp := _stamp_at(path)) is not None:
                yield path, stamp


def _stamp_at(path: str) -> _Stamp | None:
    """Return the stamp of a regular file that is not too large; None of anything else."""
    try:
        return _stamp_of(os.lstat(path))
    except (OSError, ValueError):
        return None


def _stamp_of(found: os.stat_result) -> _Stamp | None:
    if not stat.S_ISREG(found.st_mode) or found.st_size > _BYTES_AT_MOST:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _read(path: str) -> tuple[_Stamp, bytes] | None:
    """Return the content of a file with its stamp before; None where it cannot be read, or is a link."""
    try:
        # What is a pipe by now must not be waited for.
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
            stamp = _stamp_of(os.fstat(stream.fileno()))
            if stamp is None or os.path.realpath(path) != path:
                return None
            return stamp, stream.read(_BYTES_AT_MOST + 1)
    except OSError:
        return None


def _places(locator: str | None) -> list[tuple[int, int]]:
    """Return the spans of a locator, which is JSON: one of `start` and `end`, or a list of such."""
    try:
        found = json.loads(locator or "null")
    except ValueError:
        return []
    spans = found if isinstance(found, list) else [found]
    return [
        (span["start"], span["end"])
        for span in spans
        if isinstance(span, dict) and all(type(span.get(name)) is int for name in ("start", "end"))
    ]


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_AT_MOST else f"{text[:_SHOWN_AT_MOST]}…"
