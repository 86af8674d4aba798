"""Where the files of a project still have events that were erased from its store."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from timeline.errors import TimelineError
from timeline.intake.outcome import Ingested
from timeline.project import project_folder, recorded_file

__all__ = ["still_in"]


def still_in(project: Path, event_ids: Collection[str], dry_run: Callable[[Path], Ingested]) -> list[str]:
    """Return where the files of a project that are ingested have these events, as `file:line`.

    `dry_run` ingests a file or folder without recording anything. What cannot be read is named too.
    """
    folder, file = project_folder(project, "events"), recorded_file(project)
    paths = [folder] if file.resolve().is_relative_to(folder.resolve()) else [folder, file]
    found: dict[str, None] = {}
    for path in paths:
        if not path.exists():
            continue
        try:
            given = dry_run(path).erased
        except (TimelineError, OSError) as error:
            found[f"{path}, perhaps, which cannot be read: {error}"] = None
        else:
            found |= {str(place): None for place, event_id in given if event_id in event_ids}
    return list(found)
