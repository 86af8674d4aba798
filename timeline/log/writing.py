"""An append on its way to disk: rows become the bytes of a file, whole or part by part."""

from __future__ import annotations

import hashlib
import json
import mmap
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from timeline.errors import TimelineError
from timeline.log.file import (
    BYTES_AT_ONCE,
    NO_SHA256,
    ROW_GROUP,
    SCHEMA_VERSION,
    SHA256_KEY,
    SMALL,
    STATISTICS,
    UNIQUE,
    CommitRecord,
    LogFile,
    footer_start,
    framed_key,
    records_of,
    rows_of,
    schema,
)
from timeline.meaning.columns import LOG_COLUMNS

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["MANY", "Spool", "encoded", "rewritten"]

#: From as many events on, a file is written part by part and by more than one thread.
MANY = 10_000


# Writing


def _metadata(records: Iterable[CommitRecord]) -> dict[str, str]:
    """Return what a new file says of itself, its SHA-256 yet to be filled in."""
    fields = [
        {
            "number": record.commit.number,
            "first_position": record.commit.first_position,
            "count": record.commit.count,
            "recorded_at": record.commit.recorded_at,
            "root": record.root,
            "digest": record.commit.digest,
        }
        for record in records
    ]
    return {
        "timeline.schema": SCHEMA_VERSION,
        "timeline.commits": json.dumps(fields, separators=(",", ":")),
        SHA256_KEY: NO_SHA256.decode(),
    }


class _Writer:
    """Parquet under way: row groups are written as they fill up."""

    def __init__(self, sink: Any, *, small: bool = False) -> None:
        import pyarrow.parquet as pq

        repeating = [name for name, kind in LOG_COLUMNS.items() if kind == "text" and name not in UNIQUE]
        options: dict[str, Any] = {
            "compression": "none" if small else "zstd",
            "store_schema": False,
            "use_dictionary": False if small else repeating,
            "write_statistics": list(STATISTICS),
        }
        self._parquet = pq.ParquetWriter(sink, schema(), **options)
        self._waiting: list[pa.Table] = []

    def write(self, rows: pa.Table) -> None:
        import pyarrow as pa

        self._waiting.append(rows)
        count = sum(part.num_rows for part in self._waiting)
        if (whole := count // ROW_GROUP * ROW_GROUP) and count:
            waiting = pa.concat_tables(self._waiting)
            self._parquet.write_table(waiting.slice(0, whole), row_group_size=ROW_GROUP)
            self._waiting = [waiting.slice(whole)] if whole < count else []

    def finish(self, records: Iterable[CommitRecord]) -> None:
        import pyarrow as pa

        if self._waiting:
            self._parquet.write_table(pa.concat_tables(self._waiting), row_group_size=ROW_GROUP)
        self._parquet.add_key_value_metadata(_metadata(records))
        self.close()

    def close(self) -> None:
        self._parquet.close()


def encoded(rows: pa.Table, records: Iterable[CommitRecord]) -> memoryview:
    """Return the bytes of the file that holds these rows, of `schema()`, and says this of their commits."""
    import pyarrow as pa

    # A stream of Python's own would wait for the interpreter lock at every page.
    stream = pa.BufferOutputStream()
    writer = _Writer(stream, small=rows.num_rows < SMALL)
    writer.write(rows)
    writer.finish(records)
    return _hashed(bytearray(stream.getvalue()))


def _hashed(file: bytearray) -> memoryview:
    """Return a file with its SHA-256 filled in."""
    content = memoryview(file)
    start = footer_start(len(content), bytes(content[-8:]))
    at = start + _place_of_hash(bytes(content[start:]))
    content[at : at + 64] = hashlib.sha256(content).hexdigest().encode()
    return content


class Spool:
    """A file of the log that is written to disk part by part.

    It has no name, so that nothing is left of it where its writer dies. Not for two threads at once.
    """

    def __init__(self, folder: Path) -> None:
        import pyarrow as pa

        path = folder / f".tmp-{os.getpid()}-{os.urandom(6).hex()}"
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            self._sink = pa.OSFile(str(path), "wb")
        except BaseException:
            os.close(self._descriptor)
            raise
        finally:
            os.unlink(path)
        self._writer = _Writer(self._sink)
        self._digest = hashlib.sha256()
        self._digested = 0

    def write(self, rows: pa.Table) -> None:
        """Add rows of `schema()`."""
        self._writer.write(rows)
        self._digest_until(self._sink.tell())

    def finish(self, records: Iterable[CommitRecord]) -> mmap.mmap:
        """Return the bytes of the file, which says this of its commits; to be closed by the caller."""
        self._writer.finish(records)
        self._sink.close()
        size = os.fstat(self._descriptor).st_size
        start = footer_start(size, os.pread(self._descriptor, 8, size - 8))
        at = start + _place_of_hash(os.pread(self._descriptor, size - start, start))
        self._digest_until(size)
        os.pwrite(self._descriptor, self._digest.hexdigest().encode(), at)
        return mmap.mmap(self._descriptor, size, access=mmap.ACCESS_READ)

    def close(self) -> None:
        self._writer.close()
        self._sink.close()
        os.close(self._descriptor)

    def _digest_until(self, size: int) -> None:
        while self._digested < size:
            read = os.pread(self._descriptor, min(BYTES_AT_ONCE, size - self._digested), self._digested)
            self._digest.update(read)
            self._digested += len(read)


@contextmanager
def rewritten(file: LogFile, change: Callable[[pa.Table], pa.Table]) -> Iterator[memoryview]:
    """The bytes of a file of the log with its rows changed, part by part; it says the same of its commits."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    records = records_of(file)
    with pq.ParquetFile(file.path, pre_buffer=False) as opened:
        if opened.metadata.num_rows < MANY:
            yield encoded(change(rows_of(file.path)), records)
            return
        spool = Spool(Path(file.path).parent)
        try:
            for batch in opened.iter_batches(ROW_GROUP):
                part = pa.Table.from_batches([batch]).replace_schema_metadata(None)
                spool.write(change(part.cast(schema())))
            with spool.finish(records) as content, memoryview(content) as view:
                yield view
        finally:
            spool.close()


def _place_of_hash(footer: bytes) -> int:
    """Return where in the footer of a new file its SHA-256 is to be filled in."""
    marker = framed_key(SHA256_KEY) + b"\x40" + NO_SHA256
    if footer.count(marker) != 1:
        raise TimelineError(f"{footer.count(marker)} places for {SHA256_KEY} in a new file, expected 1")
    return footer.index(marker) + len(marker) - 64
