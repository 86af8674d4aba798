"""What proves that the files of the log are those that were written: hashes, the chain of digests, the ids.

`logfile` says how each is made.
"""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from timeline.errors import Corruption
from timeline.log.file import (
    BRING_BACK,
    NO_SHA256,
    ROW_GROUP,
    SCHEMA_VERSION,
    SHA256_KEY,
    Commit,
    CommitRecord,
    LogFile,
    commit_digest,
    digest_of,
    footer_of,
    not_a_log_file,
    records_of,
    schema,
    value_at,
)
from timeline.log.merkle import merkle_root, packed_ids, split
from timeline.log.paths import parquet_source, plain_folder
from timeline.log.spill import connected
from timeline.meaning.columns import ERASED, LOG_COLUMNS
from timeline.meaning.erasure import left_of, vouched
from timeline.meaning.identity import event_id_sql

__all__ = [
    "check_digests",
    "check_erased",
    "check_file_hash",
    "check_ids_once",
    "check_rows",
    "declared_hash",
    "explained",
]

#: So many erased events are looked at together.
_ERASED_AT_ONCE = 10_000


def check_file_hash(file: LogFile) -> int:
    """Return the size of a file in bytes; raises Corruption where it is not the one that was written."""
    try:
        footer, start = footer_of(file.path)
        at, end = value_at(footer, SHA256_KEY)
        expected = footer[at:end].decode(errors="replace")
        with (
            open(file.path, "rb") as opened,
            mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content,
        ):
            with memoryview(content) as view:
                actual = hashlib.sha256(view[: start + at])
                actual.update(NO_SHA256)
                actual.update(view[start + end :])
            size = len(content)
    except (ValueError, IndexError) as error:
        raise not_a_log_file(file, error) from error
    if actual.hexdigest() != expected:
        commits = (
            f"commit {file.first}" if file.first == file.last else f"commits {file.first} to {file.last}"
        )
        raise Corruption(
            f"{file.path}: was changed since {commits} were written to it: its SHA-256 is "
            f"{actual.hexdigest()}, expected {expected}; {BRING_BACK}"
        )
    return size


def declared_hash(path: str) -> bytes:
    """Return the SHA-256 that a file of the log says it has; raises ValueError where it says none."""
    footer, _ = footer_of(path)
    at, end = value_at(footer, SHA256_KEY)
    return footer[at:end]


def check_digests(file: LogFile, records: Iterable[CommitRecord], previous: Commit | None) -> None:
    """Recompute the chain of digests from `previous` on; raises Corruption where it differs.

    Without a `previous` the first record is taken as it is, unless it is the first of all.
    """
    for record in records:
        commit = record.commit
        if previous is not None or commit.number == 1:
            where = f"{file.path}: commit {commit.number}"
            expected = previous.last_position + 1 if previous else 1
            if commit.first_position != expected:
                raise Corruption(f"{where} starts at position {commit.first_position}, expected {expected}")
            if previous and commit.recorded_at <= previous.recorded_at:
                raise Corruption(
                    f"{where} is recorded at {commit.recorded_at}, expected later than {previous.recorded_at}"
                )
            digest = commit_digest(
                digest_of(previous),
                commit.number,
                commit.first_position,
                commit.count,
                commit.recorded_at,
                bytes.fromhex(record.root),
            ).hex()
            if digest != commit.digest:
                raise Corruption(
                    f"{where} has the digest {commit.digest}, expected {digest} after what precedes it"
                )
        previous = commit


def check_rows(files: Sequence[tuple[LogFile, Sequence[CommitRecord]]]) -> None:
    """Compare the rows of consecutive files with what each says of its commits; Corruption where they differ.

    Positions, commits and `recorded_at` are compared, every event id computed again from the content, and
    every root from the ids. The content of erased events is gone: see `check_erased`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    for file, records in files:
        try:
            with pq.ParquetFile(file.path, pre_buffer=False) as opened:
                found = opened.schema_arrow.remove_metadata()
                count = opened.metadata.num_rows
        except (pa.ArrowException, OSError) as error:
            if getattr(error, "errno", None) is not None:
                raise
            raise not_a_log_file(file, error) from error
        if not found.equals(schema()):
            raise Corruption(f"{file.path}: its columns are not those of version {SCHEMA_VERSION}")
        expected = sum(record.commit.count for record in records)
        if count != expected:
            raise Corruption(f"{file.path}: has {count} rows, expected {expected} by its commits")
    with plain_folder(Path(files[0][0].path).parent) as folder, connected(folder) as connection:
        source = parquet_source(folder / file.name for file, _ in files)
        rows: Any = connection.sql(
            f"""
            SELECT position, "commit", epoch_us(recorded_at) AS recorded_at, event_id,
                   CASE WHEN status IS DISTINCT FROM '{ERASED}' AND event_id IS DISTINCT FROM computed
                   THEN computed END AS computed
            FROM (SELECT *, {event_id_sql()} AS computed FROM {source})
            """
        ).to_arrow_reader(ROW_GROUP)
        ids = _checked_ids(files, rows)
        for file, records in files:
            for record in records:
                root = merkle_root(islice(ids, record.commit.count)).hex()
                if root != record.root:
                    raise Corruption(
                        f"{file.path}: commit {record.commit.number} has the root {record.root}, "
                        f"expected {root} by its event ids"
                    )


def check_ids_once(files: Sequence[LogFile]) -> None:
    """Raise Corruption where an event id is there twice in these files, with both of its places.

    Ids are compared by their first 64 bits before they are compared as a whole.
    """
    with plain_folder(Path(files[0].path).parent) as folder, connected(folder) as connection:
        source = parquet_source(folder / file.name for file in files)
        rows = connection.execute(
            f"""
            SELECT event_id, list(position ORDER BY position)
            FROM {source}
            WHERE hash(event_id) IN (
                SELECT hashed FROM (SELECT hash(event_id) AS hashed FROM {source})
                GROUP BY hashed HAVING count(*) > 1
            )
            GROUP BY event_id HAVING count(*) > 1 ORDER BY min(position) LIMIT 1
            """
        ).fetchall()
    for event_id, positions in rows:
        found = ", ".join(map(str, positions[:5]))
        raise Corruption(
            f"{Path(files[0].path).parent}: the event {event_id} is there at positions {found}, "
            f"expected once; {BRING_BACK}"
        )


def check_erased(files: Sequence[LogFile], *, may_lack: bool = False) -> tuple[int, int]:
    """Return how many events in these files are erased, and how many are to be and still have their content.

    Raises Corruption for an event whose content is gone without a tombstone, for one that has more or others
    than its tombstone vouches for, and for a tombstone of an event that is not there. Where the log
    `may_lack` tombstones, since it holds nothing that was recorded later, the first is none.
    """
    columns = ", ".join(
        f'epoch_us(e."{name}")' if kind == "instant" else f'e."{name}"' for name, kind in LOG_COLUMNS.items()
    )
    with plain_folder(Path(files[0].path).parent) as folder, connected(folder) as connection:
        connection.execute(
            f"CREATE VIEW log AS FROM {parquet_source(folder / file.name for file in files)};"
            "CREATE TABLE tombstones AS SELECT target AS event_id, any_value(text) AS vouched, "
            f"min(position) AS said_at FROM log WHERE event_type = '{ERASED}' GROUP BY target"
        )
        [(tombstones,)] = connection.execute("SELECT count(*) FROM tombstones").fetchall()
        found = connection.execute(
            f"SELECT t.said_at, t.vouched, {columns} "
            "FROM log AS e LEFT JOIN tombstones AS t USING (event_id) "
            f"WHERE e.status = '{ERASED}' ORDER BY e.position"
        )
        erased = 0
        while rows := found.fetchmany(_ERASED_AT_ONCE):
            erased += len(rows)
            for at, proof, *values in rows:
                if at is None and may_lack:
                    continue
                _check_left(files, at, proof, dict(zip(LOG_COLUMNS, values, strict=True)))
        if not tombstones:
            return erased, 0
        missing = connection.execute(
            "SELECT said_at, event_id FROM tombstones ANTI JOIN log USING (event_id) ORDER BY said_at LIMIT 1"
        ).fetchall()
        for at, event_id in missing:
            raise Corruption(
                f"{Path(files[0].path).parent}: the event at position {at} says that {event_id} was erased, "
                f"which is not there; {BRING_BACK}"
            )
        [(unfinished,)] = connection.execute(
            "SELECT count(*) FROM log SEMI JOIN tombstones USING (event_id) "
            f"WHERE status IS DISTINCT FROM '{ERASED}'"
        ).fetchall()
        return erased, unfinished


def _check_left(files: Sequence[LogFile], at: int | None, proof: str | None, row: dict[str, Any]) -> None:
    """Raise Corruption where a row says that it was erased and is not what an erasure leaves."""
    if at is None:
        problem = "has no content, and no tombstone says that it was erased"
    elif left_of(row) != row:
        held = next(name for name, value in row.items() if value != left_of(row)[name])
        problem = f"was erased by the one at {at}, yet has a {held}"
    elif vouched(row) != proof:
        problem = f"was erased by the one at {at}, which vouches for another fact, date, source or target"
    else:
        return
    file = next(file for file in files if file.first <= row["commit"] <= file.last)
    raise Corruption(
        f"{file.path}: commit {row['commit']}: the event at position {row['position']} {problem}; "
        f"{BRING_BACK}"
    )


def _checked_ids(
    files: Sequence[tuple[LogFile, Sequence[CommitRecord]]], batches: Iterable[Any]
) -> Iterator[bytes]:
    import pyarrow as pa

    position = files[0][1][0].commit.first_position
    each = ((file, record.commit) for file, records in files for record in records)
    file, commit = next(each)
    for batch in batches:
        end = position + batch.num_rows
        parts = []
        at = position
        while at < end:
            if at > commit.last_position:
                file, commit = next(each)
            until = min(end, commit.last_position + 1)
            parts.append((file, commit, until - at))
            at = until
        expected = {
            "position": range(position, end),
            "commit": [commit.number for _, commit, count in parts for _ in range(count)],
            "recorded_at": [commit.recorded_at for _, commit, count in parts for _ in range(count)],
        }
        for name, values in expected.items():
            got = batch.column(name)
            if not got.equals(pa.array(values, pa.int64())):
                row, wanted = next(pair for pair in enumerate(values) if pair[1] != got[pair[0]].as_py())
                raise Corruption(
                    f"{_at_row(parts, row)}: the event that should be at position {position + row} has "
                    f"{name} {got[row]}, expected {wanted}"
                )
        computed = batch.column("computed")
        if computed.null_count < len(computed):
            row = computed.is_valid().index(True).as_py()
            raise Corruption(
                f"{_at_row(parts, row)}: the event at position {position + row} has the id "
                f"{batch.column('event_id')[row]}, expected {computed[row]} by its content"
            )
        for packed in packed_ids(batch.column("event_id")):
            yield from split(packed)
        position = end


def _at_row(parts: Iterable[tuple[LogFile, Commit, int]], row: int) -> str:
    for file, commit, count in parts:
        if row < count:
            return f"{file.path}: commit {commit.number}"
        row -= count
    raise AssertionError("a row of no part")


def explained(error: Exception, files: Iterable[LogFile]) -> Exception:
    """Return the error to raise where DuckDB failed on some files: Corruption if one is the reason."""
    import duckdb

    if not _is_of_duckdb(error) or isinstance(error, duckdb.OutOfMemoryException | duckdb.InterruptException):
        return error
    for file in files:
        try:
            check_rows([(file, records_of(file))])
            with plain_folder(Path(file.path).parent) as folder, connected(folder) as con:
                # Those columns too that no event id covers.
                source = parquet_source([folder / file.name])
                con.execute(f"SELECT bit_xor(hash(COLUMNS(*))) FROM {source}").fetchall()
        except Corruption as found:
            return found
        except (duckdb.Error, OSError) as found:
            if _is_of_duckdb(found):
                return not_a_log_file(file, found)
    return error


def _is_of_duckdb(error: Exception) -> bool:
    """Whether DuckDB raised an error, by itself or through a stream of Arrow's, where it is an OSError."""
    import duckdb

    return isinstance(error, duckdb.Error) or (isinstance(error, OSError) and error.errno is None)
