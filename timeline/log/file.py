"""One file of the event log: its name, its columns, what it says of its commits, and its hashes.

`000000000042.parquet` holds commit 42, `000000000001-000000000032.parquet` the commits 1 to 32. The rows
are in the order of their positions. The file's metadata holds, as text:

- `timeline.schema`: the version of the columns, `1`;
- `timeline.commits`: a JSON list of `number`, `first_position`, `count`, `recorded_at`, `root`, `digest`;
- `timeline.file_sha256`: the SHA-256 of the file itself with these 64 digits as zeros.

`root` is the RFC 9162 Merkle tree hash over the event ids of the commit, each taken as its 32 bytes;
`digest` is the SHA-256 of 96 bytes: the digest of the commit before (zeros for the first), then number,
first position, count and `recorded_at` as big-endian signed 64-bit integers, then the root.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from timeline.errors import Corruption
from timeline.log.merkle import MerkleTree
from timeline.meaning.columns import LOG_COLUMNS
from timeline.meaning.proofs import commit_digest
from timeline.meaning.times import format_instant
from timeline.represent import block, counted, cut, one_line, record

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "BLOCKS",
    "BYTES_AT_ONCE",
    "SCHEMA_VERSION",
    "SMALL",
    "STATISTICS",
    "UNIQUE",
    "Commit",
    "CommitRecord",
    "LogFile",
    "Rows",
    "block_of",
    "commit_digest",
    "file_name",
    "footer_start",
    "framed_key",
    "last_commit_of",
    "log_files",
    "records_of",
    "rows_of",
    "rows_to_table",
    "schema",
]

SCHEMA_VERSION = "1"
#: Sizes of the aligned blocks of commits that one file may hold.
BLOCKS = (32, 32**2, 32**3)
#: DuckDB's own size of a row group, and so its unit of parallel work.
ROW_GROUP = 122_880
#: Below this many rows compression, dictionaries and threads cost more than they save, and so does pyarrow.
SMALL = 200
#: Texts of which nearly every one is different.
UNIQUE = frozenset({"event_id", "target", "statement", "key", "locator"})
#: Long texts in the statistics would swell the footer that every reader loads.
STATISTICS = ("position", "commit", "event_type", "fact", "reported_at", "recorded_at")
_NAME = re.compile(r"(\d{12})(?:-(\d{12}))?\.parquet", re.ASCII)
SHA256_KEY = "timeline.file_sha256"
NO_SHA256 = b"0" * 64
_NO_DIGEST = bytes(32)
_USUAL_FOOTER = 2**14
BYTES_AT_ONCE = 2**24
BRING_BACK = "bring the file back from a copy of the log"


@dataclass(frozen=True, slots=True, repr=False)
class Commit:
    """One append: the events `first_position` to `last_position`, recorded together.

    `number` and positions count from 1; `recorded_at` is in microseconds since 1970-01-01 UTC;
    `digest` covers this commit and all before it, as 64 hexadecimal digits.

    >>> Commit(2, 11, 5, 1_760_000_000_000_000, "ab" * 32).last_position
    15
    """

    number: int
    first_position: int
    count: int
    recorded_at: int
    digest: str

    @property
    def last_position(self) -> int:
        """The position of its last event, and so the number of events up to here."""
        return self.first_position + self.count - 1

    def __repr__(self) -> str:
        text = f"{self._events}, recorded {format_instant(self.recorded_at)}, digest {cut(self.digest, 9)}"
        return one_line("Commit", f"#{self.number}: {text}")

    def _repr_html_(self) -> str:
        facts = [
            ("commit", f"#{self.number}"),
            ("events", self._events),
            ("recorded", format_instant(self.recorded_at)),
            ("digest", self.digest),
        ]
        return block([record(facts)], f"Commit #{self.number}")

    @property
    def _events(self) -> str:
        events, first = counted(self.count, "event"), f"{self.first_position:,}"
        if self.count == 1:
            return f"{events} at position {first}"
        return f"{events} at positions {first} to {self.last_position:,}"


@dataclass(frozen=True, slots=True)
class CommitRecord:
    """What a file says of one of its commits."""

    commit: Commit
    root: str

    @classmethod
    def of(
        cls, event_ids: Any, previous: Commit | None, first_position: int, recorded_at: int
    ) -> CommitRecord:
        """Return the record of a commit with these events, an Arrow column of their ids, to follow
        `previous`.
        """
        tree = MerkleTree()
        tree.add_ids(event_ids)
        return cls.over(tree.root(), len(event_ids), previous, first_position, recorded_at)

    @classmethod
    def over(
        cls, root: bytes, count: int, previous: Commit | None, first_position: int, recorded_at: int
    ) -> CommitRecord:
        """Return the record of a commit of `count` events with this root over their ids, to follow
        `previous`.
        """
        number = previous.number + 1 if previous else 1
        digest = commit_digest(digest_of(previous), number, first_position, count, recorded_at, root)
        return cls(Commit(number, first_position, count, recorded_at, digest.hex()), root.hex())


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file of the log and the commits in it, `first` to `last`, both inclusive."""

    name: str
    first: int
    last: int
    path: str


# Names


def file_name(first: int, last: int) -> str:
    """Return the name of the file that holds these commits, both inclusive.

    >>> file_name(33, 64)
    '000000000033-000000000064.parquet'
    """
    return f"{first:012}.parquet" if first == last else f"{first:012}-{last:012}.parquet"


def block_of(number: int, size: int) -> tuple[int, int]:
    """Return the first and last commit of the aligned block of `size` commits that holds a commit.

    >>> block_of(64, 32), block_of(65, 32)
    ((33, 64), (65, 96))
    """
    first = (number - 1) // size * size + 1
    return first, first + size - 1


def log_files(folder: Path | str, names: Iterable[str]) -> Iterator[LogFile]:
    """Yield the files of those names that a file of the log may have, in the order given."""
    within = os.path.join(folder, "")
    for name in names:
        if (commits := _commits_named(name)) is not None:
            yield LogFile(name, *commits, within + name)


@lru_cache(maxsize=8_192)
def _commits_named(name: str) -> tuple[int, int] | None:
    """Return the first and last commit that a file of this name holds; None of any other name."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    first = int(match[1])
    last = first if match[2] is None else int(match[2])
    size = last - first + 1
    named = (match[2] is None and first) or (size in BLOCKS and block_of(first, size)[0] == first)
    return (first, last) if named else None


# Rows


@cache
def schema() -> pa.Schema:
    """Return the Arrow schema of the log's files and of every table that is read from or appended to it."""
    import pyarrow as pa

    return pa.schema(_types())


@cache
def _types() -> dict[str, Any]:
    import pyarrow as pa

    types: dict[str, Any] = {
        "integer": pa.int64(),
        "text": pa.string(),
        "instant": pa.timestamp("us"),
        "decimal": pa.decimal128(38, 9),
        "boolean": pa.bool_(),
    }
    narrow = {"inherited": pa.int32()}
    return {name: narrow.get(name, types[kind]) for name, kind in LOG_COLUMNS.items()}


class Rows(list[dict[str, Any]]):
    """Events to be appended, as `rows_to_table` takes them, where they are too few to make a table of."""


def rows_to_table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Return rows as a table of the log: instants given as integer microseconds, amounts as Decimal.

    Names that a row lacks are null, names that are no column are passed over; order is kept.

    >>> rows_to_table([{"event_id": "00" * 32, "reported_at": 1}]).num_rows
    1
    """
    import pyarrow as pa

    # Most columns of a single event are empty, which is quicker to say than to find out.
    given = set().union(*rows)
    columns = [
        pa.array([row.get(name) for row in rows], kind) if name in given else pa.nulls(len(rows), kind)
        for name, kind in _types().items()
    ]
    return pa.Table.from_arrays(columns, schema=schema())


def rows_of(path: str) -> pa.Table:
    """Return all rows of a file of the log, in its order; raises FileNotFoundError where it is gone."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            small = file.metadata.num_rows < SMALL
            return file.read(use_threads=not small).replace_schema_metadata(None)
    except (pa.ArrowInvalid, OSError) as error:
        if getattr(error, "errno", None) is not None:
            raise
        raise Corruption(f"{path}: cannot be read: {error}; {BRING_BACK}") from error


# Digests


def digest_of(commit: Commit | None) -> bytes:
    return bytes.fromhex(commit.digest) if commit else _NO_DIGEST


# Metadata. It is read without pyarrow, which takes longer to import than all else that a reader does to learn
# the head. The keys come after everything else of the footer that could hold text, each framed by Thrift.


def framed_key(key: str) -> bytes:
    return b"\x18" + bytes([len(key)]) + key.encode() + b"\x18"


def footer_start(size: int, end: bytes) -> int:
    """Return where the footer starts in a Parquet file of that size which ends in these 8 bytes."""
    if size < 12 or end[4:] != b"PAR1":
        raise ValueError("it does not end as a Parquet file does")
    start = size - 8 - int.from_bytes(end[:4], "little")
    if start < 4:
        raise ValueError("its footer is longer than the file")
    return start


def footer_of(path: str) -> tuple[bytes, int]:
    """Return the footer of the Parquet file at `path`, and where it starts."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(descriptor).st_size
        end = os.pread(descriptor, _USUAL_FOOTER, max(0, size - _USUAL_FOOTER))
        start = footer_start(size, end[-8:])
        if start < size - len(end):
            return os.pread(descriptor, size - 8 - start, start), start
        return end[start - size : -8], start
    finally:
        os.close(descriptor)


def value_at(footer: bytes, key: str) -> tuple[int, int]:
    """Return where in a footer the value of a key starts and ends."""
    framed = framed_key(key)
    at = footer.rfind(framed)
    if at < 0:
        raise ValueError(f"it has no {key}")
    at += len(framed)
    length = shift = 0
    while True:
        byte = footer[at]
        at += 1
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    if at + length > len(footer):
        raise ValueError(f"its {key} is cut short")
    return at, at + length


def not_a_log_file(file: LogFile, error: Exception) -> Corruption:
    return Corruption(f"{file.path}: not a file of the log: {error}; {BRING_BACK}")


def records_of(file: LogFile) -> list[CommitRecord]:
    """Return what a file says of its commits, in order.

    Raises FileNotFoundError where the file is gone, Corruption where it does not say it or where its
    commits are not those of its name.
    """
    return _records(file, lambda fields: fields, range(file.first, file.last + 1))


def last_commit_of(file: LogFile) -> Commit:
    """Return the last commit in a file, without reading through all before it.

    Raises as `records_of` does.
    """
    (record,) = _records(
        file, lambda fields: b"[" + fields[fields.rindex(b"{") :], range(file.last, file.last + 1)
    )
    return record.commit


def _records(file: LogFile, part: Callable[[bytes], bytes], numbers: range) -> list[CommitRecord]:
    try:
        footer, _ = footer_of(file.path)
        start, end = value_at(footer, "timeline.schema")
        version = footer[start:end].decode()
        if version != SCHEMA_VERSION:
            raise Corruption(
                f"{file.path}: has version {version!r} of the columns, expected {SCHEMA_VERSION!r}; "
                "a later Timeline may know it"
            )
        start, end = value_at(footer, "timeline.commits")
        records = [_record(fields) for fields in json.loads(part(footer[start:end]))]
    except (ValueError, IndexError, TypeError, KeyError, OverflowError) as error:
        raise not_a_log_file(file, error) from error
    held = [record.commit.number for record in records]
    if held != list(numbers):
        found = f"commits {held[0]} to {held[-1]}" if held else "no commits"
        raise Corruption(f"{file.path}: holds {found}, not what its name says; {BRING_BACK}")
    return records


def _record(fields: dict[str, Any]) -> CommitRecord:
    commit = Commit(
        number=int(fields["number"]),
        first_position=int(fields["first_position"]),
        count=int(fields["count"]),
        recorded_at=int(fields["recorded_at"]),
        digest=bytes.fromhex(fields["digest"]).hex(),
    )
    return CommitRecord(commit, bytes.fromhex(fields["root"]).hex())
