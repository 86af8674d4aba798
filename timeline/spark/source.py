"""What lies at a path or URL, as the engine sees it: a log, a Delta table of one, or published beliefs.

Folders are listed by the engine itself, since a session may run where the caller cannot look.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from timeline.errors import Corruption, NotFound, TimelineError
from timeline.log.log import cover
from timeline.meaning import fold
from timeline.meaning.columns import BELIEF_COLUMNS, LOG_COLUMNS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["log_at"]

_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/+")
#: How often a folder is listed that changes meanwhile.
_ATTEMPTS: Final = 20
#: What the beliefs are made of.
_NEEDED: Final = [name for name in LOG_COLUMNS if name in ("commit", *BELIEF_COLUMNS, *fold.ENTRY_COLUMNS)]
_EXPECTED: Final = "expected the folder of a log, of its Delta table, or of published beliefs"


def log_at(spark: SparkSession, source: str) -> DataFrame:
    """Return the events of the log that lies at `source`, up to a commit; raises NotFound where none does."""
    folder = source.rstrip("/") if _URL.match(source) else os.path.abspath(source)
    for where in (folder, f"{folder}/log"):
        names = _listed(spark, where, "*.parquet")
        files = cover(where, names)
        if files:
            return _checked(spark.read.parquet(*(f"{where}/{file.name}" for file in files)), where)
    raise NotFound(f"{source}: holds no file of a log; {_EXPECTED}")


def _listed(spark: SparkSession, folder: str, pattern: str) -> list[str]:
    """Return the names of the files in a folder; none where there is no such folder.

    A listing taken while files are merged may lack both the merged one and what it replaces. Two that agree
    show what there is.
    """
    before: set[str] | None = None
    for _ in range(_ATTEMPTS):
        names = set(_names(spark, folder, pattern))
        if names == before:
            return sorted(names)
        before = names
    raise TimelineError(f"{folder}: files kept being merged away while they were listed; try again")


def _names(spark: SparkSession, folder: str, pattern: str) -> list[str]:
    from pyspark.errors import PySparkException

    try:
        found = (
            spark.read.format("binaryFile")
            .option("pathGlobFilter", pattern)
            .load(folder)
            .select("path")
            .collect()
        )
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


def _checked(events: DataFrame, where: str) -> DataFrame:
    """Return the events; raises Corruption where a column is not there."""
    missing = [name for name in _NEEDED if name not in events.columns]
    if missing:
        raise Corruption(
            f"{where}: its files have no column {', '.join(missing)}; they are not those of a log, "
            "or a later Timeline may know them"
        )
    return events
