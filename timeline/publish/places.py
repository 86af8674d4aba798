"""Where published beliefs lie: a folder, or a prefix in a bucket.

Both are written alike: files of segments under names that nobody else gives to other rows, versions of the
Delta table each of which is put once, and a manifest that is replaced.
"""

from __future__ import annotations

import hashlib
import mmap
import re
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from timeline.errors import BadInput
from timeline.log.folder import FileLock, FolderObjects
from timeline.log.log import Log
from timeline.log.objects import Objects
from timeline.meaning.times import now
from timeline.publish.delta import DELTA_LOG
from timeline.publish.manifest import MANIFEST, Manifest, manifest_of, read_manifest, unreadable
from timeline.urls import local_folder, url_of

if TYPE_CHECKING:
    from obstore import UpdateVersion

__all__ = ["Place", "Stored", "is_made", "place_at"]

_SEGMENT: Final = re.compile(r"segment=\d+", re.ASCII)
_LOCK: Final = ".publishing.lock"


class Stored(NamedTuple):
    """A file as it lies there: size in bytes, SHA-256, and in milliseconds when it was written."""

    size: int
    sha256: str
    modified: int


class Place(Protocol):
    """A place for published beliefs; `name` is its path or URL.

    `versions` are the objects of the Delta table. What reads them raises NotFound where there is no bucket.
    """

    name: str

    @property
    def versions(self) -> Objects: ...

    def check(self, log: Log) -> None:
        """Raise BadInput where the place is within the store of a log."""

    def alone(self) -> AbstractContextManager[object]:
        """Keep others out meanwhile, where machines share a lock; a bucket has none."""

    def make(self) -> None:
        """Make the place, if it has to be made."""

    def strangers(self) -> list[str]:
        """Return the names of what lies there and is nothing that publishing writes."""

    def manifest(self) -> Manifest | None:
        """Return the manifest, None where there is none; raises BadInput where it is not one."""

    def replace_manifest(self, text: str) -> bool:
        """Replace the manifest that `manifest` returned last; returns False where there is another by now."""

    def put(self, path: str, written: Path) -> Stored:
        """Put a file durably under its path, whole or not at all; one that is there is taken as it is."""

    def files(self) -> list[str]:
        """Return the paths of the files in segments."""

    def remove(self, paths: Iterable[str]) -> None: ...


def place_at(target: str | Path) -> Place:
    """Return the place that a path or a URL names; raises BadInput for what is no such URL."""
    url = url_of(target)
    return FolderPlace(Path(target).absolute()) if url is None else BucketPlace(url)


def is_made(target: str | Path) -> bool:
    """Whether something was published at a path or URL: a folder may have been deleted since."""
    return url_of(target) is not None or Path(target).is_dir()


class FolderPlace:
    """A folder of this machine, or of a file system that machines share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = str(folder)

    @property
    def versions(self) -> Objects:
        return FolderObjects(self.folder / DELTA_LOG)

    def check(self, log: Log) -> None:
        if self.folder.resolve().is_relative_to(log.folder.parent.resolve()):
            raise BadInput(f"{self.folder} is within the store; expected a folder elsewhere")

    def alone(self) -> AbstractContextManager[object]:
        return FileLock(self.folder / _LOCK).hold()

    def make(self) -> None:
        FolderObjects.create(self.folder / DELTA_LOG)

    def strangers(self) -> list[str]:
        names = FolderObjects(self.folder).list() if self.folder.exists() else []
        return [name for name in names if not _is_published(name)]

    def manifest(self) -> Manifest | None:
        return read_manifest(self.folder)

    def replace_manifest(self, text: str) -> bool:
        # There is no other one: `alone` keeps others out.
        FolderObjects(self.folder).replace(MANIFEST, memoryview(text.encode()))
        return True

    def put(self, path: str, written: Path) -> Stored:
        within, _, name = path.partition("/")
        objects = FolderObjects.create(self.folder / within)
        with (
            written.open("rb") as opened,
            mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content,
            memoryview(content) as view,
        ):
            objects.put_if_absent(name, view)
        there = objects.get(name)
        stat = there.stat()
        with there.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Stored(stat.st_size, digest, stat.st_mtime_ns // 1_000_000)

    def files(self) -> list[str]:
        return [
            f"{within.name}/{name}"
            for within in sorted(self.folder.glob("segment=*"))
            for name in FolderObjects(within).list()
        ]

    def remove(self, paths: Iterable[str]) -> None:
        by_segment: dict[str, list[str]] = {}
        for path in paths:
            within, _, name = path.partition("/")
            by_segment.setdefault(within, []).append(name)
        for within, names in by_segment.items():
            FolderObjects(self.folder / within).remove(names)


class BucketPlace:
    """A prefix in a bucket, which machines that share no lock write to; no copies of files are kept here."""

    def __init__(self, url: str) -> None:
        from timeline.log.bucket import BucketObjects
        from timeline.log.service import Service

        self.name = url
        self._service = Service(url)
        self._seen: UpdateVersion | None = None
        self._versions = BucketObjects(url, local_folder(url) / DELTA_LOG, within=DELTA_LOG)

    @property
    def versions(self) -> Objects:
        return self._versions

    def check(self, log: Log) -> None:
        store = log.place.rpartition("/")[0] if log.is_shared else ""
        if log.is_shared and f"{self.name}/".startswith(f"{store}/"):
            raise BadInput(f"{self.name} is within the store; expected a prefix elsewhere")

    def alone(self) -> AbstractContextManager[object]:
        return nullcontext()

    def make(self) -> None:
        # What follows rests on versions that are put once.
        self._versions.check_writable()

    def strangers(self) -> list[str]:
        # Which raises NotFound where there is no bucket.
        self._versions.list()
        objects, folders = self._service.below()
        return [name for name in (*objects, *folders) if not _is_published(name)]

    def manifest(self) -> Manifest | None:
        where = f"{self.name}/{MANIFEST}"
        self._seen = None
        try:
            content, self._seen = self._service.read_version(MANIFEST)
            return manifest_of(content.decode(), where)
        except FileNotFoundError:
            return None
        except UnicodeDecodeError as error:
            raise unreadable(where, error) from None

    def replace_manifest(self, text: str) -> bool:
        return self._service.put_over(MANIFEST, text.encode(), self._seen)

    def put(self, path: str, written: Path) -> Stored:
        content = written.read_bytes()
        if self._service.put_new(path, content) is None:
            content = self._service.read(path)
        return Stored(len(content), hashlib.sha256(content).hexdigest(), now() // 1_000)

    def files(self) -> list[str]:
        _, folders = self._service.below()
        return [
            f"{within}/{name}"
            for within in sorted(folders)
            if _SEGMENT.fullmatch(within)
            for name in self._service.list(f"{within}/")
        ]

    def remove(self, paths: Iterable[str]) -> None:
        for path in paths:
            self._service.delete(path)


def _is_published(name: str) -> bool:
    return name in (DELTA_LOG, MANIFEST) or bool(_SEGMENT.fullmatch(name))
