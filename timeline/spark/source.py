"""What lies at a path or URL, as the engine sees it: a log, a Delta table of one, or published beliefs.

Folders are listed by the engine itself, since a session may run where the caller cannot look. The Delta table
of a log is the folder of the log, or one of links to its files, and is read by the same names.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from timeline.errors import BadInput, NotFound, TimelineError
from timeline.log.log import cover
from timeline.meaning import fold
from timeline.meaning.columns import BELIEF_COLUMNS, LOG_COLUMNS
from timeline.publish.manifest import MANIFEST, Manifest, manifest_of
from timeline.spark.files import Files, files_at

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["Published", "found_at"]

_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/+")
_PATTERN: Final = re.compile(r"[*?\[\]{}\\]")
#: How often a folder is listed that changes meanwhile.
_ATTEMPTS: Final = 20
#: What the beliefs are made of.
_NEEDED: Final = [name for name in LOG_COLUMNS if name in ("commit", *BELIEF_COLUMNS, *fold.ENTRY_COLUMNS)]


@dataclass(frozen=True, slots=True)
class Published:
    """Published beliefs: the files, and their manifest."""

    files: Files
    manifest: Manifest


def found_at(spark: SparkSession, source: str) -> DataFrame | Published:
    """Return the events of the log at `source`, up to its last commit now, or the beliefs published there.

    Raises NotFound where neither lies there, BadInput for a path that is a pattern, Corruption where commits
    of the log are missing.
    """
    folder = source.rstrip("/") if _URL.match(source) else os.path.abspath(source)
    if signs := _PATTERN.findall(folder):
        raise BadInput(f"{source}: engines take a path with {signs[0]} for a pattern; expected one without")
    # A store has its log in a folder.
    for where in (folder, f"{folder}/log"):
        files = files_at(spark, where)
        if files.names(MANIFEST):
            content = files.content(MANIFEST).decode(errors="replace")
            return Published(files, manifest_of(content, f"{where}/{MANIFEST}"))
        if found := cover(where, _listed(files)):
            return files.rows([file.name for file in found], _NEEDED)
    raise NotFound(
        f"{source}: no file of a log and no {MANIFEST} is there, as the engine sees it; "
        "expected the folder of a log, of its Delta table, or of published beliefs"
    )


def _listed(files: Files) -> list[str]:
    """Return the names of the Parquet files in a folder; none where there is no such folder.

    A listing taken while files are merged may lack both the merged one and what it replaces. Two that agree
    show what there is.
    """
    before: set[str] | None = None
    for _ in range(_ATTEMPTS):
        names = set(files.names("*.parquet"))
        if names == before:
            return sorted(names)
        before = names
    raise TimelineError(f"{files.folder}: files kept coming and going while they were listed; try again")
