"""The port of `objects` as a bucket of an object store, with a local folder of copies to read from.

An object is put on condition that its name is free (`If-None-Match: *`), which is the bucket's own decision,
whatever machine asks. Objects never change but in an erasure, so that a copy is good as long as the bucket
lists its object with the same entity tag. `obstore` speaks with the services; it is loaded when it is needed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier
from typing import Final

from timeline.errors import BadInput, NotFound, TimelineError
from timeline.log.copies import Copies
from timeline.log.service import Service, Tagged, Unanswered

__all__ = ["BucketObjects"]

#: Shows that there is a log, where nothing is recorded yet.
_STORE_MARK: Final = ".store"
_PROBE: Final = ".probe-"
#: Written once the bucket was seen to refuse a name that is taken.
_CONDITIONS: Final = ".conditions"
_AT_ONCE: Final = 8
#: What is larger is read part by part.
_PART: Final = 8 * 2**20
#: Marks of which a copy is kept, by which the processes of this machine learn what the bucket has.
_KEPT_MARKS: Final = frozenset({".erased"})


class BucketObjects:
    """Objects `within` what a URL names, which machines that share no lock use together.

    `folder` is for the copies of these objects and no others.

    Raises BadInput where the bucket cannot be used as it is, NotFound where there is none, and
    TimelineError where it did not answer for a minute.
    """

    is_shared: Final = True

    def __init__(self, url: str, folder: Path, *, within: str = "log") -> None:
        self.place = f"{url}/{within}"
        self._prefix = f"{within}/"
        self._service = Service(url)
        self._copies = Copies(folder)
        # The locks of the log lie there too.
        self._copies.make_folder()
        #: What the last listing had.
        self._listed: dict[str, Tagged] = {}
        self._refuses = False

    def exists(self) -> bool:
        return bool(self._listed or self._look())

    def make(self) -> bool:
        self.check_writable()
        mark = f"A store of Timeline, made once: {os.urandom(12).hex()}\n".encode()
        return not self._look() and self.put_if_absent(_STORE_MARK, memoryview(mark))

    def check_writable(self) -> None:
        """Raise BadInput where the bucket stores a name twice: then appends of others would be lost.

        A random name is put twice, and another one by several at once. What was seen is noted beside the
        copies, so that it costs nothing the next time.
        """
        if self._refuses or self._copies.has_note(_CONDITIONS):
            self._refuses = True
            return
        names = [f"{_PROBE}{os.urandom(12).hex()}" for _ in range(2)]
        try:
            problem = self._found_by_probes(*names)
        finally:
            for name in names:
                with suppress(TimelineError, OSError):
                    self._service.delete(self._prefix + name)
        if problem is not None:
            raise BadInput(
                f"{self.place}: {problem}; a log there would lose what several record at once, without a "
                "word. Expected a service that honours If-None-Match: * when an object is put, as Amazon S3, "
                "Google Cloud Storage and Azure do"
            )
        self._copies.note(_CONDITIONS, b"The bucket refuses to put a name that is taken.\n")
        self._refuses = True

    def _found_by_probes(self, twice: str, at_once: str) -> str | None:
        """Return what a bucket does wrong with these two names, None where it does nothing wrong."""
        self._service.put_new(self._prefix + twice, b"1")
        try:
            if (
                self._service.put_new(self._prefix + twice, b"2")
                or self._service.read(self._prefix + twice) != b"1"
            ):
                return (
                    "the bucket put an object in the place of another, though asked to put it only if absent"
                )
        except Unanswered as error:
            if not error.is_refusal:
                raise
            return f"the bucket does not put objects on a condition ({error})"
        together = Barrier(_AT_ONCE // 2)

        def put(nth: int) -> bool:
            together.wait(timeout=60)
            return self._service.put_new(self._prefix + at_once, b"%d" % nth) is not None

        with ThreadPoolExecutor(_AT_ONCE // 2) as pool:
            won = sum(pool.map(put, range(_AT_ONCE // 2)))
        return None if won == 1 else f"the bucket acknowledged one name to {won} who put it at the same time"

    def put_if_absent(self, name: str, content: memoryview) -> bool:
        self.check_writable()
        put = self._service.put_new(self._prefix + name, content)
        if put is None:
            return False
        self._copy(name, content, put)
        return True

    def replace(self, name: str, content: memoryview) -> None:
        self.check_writable()
        self._copy(name, content, self._service.put(self._prefix + name, content))

    def _copy(self, name: str, content: memoryview, put: Tagged) -> None:
        """Keep a copy of what was put. It is recorded: that no copy can be kept must not hide that."""
        self._listed[name] = put
        with suppress(OSError, TimelineError):
            self._copies.install(name, content, put)

    def get(self, name: str) -> Path:
        path = self._copies.path(name, self._listed.get(name))
        return self._fetched(name) if path is None else path

    def fetch(self, names: Iterable[str]) -> None:
        missing = [name for name in names if self._copies.path(name, self._listed.get(name)) is None]
        if len(missing) < 2:
            return

        def fetch(name: str) -> None:
            with suppress(FileNotFoundError):
                self._fetched(name)

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for _ in pool.map(fetch, missing):
                pass

    def _fetched(self, name: str) -> Path:
        """Copy an object as it is now, and return the copy; raises FileNotFoundError where it is gone."""
        key = self._prefix + name
        while True:
            found = self._service.head(key)
            with self._copies.writing() as written:
                if self._service.download(key, found, written, _PART):
                    self._listed[name] = found
                    return self._copies.take(name, written, found)

    def has(self, name: str) -> bool:
        try:
            self._service.head(self._prefix + name)
        except FileNotFoundError:
            return False
        return True

    def present(self, names: Iterable[str]) -> set[str]:
        # One request. A listing may miss what is merged while it is made: then the next one shows it.
        return self._look().keys() & set(names)

    def list(self) -> list[str]:
        return [name for name in self._look() if not name.startswith(".")]

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            self._service.delete(self._prefix + name)
            self._listed.pop(name, None)
            self._copies.remove([name])

    def sweep(self, newest: str) -> int:
        # An object appears whole or not at all. What is left is names that were put to see what happens.
        listed = self._look()
        until = listed[newest].modified if newest in listed else None
        left = [
            name
            for name, found in listed.items()
            if name.startswith(_PROBE) and until and found.modified and found.modified < until
        ]
        self.remove(left)
        return len(left) + self._copies.sweep()

    def forget(self, names: Iterable[str]) -> bool:
        return self._copies.remove(names)

    def _look(self) -> dict[str, Tagged]:
        """Return what the bucket lists, and remove copies of what it no longer has so.

        Copies are looked at first: one that was made since then is of an object newer than the listing.
        """
        held = self._copies.names()
        try:
            listed = self._service.list(self._prefix)
        except FileNotFoundError:
            raise NotFound(f"{self.place}: there is no such bucket; make it first") from None
        except Unanswered as error:
            if "NoSuchBucket" in str(error) or "ContainerNotFound" in str(error):
                raise NotFound(f"{self.place}: there is no such bucket; make it first") from None
            raise
        self._listed = listed
        self._copies.remove(name for name in held if self._copies.path(name, listed.get(name)) is None)
        for name in listed.keys() & _KEPT_MARKS:
            if self._copies.path(name, listed[name]) is None:
                with suppress(FileNotFoundError):
                    self._fetched(name)
        return listed
