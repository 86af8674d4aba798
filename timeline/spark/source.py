"""What lies at a path or URL, as the engine sees it: a log, a Delta table of one, or published beliefs.

Folders are listed by the engine itself, since a session may run where the caller cannot look. The Delta table
of a log is the folder of the log, or one of links to its files, and is read by the same names.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from timeline.errors import BadInput, Corruption, NotFound, TimelineError
from timeline.log.log import cover
from timeline.meaning import fold
from timeline.meaning.columns import BELIEF_COLUMNS, LOG_COLUMNS
from timeline.publish.manifest import MANIFEST, Manifest, manifest_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["Published", "as_engines_name_it", "found_at"]

_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/+")
_PATTERN: Final = re.compile(r"[*?\[\]{}\\]")
#: How often a folder is listed that changes meanwhile.
_ATTEMPTS: Final = 20
#: What the beliefs are made of.
_NEEDED: Final = [name for name in LOG_COLUMNS if name in ("commit", *BELIEF_COLUMNS, *fold.ENTRY_COLUMNS)]


@dataclass(frozen=True, slots=True)
class Published:
    """Published beliefs: the folder they are in, and their manifest."""

    folder: str
    manifest: Manifest


def as_engines_name_it(place: str) -> str:
    """Return a path or URL as Spark names it: a bucket that speaks S3 is `s3a:` there, and on Sail, too.

    >>> as_engines_name_it("s3://newsroom/desk/log"), as_engines_name_it("/desk/log")
    ('s3a://newsroom/desk/log', '/desk/log')
    """
    return place.replace("s3://", "s3a://", 1) if place.startswith("s3://") else place


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
        if _names(spark, where, MANIFEST):
            return Published(where, _manifest(spark, f"{where}/{MANIFEST}"))
        if files := cover(where, _listed(spark, where)):
            return _checked(spark.read.parquet(*(f"{where}/{file.name}" for file in files)), where)
    raise NotFound(
        f"{source}: no file of a log and no {MANIFEST} is there, as the engine sees it; "
        "expected the folder of a log, of its Delta table, or of published beliefs"
    )


def _listed(spark: SparkSession, folder: str) -> list[str]:
    """Return the names of the Parquet files in a folder; none where there is no such folder.

    A listing taken while files are merged may lack both the merged one and what it replaces. Two that agree
    show what there is.
    """
    before: set[str] | None = None
    for _ in range(_ATTEMPTS):
        names = set(_names(spark, folder, "*.parquet"))
        if names == before:
            return sorted(names)
        before = names
    raise TimelineError(f"{folder}: files kept coming and going while they were listed; try again")


def _names(spark: SparkSession, folder: str, pattern: str) -> list[str]:
    """Return the names of the files in a folder that match a pattern, as the engine lists them."""
    from pyspark.errors import PySparkException

    try:
        files = spark.read.format("binaryFile").option("pathGlobFilter", pattern).load(folder)
        found = files.select("path").collect()
    except PySparkException as error:
        if error.getCondition() == "PATH_NOT_FOUND":
            return []
        raise
    # Some engines list what is in folders of the folder too.
    return [name for parent, _, name in (row.path.rpartition("/") for row in found) if _is(parent, folder)]


def _is(parent: str, folder: str) -> bool:
    """Whether a folder as an engine writes it is this one: it may leave out the scheme and the bucket.

    >>> _is("file:/desk/log", "/desk/log"), _is("desk/log", "s3://bucket/desk/log"), _is("desk/log", "/desk")
    (True, True, False)
    """
    one, other = (unquote(_URL.sub("", path)).strip("/").split("/") for path in (parent, folder))
    shorter = min(len(one), len(other))
    return one[-shorter:] == other[-shorter:]


def _manifest(spark: SparkSession, path: str) -> Manifest:
    [row] = spark.read.format("binaryFile").load(path).select("content").collect()
    return manifest_of(bytes(row.content).decode(errors="replace"), path)


def _checked(events: DataFrame, where: str) -> DataFrame:
    """Return the events; raises Corruption where a column is not there."""
    missing = [name for name in _NEEDED if name not in events.columns]
    if missing:
        raise Corruption(
            f"{where}: its files have no column {', '.join(missing)}; they are not those of a log, "
            "or a later Timeline may know them"
        )
    return events
