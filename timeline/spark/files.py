"""The files of a folder or bucket as a cluster reads them: by a file system of the engine, or by its workers.

A Spark without a file system for a scheme, such as one without `hadoop-aws`, has its workers read the bucket
by `obstore` and pyarrow. Credentials come from the environment of whatever process reads, and are no part of
a query. The code travels with the query, so that the workers need `obstore` and nothing of Timeline.
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import unquote

from timeline.errors import Corruption, TimelineError
from timeline.log.service import Service, connect
from timeline.meaning.columns import LOG_COLUMNS
from timeline.urls import url_of

if TYPE_CHECKING:
    import pyarrow as pa
    from obstore.store import ObjectStore
    from pyspark.sql import DataFrame, SparkSession

__all__ = [
    "BucketFiles",
    "EngineFiles",
    "Files",
    "as_engines_name_it",
    "carried",
    "declared",
    "files_at",
    "has_no_file_system",
]

_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/+")
#: What Hadoop says of a scheme of which it has no class, and of one of which the class is in no jar.
_ABSENT: Final = re.compile(
    r"No FileSystem for scheme|ClassNotFoundException: Class org\.apache\.hadoop\.fs\.\S+ not found"
)
_ABFSS: Final = re.compile(r"abfss?://([^@/]+)@[^/]+(/.*)?", re.DOTALL)
#: What Spark calls the types of the columns.
_TYPES: Final = {
    "text": "STRING",
    "instant": "TIMESTAMP_NTZ",
    "decimal": "DECIMAL(38,9)",
    "boolean": "BOOLEAN",
    "integer": "BIGINT",
}
#: Workers are asked for so many tries of a request, and read so many rows at once.
_RETRIES: Final = 9
_ROWS: Final = 10_000


def as_engines_name_it(place: str) -> str:
    """Return a path or URL as Hadoop names it: `s3:` is `s3a:` there, and `az:` is `abfss:`.

    Sail knows these names, too. The account is the one of the environment; without one, and for an emulator,
    which Hadoop cannot reach, `az:` stays.

    >>> as_engines_name_it("s3://newsroom/desk/log"), as_engines_name_it("gs://newsroom/desk/log")
    ('s3a://newsroom/desk/log', 'gs://newsroom/desk/log')
    """
    scheme, _, rest = place.partition("://")
    account = os.environ.get("AZURE_STORAGE_ACCOUNT_NAME")
    if scheme == "s3":
        return f"s3a://{rest}"
    if scheme == "az" and account and not os.environ.get("AZURE_STORAGE_USE_EMULATOR"):
        container, slash, path = rest.partition("/")
        return f"abfss://{container}@{account}.dfs.core.windows.net{slash}{path}"
    return place


def _as_timeline_names_it(place: str) -> str | None:
    """Return the URL of a store that a URL of Hadoop names, None for any other path or URL."""
    if found := _ABFSS.fullmatch(place):
        return url_of(f"az://{found[1]}{found[2] or ''}")
    return url_of(place.replace("s3a://", "s3://", 1))


def has_no_file_system(error: Exception) -> bool:
    """Whether an engine failed since it has no file system for the scheme of a URL."""
    return bool(_ABSENT.search(str(error)))


def declared(columns: Sequence[str]) -> str:
    """Return columns of the log, or of beliefs, as Spark declares them."""
    return ", ".join(f"{name} {_TYPES[LOG_COLUMNS.get(name, 'instant')]}" for name in columns)


class Files(Protocol):
    """The files in a folder or below a URL."""

    @property
    def folder(self) -> str: ...

    def names(self, pattern: str) -> list[str]:
        """Return the names of the files in the folder that end as `*.parquet` does, or are called so."""

    def content(self, path: str) -> bytes: ...

    def rows(self, paths: Sequence[str], columns: Sequence[str]) -> DataFrame:
        """Return the rows of Parquet files, with these columns at least; raises Corruption without one."""


def files_at(spark: SparkSession, folder: str) -> Files:
    """Return the files at a path or URL, as the engine reads them or, where it cannot, as its workers do."""
    if not _URL.match(folder):
        return EngineFiles(spark, folder)
    for name in dict.fromkeys((folder, as_engines_name_it(folder))):
        files = EngineFiles(spark, name)
        try:
            files.names("*.none")
            return files
        except Exception as error:
            if not has_no_file_system(error):
                raise
    url = _as_timeline_names_it(folder)
    if url is None:
        raise TimelineError(
            f"{folder}: the engine has no file system for this scheme; expected a path, or a URL of "
            "s3, s3a, gs, az or abfss"
        )
    return BucketFiles(spark, url)


@dataclass(frozen=True, slots=True)
class EngineFiles:
    """Files that the engine reads by a file system of its own."""

    spark: SparkSession
    folder: str

    def names(self, pattern: str) -> list[str]:
        from pyspark.errors import PySparkException

        try:
            files = self.spark.read.format("binaryFile").option("pathGlobFilter", pattern).load(self.folder)
            found = files.select("path").collect()
        except PySparkException as error:
            if error.getCondition() == "PATH_NOT_FOUND":
                return []
            raise
        # Some engines list what is in folders of the folder too.
        split = (row.path.rpartition("/") for row in found)
        return [name for parent, _, name in split if _is(parent, self.folder)]

    def content(self, path: str) -> bytes:
        [row] = self.spark.read.format("binaryFile").load(f"{self.folder}/{path}").select("content").collect()
        return bytes(row.content)

    def rows(self, paths: Sequence[str], columns: Sequence[str]) -> DataFrame:
        rows = self.spark.read.parquet(*(f"{self.folder}/{path}" for path in paths))
        _check(self.folder, rows.columns, columns)
        return rows


@dataclass(frozen=True, slots=True)
class BucketFiles:
    """Files in a bucket, which this process lists and the workers read."""

    spark: SparkSession
    folder: str

    def names(self, pattern: str) -> list[str]:
        names = Service(self.folder).list("")
        return [name for name in names if name == pattern or name.endswith(pattern.lstrip("*"))]

    def content(self, path: str) -> bytes:
        return Service(self.folder).read(path)

    def rows(self, paths: Sequence[str], columns: Sequence[str]) -> DataFrame:
        import pyarrow.parquet as pq

        with pq.ParquetFile(_opened(connect(self.folder, retries=_RETRIES), paths[0])) as first:
            _check(self.folder, first.schema_arrow.names, columns)
        files = self.spark.createDataFrame([(path,) for path in paths], "path STRING")
        read = carried(_Reading(self.folder, tuple(columns)))
        # One task a file.
        return files.repartition(len(paths)).mapInArrow(read, declared(columns))


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads columns of the files below a URL that batches of paths name, on a worker."""

    url: str
    columns: tuple[str, ...]

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        types: dict[str, pa.DataType] = {
            "text": pa.string(),
            "instant": pa.timestamp("us"),
            "decimal": pa.decimal128(38, 9),
            "boolean": pa.bool_(),
            "integer": pa.int64(),
        }
        schema = pa.schema([(name, types[LOG_COLUMNS.get(name, "instant")]) for name in self.columns])
        store = connect(self.url, retries=_RETRIES)
        for paths in batches:
            for path in paths.column(0).to_pylist():
                with pq.ParquetFile(_opened(store, str(path))) as file:
                    for rows in file.iter_batches(_ROWS, columns=list(self.columns)):
                        table = pa.Table.from_batches([rows]).select(list(self.columns)).cast(schema)
                        yield from table.to_batches()


def _opened(store: ObjectStore, key: str) -> Any:
    return _Object(store, key)


class _Object(io.RawIOBase):
    """An object as a file to read, by ranges."""

    def __init__(self, store: ObjectStore, key: str) -> None:
        self._store = store
        self._key = key
        self._size: int = store.head(key)["size"]
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        end = min(self._at + len(buffer), self._size)
        if self._at >= end:
            return 0
        buffer[: end - self._at] = memoryview(self._store.get_range(self._key, start=self._at, end=end))
        count, self._at = end - self._at, end
        return count


def carried(call: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function that calls this on a worker on which there is no package `timeline`."""
    package = sys.modules[__name__.partition(".")[0]]
    # Imported by name, since some versions of PySpark type it and others do not.
    cloudpickle = import_module("pyspark.cloudpickle")

    already = package.__name__ in cloudpickle.list_registry_pickle_by_value()
    cloudpickle.register_pickle_by_value(package)
    try:
        code = cloudpickle.dumps(call)
    finally:
        if not already:
            cloudpickle.unregister_pickle_by_value(package)

    def run(given: Any) -> Any:
        # Of what is named here, only the standard library is looked up by name on a worker.
        import pickle

        return pickle.loads(code)(given)

    return run


def _check(folder: str, there: Sequence[str], columns: Sequence[str]) -> None:
    """Raise Corruption where a column is not there."""
    if missing := [name for name in columns if name not in there]:
        raise Corruption(
            f"{folder}: its files have no column {', '.join(missing)}; they are not those of a log, "
            "or a later Timeline may know them"
        )


def _is(parent: str, folder: str) -> bool:
    """Whether a folder as an engine writes it is this one: it may leave out the scheme and the bucket.

    >>> _is("file:/desk/log", "/desk/log"), _is("desk/log", "s3://bucket/desk/log"), _is("desk/log", "/desk")
    (True, True, False)
    """
    one, other = (unquote(_URL.sub("", path)).strip("/").split("/") for path in (parent, folder))
    shorter = min(len(one), len(other))
    return one[-shorter:] == other[-shorter:]
