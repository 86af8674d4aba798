"""A Delta table over Parquet files that are there: its log of versions, each of which is put once.

After the protocol of Delta Lake: version N is `_delta_log/N.json` (20 digits), a JSON object a line, each an
action. `add` names a file, `remove` says that it is none of the table any more, and the table at a version
is what is left of all actions up to there. Paths are relative to the table: of the readers tried here
(delta-rs, the extension of DuckDB, Sail) none but one reads absolute ones.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from timeline.errors import Conflict, Corruption
from timeline.log.objects import Objects
from timeline.meaning.columns import Kind

__all__ = ["DELTA_LOG", "DataFile", "DeltaTable", "Version", "schema_of", "stats_of"]

#: The folder of a table that holds its versions.
DELTA_LOG: Final = "_delta_log"

_NAME: Final = re.compile(r"(\d{20})\.json", re.ASCII)
#: What a reader has to know: timestamps without a zone.
_PROTOCOL: Final = {
    "minReaderVersion": 3,
    "minWriterVersion": 7,
    "readerFeatures": ["timestampNtz"],
    "writerFeatures": ["timestampNtz"],
}
_TYPES: Final[dict[Kind, str]] = {
    "integer": "long",
    "text": "string",
    "instant": "timestamp_ntz",
    "decimal": "decimal(38,9)",
    "boolean": "boolean",
}
_ATTEMPTS: Final = 20
_FIRST_INSTANT: Final = -62_135_596_800_000_000
_LAST_INSTANT: Final = 253_402_300_799_999_999


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file of a table: its path below the table, size in bytes and, in milliseconds, when it was written.

    `sha256` is of its bytes. `stats` is JSON after the protocol. Of one whose rows were in the table before,
    in other files, `rearranged` is True, so that those who follow the changes of the table pass over it.
    """

    path: str
    size: int
    modified: int
    sha256: str
    stats: str
    partition: Mapping[str, str] = field(default_factory=dict)
    rearranged: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """The table at a version, -1 where there is none yet; `schema` is JSON.

    `applied` has the number of each thing that was applied to it, by name: a commit of the log, say.
    """

    number: int = -1
    files: Mapping[str, DataFile] = field(default_factory=dict)
    table: str | None = None
    schema: str | None = None
    applied: Mapping[str, int] = field(default_factory=dict)


def schema_of(columns: Mapping[str, Kind], narrow: Iterable[str] = ()) -> str:
    """Return the schema of a table with these columns as JSON; those `narrow` are integers of 32 bits.

    >>> schema_of({"position": "integer"})
    '{"type":"struct","fields":[{"name":"position","type":"long","nullable":true,"metadata":{}}]}'
    """
    fields = [
        {
            "name": name,
            "type": "integer" if name in narrow else _TYPES[kind],
            "nullable": True,
            "metadata": {},
        }
        for name, kind in columns.items()
    ]
    return _json({"type": "struct", "fields": fields})


def stats_of(rows: int, bounds: Mapping[str, tuple[int, int]], instants: Iterable[str] = ()) -> str:
    """Return the statistics of a file as JSON: its number of rows, and the least and greatest of some
    columns.

    Those that are `instants` are in microseconds; one that no date of four digits is, is left out.

    >>> stats_of(2, {"position": (1, 2)})
    '{"numRecords":2,"minValues":{"position":1},"maxValues":{"position":2}}'
    """
    held = {
        name: pair
        for name, pair in bounds.items()
        if name not in instants or (pair[0] >= _FIRST_INSTANT and pair[1] <= _LAST_INSTANT)
    }
    shown = [
        {name: _instant(pair[side]) if name in instants else pair[side] for name, pair in held.items()}
        for side in (0, 1)
    ]
    return _json({"numRecords": rows, "minValues": shown[0], "maxValues": shown[1]})


def _instant(microseconds: int) -> str:
    from datetime import datetime, timedelta

    return (datetime(1970, 1, 1) + timedelta(microseconds=microseconds)).isoformat(timespec="microseconds")  # noqa: DTZ001


class DeltaTable:
    """The Delta table whose versions are these objects, the files of its folder `_delta_log`."""

    def __init__(self, versions: Objects, where: object) -> None:
        self._versions = versions
        self._where = where

    def current(self) -> Version:
        """Return the table as its last version has it; raises Corruption where a version is none."""
        numbers = sorted(int(match[1]) for match in map(_NAME.fullmatch, self._versions.list()) if match)
        if numbers != list(range(len(numbers))):
            raise Corruption(
                f"{self._where}: versions of the Delta table are missing, found {len(numbers)} up to "
                f"{numbers[-1]}; remove the folder {DELTA_LOG} and publish again"
            )
        version = Version()
        for number in numbers:
            version = self._after(version, number)
        return version

    def _after(self, before: Version, number: int) -> Version:
        path = self._versions.get(_name(number))
        files, table, schema = dict(before.files), before.table, before.schema
        applied = dict(before.applied)
        try:
            for line in path.read_text(encoding="utf-8").splitlines():
                action = json.loads(line)
                if "add" in action:
                    found = _file_of(action["add"])
                    files[found.path] = found
                elif "remove" in action:
                    files.pop(action["remove"]["path"], None)
                elif "metaData" in action:
                    table, schema = action["metaData"]["id"], action["metaData"]["schemaString"]
                elif "txn" in action:
                    applied[action["txn"]["appId"]] = int(action["txn"]["version"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Corruption(
                f"{path}: is no version of a Delta table that Timeline wrote: {error}; "
                f"remove the folder {DELTA_LOG} and publish again"
            ) from None
        return Version(number, files, table, schema, applied)

    def put(
        self,
        wanted: Callable[[Version], tuple[Iterable[DataFile], Mapping[str, int]]],
        *,
        schema: str,
        partitions: Iterable[str] = (),
        at: int,
    ) -> tuple[Version, Version]:
        """Make the files that `wanted` returns, given the current version, those of the table.

        It returns what was applied with them, too. Nothing is put where the table has both. `at` is now, in
        milliseconds.
        Returns the version before and the one after. Where somebody else put a version meanwhile, `wanted` is
        asked again.
        """
        for _ in range(_ATTEMPTS):
            before = self.current()
            found, applied = wanted(before)
            files = {file.path: file for file in found}
            same = {path: (file.size, file.sha256) for path, file in before.files.items()}
            new = [file for path, file in files.items() if same.get(path) != (file.size, file.sha256)]
            gone = [file for path, file in before.files.items() if path not in files]
            if before.schema == schema and before.applied == applied and not new and not gone:
                return before, before
            table = before.table or str(uuid.uuid4())
            number = before.number + 1
            actions = _actions(before, table, schema, list(partitions), new, gone, applied, at)
            content = "".join(f"{_json(action)}\n" for action in actions).encode()
            if self._versions.put_if_absent(_name(number), memoryview(content)):
                kept = {path: before.files.get(path, file) for path, file in files.items()}
                kept |= {file.path: file for file in new}
                return before, Version(number, kept, table, schema, applied)
        raise Conflict(f"{self._where}: others kept publishing there meanwhile; try again")


def _actions(
    before: Version,
    table: str,
    schema: str,
    partitions: list[str],
    new: list[DataFile],
    gone: list[DataFile],
    applied: Mapping[str, int],
    at: int,
) -> list[dict[str, Any]]:
    # What was rearranged takes the place of what is gone: those who follow changes need see neither.
    rearranged = bool(new) and all(file.rearranged for file in new)
    actions: list[dict[str, Any]] = [
        {
            "commitInfo": {
                "timestamp": at,
                "operation": "WRITE",
                "operationParameters": {"mode": "Append"},
                "engineInfo": "timeline",
            }
        }
    ]
    if before.number < 0:
        actions.append({"protocol": _PROTOCOL})
    if before.schema != schema:
        described = {
            "id": table,
            "format": {"provider": "parquet", "options": {}},
            "schemaString": schema,
            "partitionColumns": partitions,
            "configuration": {},
            "createdTime": at,
        }
        actions.append({"metaData": described})
    actions += [
        {"txn": {"appId": name, "version": version, "lastUpdated": at}}
        for name, version in applied.items()
        if before.applied.get(name) != version
    ]
    actions += [
        {
            "remove": {
                "path": file.path,
                "deletionTimestamp": at,
                "dataChange": not rearranged,
                "extendedFileMetadata": True,
                "partitionValues": dict(file.partition),
                "size": file.size,
            }
        }
        for file in gone
    ]
    actions += [
        {
            "add": {
                "path": file.path,
                "partitionValues": dict(file.partition),
                "size": file.size,
                "modificationTime": file.modified,
                "dataChange": not file.rearranged,
                "stats": file.stats,
                "tags": {"sha256": file.sha256},
            }
        }
        for file in new
    ]
    return actions


def _file_of(add: Mapping[str, Any]) -> DataFile:
    return DataFile(
        path=str(add["path"]),
        size=int(add["size"]),
        modified=int(add["modificationTime"]),
        sha256=str((add.get("tags") or {}).get("sha256", "")),
        stats=str(add.get("stats") or "{}"),
        partition={str(name): str(value) for name, value in add["partitionValues"].items()},
    )


def _name(number: int) -> str:
    return f"{number:020}.json"


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
