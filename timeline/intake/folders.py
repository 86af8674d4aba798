"""Folders of files to ingest: which files are read, in which order, and what is passed over.

Whatever a folder holds is either read or named: a file that nobody reads is a report that nobody sees.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from timeline.errors import BadInput, Place
from timeline.intake.batch import Batch, Draft
from timeline.intake.bulk_values import in_parts
from timeline.intake.documents import SECTIONS
from timeline.intake.suffixes import format_of
from timeline.intake.tabular import STAYS_IN_ITS_FILE
from timeline.meaning.described import DESCRIPTIONS
from timeline.project import PROJECT_FILE, RECORDED

__all__ = ["Listed", "in_order", "list_folder"]


@dataclass(frozen=True, slots=True)
class Listed:
    """The files of a folder and its subfolders by name, and what is not read, each with why."""

    paths: list[Path] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)


def list_folder(folder: Path, store: Path | None = None) -> Listed:
    """Return what is to be read of a folder: the files with a known suffix, those of subfolders among them.

    Passed over are files with another suffix, what is hidden, links to folders (which might lead round in a
    circle), `store`, and projects of their own. Of hidden files those with another suffix are not mentioned.
    Raises BadInput for a folder that may not be read.
    """
    found = Listed()
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            entries = list(os.scandir(here))
            for entry in entries:
                path = here / entry.name
                is_folder = entry.is_dir()
                why = _why_no_folder(entry, store) if is_folder else _why_no_file(entry)
                if why is None:
                    (waiting if is_folder else found.paths).append(path)
                elif why:
                    found.passed_over.append(f"{path}: {why}")
        except OSError as error:
            raise BadInput(f"cannot be read: {error.strerror or error}", Place(str(here))) from None
    found.paths.sort(key=lambda path: path.relative_to(folder).parts)
    found.passed_over.sort()
    return found


def _why_no_folder(entry: os.DirEntry[str], store: Path | None) -> str | None:
    """Return why a folder is passed over; None where it is read."""
    if entry.name.startswith("."):
        return "a hidden folder"
    if entry.is_symlink():
        return "a link to a folder, which is not followed"
    if store is not None and os.path.realpath(entry.path) == os.path.realpath(store):
        return "the store"
    if os.path.exists(os.path.join(entry.path, PROJECT_FILE)):
        return f"a project of its own, with a {PROJECT_FILE}"
    return None


def _why_no_file(entry: os.DirEntry[str]) -> str | None:
    """Return why a file is passed over, empty where that needs no mention; None where it is read."""
    is_known = format_of(Path(entry.name)) is not None
    if entry.name.startswith("."):
        return "a hidden file" if is_known else ""
    if is_known:
        return None
    suffix = os.path.splitext(entry.name)[1].lower()
    return f"no format has the suffix {suffix!r}" if suffix else "it has no suffix"


# In which order


def in_order(folder: Path, batches: Sequence[Batch], recorded: Path | None = None) -> list[Batch]:
    """Return the batches of the files of a folder, given by name, in the order in which they are recorded.

    First attributes, entities and sources by name, then what else only describes, then the rest, each by
    name; last what the commands have written, which is in the file `recorded`. Its descriptions come first
    of all: they were written before anybody described these names better. A file that amends what another
    one holds comes behind that.
    """
    last = recorded or folder / RECORDED
    ranked: list[tuple[int, Batch]] = []
    for batch in batches:
        path = Path(batch.name)
        if batch.drafts is not None and os.path.realpath(path) == os.path.realpath(last):
            described = [draft for draft in batch.drafts if _describes(draft)]
            others = [draft for draft in batch.drafts if not _describes(draft)]
            ranked += [(0, replace(batch, drafts=described, problems=[], warnings=[]))] if described else []
            ranked.append((4, replace(batch, drafts=others)))
        elif not batch.drafts or not all(map(_describes, batch.drafts)):
            ranked.append((3, batch))
        else:
            ranked.append((1 if path.stem in SECTIONS else 2, batch))
    ranked.sort(key=lambda one: one[0])
    return _behind_their_targets([batch for _, batch in ranked])


def _describes(draft: Draft) -> bool:
    return draft.keys.get("type") in DESCRIPTIONS


def _behind_their_targets(batches: list[Batch]) -> list[Batch]:
    """Return batches in their order, but those that aim at a key of a later one behind that."""
    aims = [_texts(batch, "target") for batch in batches]
    wanted = set().union(*aims)
    if not wanted:
        return batches
    holder: dict[str, int] = {}
    for nth, batch in enumerate(batches):
        for key in _texts(batch, "key") & wanted:
            holder.setdefault(key, nth)
    ordered: list[Batch] = []
    begun: set[int] = set()

    def place(nth: int) -> None:
        # What aim at each other in a circle stay in their order.
        if nth in begun:
            return
        begun.add(nth)
        for other in sorted({holder[aim] for aim in aims[nth] if aim in holder}):
            place(other)
        ordered.append(batches[nth])

    for nth in range(len(batches)):
        place(nth)
    return ordered


def _texts(batch: Batch, name: str) -> set[str]:
    """Return what the events of a batch have under a key."""
    if batch.drafts is not None:
        return {str(draft.keys[name]) for draft in batch.drafts if name in draft.keys}
    found: set[str] = set()
    if batch.table is not None and name in batch.table.column_names:
        for part in in_parts(batch.table, STAYS_IN_ITS_FILE, [name]):
            found.update(str(value) for value in part[name].unique().to_pylist() if value is not None)
    return found
