"""Projects: the folder of a timeline.toml, which names where its store, events and queries are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final, cast

from timeline.errors import BadInput, NotFound, Place

__all__ = ["PROJECT_FILE", "find_store", "project_settings"]

PROJECT_FILE: Final = "timeline.toml"


def find_store(path: str | Path | None = None) -> Path:
    """The folder of a store: `path`, else TIMELINE_STORE, else that of the nearest project upwards.

    A project is a folder with a timeline.toml, which may name its store; `path` may be one too.
    Raises NotFound where there is none.
    """
    if path is None:
        path = os.environ.get("TIMELINE_STORE") or None
    if path is not None:
        given = Path(path)
        return _store_of(given) if (given / PROJECT_FILE).is_file() else given
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / PROJECT_FILE).is_file():
            return _store_of(folder)
    raise NotFound(
        f"no {PROJECT_FILE} in {here} or above it; run `timeline init FOLDER`, or name a store with --store"
    )


def _store_of(project: Path) -> Path:
    return project / str(project_settings(project).get("store", ".timeline"))


def project_settings(project: Path) -> dict[str, Any]:
    """What a project's timeline.toml says under [project]: events, queries, store."""
    import tomllib

    try:
        settings = tomllib.loads((project / PROJECT_FILE).read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"not TOML: {error}", Place(str(project / PROJECT_FILE))) from None
    return cast("dict[str, Any]", settings.get("project", {}))
