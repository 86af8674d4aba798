"""The store that a command works in: the one that it opens, or makes.

A store is made beside its place and moved there when it is whole, so that none is ever found half made.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from timeline.atomic import make_folders, rename_into_place, temporary_folder
from timeline.cli.output import Result, print_ingested, say, showing_progress
from timeline.cli.sealing import check_unsealed, is_sealed, open_store
from timeline.errors import Conflict, NotFound
from timeline.project import find_project, find_store, project_folder
from timeline.store import Timeline
from timeline.urls import url_of

if TYPE_CHECKING:
    from timeline.ask.snapshot import Snapshot

__all__ = [
    "Recording",
    "asking",
    "keeping",
    "near",
    "own_name",
    "reading",
    "recording",
]


# Stores


@contextmanager
def asking(store: Path | None, *, page: bool = False) -> Iterator[Timeline]:
    """The store to ask; in a project that has none yet it is made from the events folder first.

    Who sees the answer of such a command reads below it how to open the page, unless it is the `page`.
    """
    opened, made = _opened(store)
    with opened as tl, showing_progress(tl):
        yield tl
    if made and not page:
        option = "" if store is None else f" --store {shlex.quote(url_of(store) or str(store))}"
        say(f"Open it as a page: {own_name()} serve{option}")


@contextmanager
def reading(store: Path | None) -> Iterator[Snapshot]:
    """One state of the store to ask, for every question of a command."""
    with asking(store) as tl:
        snapshot = tl.snapshot()
        snapshot.note = cache(say)
        yield snapshot


@contextmanager
def keeping(store: Path | None, *, trust_log: bool = False) -> Iterator[Timeline]:
    """The store to look after, which has to be there: a new one would hide that it was lost."""
    with open_store(store, trust_log=trust_log) as tl, showing_progress(tl):
        yield tl


class Recording:
    """A store to record in. One that is not there yet is made for the first events.

    Whatever `run` returns is recorded durably, in the store's own place.
    """

    def __init__(self, path: Path, tl: Timeline | None, project: Path | None) -> None:
        self.path = path
        self._tl = tl
        self._project = project

    def run(self, record: Callable[[Timeline], Result]) -> Result:
        """Record something, and return what `record` does."""
        if self._tl is not None:
            with showing_progress(self._tl):
                return record(self._tl)
        with _made(self.path, self._project) as tl, showing_progress(tl):
            result = record(tl)
        self._tl = _open_if_there(self.path, self._project)
        return result

    def close(self) -> None:
        if self._tl is not None:
            self._tl.close()


@contextmanager
def recording(store: Path | None, *, events_first: bool = True) -> Iterator[Recording]:
    """The store to record in; one that is not there yet is made, with the project's events in it first."""
    check_unsealed("this writes to the store")
    path = find_store(store)
    project = find_project(store)
    tl = _open_if_there(path, project)
    if tl is None and events_first:
        if project is None:
            open_store(path)
        elif _ingest_first(project, path):
            tl = open_store(path, project=project)
    to = Recording(path, tl, project)
    try:
        yield to
    finally:
        to.close()


def _open_if_there(path: Path, project: Path | None = None) -> Timeline | None:
    try:
        return open_store(path, project=project)
    except NotFound:
        return None


def own_name() -> str:
    """Return how this program is called here: `timeline` where the shell finds it by that name."""
    called = sys.argv[0]
    if os.path.basename(called) != "timeline":
        # `python -m timeline`, or another program.
        return "timeline"
    found = shutil.which("timeline")
    if found is not None and os.path.realpath(found) == os.path.realpath(called):
        return "timeline"
    return shlex.quote(near(Path(called))) if os.path.isfile(called) else "timeline"


def _opened(store: Path | None) -> tuple[Timeline, bool]:
    """Return the store, and whether it was made for that."""
    try:
        return open_store(store), False
    except NotFound:
        if is_sealed():
            # Of an ingest all is printed, what is of later as well.
            raise
        project = find_project(store)
        if project is None:
            raise
        if not _ingest_first(project, find_store(store)):
            folder = near(project_folder(project, "events"))
            raise NotFound(
                f"no store yet, and no events in {folder} to make one from; see `timeline ingest`"
            ) from None
        return open_store(store), True


def _ingest_first(project: Path, path: Path) -> bool:
    """Make the store of a project from its own events; returns whether there are any, and so a store."""
    folder = near(project_folder(project, "events"))
    if not _has_events(project):
        return False
    say(f"No store yet: ingesting {folder} into {near(path)}; recorded dates begin now")
    try:
        with _made(path, project) as tl, showing_progress(tl):
            result = tl.ingest(folder)
    except Conflict:
        # Unless another process made it meanwhile, from the same folder.
        if _open_if_there(path) is None:
            raise
        return True
    if result.commits:
        print_ingested(result)
    return bool(result.commits)


def _has_events(project: Path) -> bool:
    folder = project_folder(project, "events")
    return folder.is_dir() and any(not each.name.startswith(".") for each in folder.iterdir())


def near(path: Path) -> str:
    """Return a path as short as it can be written from here, or the URL that it stands for."""
    if (url := url_of(path)) is not None:
        return url
    with suppress(ValueError):
        return str(path.absolute().relative_to(Path.cwd()))
    return str(path)


@contextmanager
def _made(path: Path, project: Path | None) -> Iterator[Timeline]:
    """A new store that is at `path` once the block is done, and not at all where it fails.

    One in a bucket is there with its first commit.
    """
    if url_of(path) is not None:
        with Timeline(path, project=project) as tl:
            yield tl
        return
    real = Path(os.path.realpath(path))
    make_folders(real.parent)
    with temporary_folder(real.parent) as folder:
        made = folder / "store"
        with Timeline.create(made, project=project) as tl:
            yield tl
            if tl.head() is None:
                # An empty store would keep the events folder from being ingested later on.
                return
        try:
            rename_into_place(made, real)
        except OSError:
            if _open_if_there(path) is not None:
                raise Conflict(
                    f"{path} was made by another process meanwhile, so that nothing was recorded; try again"
                ) from None
            if os.path.lexists(real):
                raise Conflict(
                    f"{path} is there already, and is no store to add to; name another with --store"
                ) from None
            raise
