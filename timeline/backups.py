"""Backups of a store: its log and the files of its project, copied to a folder and back.

A backup is a folder with `log/`, the files of the log, `project/`, those of the project where there is one,
and `backup.json`, which says up to where it goes. The index is no part of it: it is built from the log.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from timeline.atomic import is_free, make_folders, remove_leftovers, rename_into_place, temporary_folder
from timeline.errors import BadInput, Conflict, Corruption, NotFound
from timeline.log.backup import Copied, check_restored, copy_log, manifest_of, put_log, write_manifest
from timeline.log.extent import with_extent
from timeline.log.log import Log, log_at
from timeline.project import copy_project, find_project, find_store, is_project, project_folder
from timeline.urls import COPIES, local_folder, url_of

__all__ = ["back_up", "restore"]

_LOG = "log"
_PROJECT = "project"


def back_up(store: Path, log: Log, project: Path | None, path: Path, *, link: bool) -> Copied:
    """Copy a store, and the project that it belongs to, into a folder: see `Timeline.backup`."""
    target = path.absolute()
    if target.resolve().is_relative_to(store.resolve()):
        raise BadInput(f"{path} is within the store; expected a folder elsewhere")
    if not is_free(target):
        if manifest_of(target) is None:
            raise Conflict(f"{path} is no backup, and has something in it; name another folder")
        return _copy(log, project, target, link)
    if not target.parent.is_dir():
        raise BadInput(f"{path}: there is no folder {target.parent}")
    _check_elsewhere(target)
    with temporary_folder(target.parent) as within:
        made = within / "backup"
        made.mkdir()
        copied = _copy(log, project, made, link)
        rename_into_place(made, target)
    return replace(copied, path=target)


def _check_elsewhere(target: Path) -> None:
    """Raise BadInput for the working folder, in whose place no other can be put."""
    if target.exists() and target.samefile(Path.cwd()):
        raise BadInput(f"{target} is the folder that you are in; name a new one")


def _copy(log: Log, project: Path | None, target: Path, link: bool) -> Copied:
    # What backups that were killed left behind, where nothing need be copied now.
    for folder in (target.parent, target, target / _LOG):
        remove_leftovers(folder)
    copied = copy_log(log, target / _LOG, link=link)
    files = [] if project is None else copy_project(project, target / _PROJECT)
    write_manifest(target, copied.commit)
    return replace(copied, path=target, project_files=len(files))


def restore(backup: Path, path: Path | None, *, partial: bool) -> Copied:
    """Make a store from a backup: see `Timeline.restore`."""
    source = backup.absolute()
    manifest = manifest_of(source)
    files = source / _PROJECT
    if manifest is None and is_project(source):
        files, source = source, find_store(source)
    if not (source / _LOG).is_dir():
        raise NotFound(f"no backup at {backup}: it has no folder {_LOG!r}; `timeline backup` makes one")
    own = find_project(path)
    named = find_store(path) if path is None or own is not None else path
    url = url_of(named)
    if url is not None:
        whole = None if partial else manifest
        found = _put(source / _LOG, log_at(url, local_folder(url) / COPIES), whole, partial)
        return replace(found, path=url)
    target = named.absolute()
    if target.resolve().is_relative_to(source.resolve()):
        raise BadInput(f"{target} is within the backup; expected a folder elsewhere")
    if not is_free(target):
        raise Conflict(f"{target} has something in it; expected a folder that is not there, or is empty")
    _check_elsewhere(target)
    make_folders(target.parent.absolute())
    with temporary_folder(target.parent) as within:
        made = within / "restored"
        made.mkdir()
        with_project = own is None and path is not None and is_project(files)
        copied = copy_project(files, made) if with_project else []
        store = project_folder(made, "store") if with_project else made
        found = _take(source / _LOG, store / _LOG, None if partial else manifest, partial)
        rename_into_place(made, target)
    return replace(found, path=target, project_files=len(copied))


def _put(source: Path, log: Log, manifest: dict[str, Any] | None, partial: bool) -> Copied:
    """Copy the log of a backup into a bucket, once it is verified; to do it again goes on with it."""
    log.check_writable()
    with temporary_folder(Path(tempfile.gettempdir())) as within:
        found = _take(source, within / _LOG, manifest, partial)
        copied = put_log(Log(within / _LOG), log)
    check_restored(log, manifest)
    return replace(found, copied=copied)


def _take(source: Path, log: Path, manifest: dict[str, Any] | None, partial: bool) -> Copied:
    """Copy the log of a backup and verify it; raises Corruption, which says up to where it is whole."""
    try:
        found = copy_log(Log(source), log, partial=partial)
        check_restored(Log(log), manifest)
    except Corruption as error:
        raise Corruption(
            f"{with_extent(source, error, log)}; `timeline restore --partial` takes what is whole"
        ) from error
    return found
