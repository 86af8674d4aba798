"""A checkpoint of a Delta table: what is left of all its actions, as one Parquet file.

After the protocol of Delta Lake: a row an action, a column a kind of action, `N.checkpoint.parquet`. The file
`_last_checkpoint` names the last one. A writer needs pyarrow, which is here in any case; that the rows are
those that `deltalake` writes is tested.
"""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from timeline.errors import Corruption
from timeline.publish.version import PROTOCOL, Version

__all__ = ["LAST_CHECKPOINT", "checkpoint_of", "version_in"]

LAST_CHECKPOINT: Final = "_last_checkpoint"
#: For so many milliseconds a file that was removed is named, for those who clean up tables: a week, the
#: default of Delta.
_REMEMBERED: Final = 7 * 86_400_000


def _schema() -> Any:
    import pyarrow as pa

    texts: Any = pa.map_(pa.string(), pa.string())
    names: Any = pa.list_(pa.string())
    text, number, small, flag = pa.string(), pa.int64(), pa.int32(), pa.bool_()
    kinds: dict[str, dict[str, Any]] = {
        "txn": {"appId": text, "version": number, "lastUpdated": number},
        "add": {
            "path": text,
            "partitionValues": texts,
            "size": number,
            "modificationTime": number,
            "dataChange": flag,
            "stats": text,
            "tags": texts,
        },
        "remove": {
            "path": text,
            "deletionTimestamp": number,
            "dataChange": flag,
            "extendedFileMetadata": flag,
            "partitionValues": texts,
            "size": number,
        },
        "metaData": {
            "id": text,
            "format": pa.struct([("provider", text), ("options", texts)]),
            "schemaString": text,
            "partitionColumns": names,
            "configuration": texts,
            "createdTime": number,
        },
        "protocol": {
            "minReaderVersion": small,
            "minWriterVersion": small,
            "readerFeatures": names,
            "writerFeatures": names,
        },
    }
    return pa.schema([(kind, pa.struct(list(fields.items()))) for kind, fields in kinds.items()])


def checkpoint_of(version: Version, at: int) -> tuple[bytes, int]:
    """Return the checkpoint of a version as the bytes of a file, and how many actions it has.

    `at` is now, in milliseconds.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    actions: list[dict[str, Any]] = [{"protocol": PROTOCOL}, {"metaData": version.metadata}]
    actions += [{"txn": {"appId": name, "version": number}} for name, number in version.applied.items()]
    actions += [
        {
            "add": {
                "path": file.path,
                "partitionValues": file.partition,
                "size": file.size,
                "modificationTime": file.modified,
                # Nothing changes by a checkpoint.
                "dataChange": False,
                "stats": file.stats,
                "tags": {"sha256": file.sha256},
            }
        }
        for file in version.files.values()
    ]
    actions += [
        {"remove": dict(removed) | {"dataChange": False}}
        for removed in version.tombstones.values()
        if removed.get("deletionTimestamp", 0) > at - _REMEMBERED
    ]
    schema = _schema()
    rows = [{name: action.get(name) for name in schema.names} for action in actions]
    written = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema), written)
    return written.getvalue(), len(rows)


def version_in(path: Path, number: int) -> Version:
    """Return the table at the version that a file is the checkpoint of; raises Corruption for any other."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        held = pq.read_table(path, partitioning=None)
        wanted = [name for name in ("txn", "add", "remove", "metaData") if name in held.column_names]
        rows = held.select(wanted).to_pylist(maps_as_pydicts="strict")
        actions = [{name: value for name, value in row.items() if value is not None} for row in rows]
        # What of that was new at this very version is not in it.
        return replace(Version().after(number, actions), removed=frozenset(), fresh=frozenset())
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Corruption(
            f"{path}: is no checkpoint of a Delta table: {error}; remove it, and readers take the versions"
        ) from None
