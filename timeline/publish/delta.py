"""A Delta table over Parquet files that are there: its log of versions, each of which is put once.

After the protocol of Delta Lake: version N is `_delta_log/N.json` (20 digits), a JSON object a line, each an
action. `add` names a file, `remove` says that it is none of the table any more, and the table at a version
is what is left of all actions up to there. So that nobody has to read them all, what is left is written to a
checkpoint every few versions (see `checkpoint`). Paths are relative to the table: of the readers tried here
(delta-rs, the extension of DuckDB, Sail) none but one reads absolute ones.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from timeline.errors import Conflict, Corruption
from timeline.log.objects import Objects
from timeline.meaning.columns import Kind
from timeline.publish.checkpoint import LAST_CHECKPOINT, checkpoint_of, version_in
from timeline.publish.version import PROTOCOL, DataFile, Version

__all__ = ["DELTA_LOG", "DataFile", "DeltaTable", "Version", "schema_of", "stats_of"]

#: The folder of a table that holds its versions.
DELTA_LOG: Final = "_delta_log"

_NAME: Final = re.compile(r"(\d{20})\.json", re.ASCII)
_CHECKPOINT: Final = re.compile(r"(\d{20})\.checkpoint\.parquet", re.ASCII)
#: A checkpoint comes after so many versions, as Spark does it: so a reader opens it and no more than these.
_EVERY: Final = 10
_TYPES: Final[dict[Kind, str]] = {
    "integer": "long",
    "text": "string",
    "instant": "timestamp_ntz",
    "decimal": "decimal(38,9)",
    "boolean": "boolean",
}
_ATTEMPTS: Final = 20
_LISTINGS: Final = 3
_FIRST_INSTANT: Final = -62_135_596_800_000_000
_LAST_INSTANT: Final = 253_402_300_799_999_999


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
        return self._current()[0]

    def number(self) -> int:
        """Return the number of the last version, -1 where there is none."""
        return max(self._numbers()[0], default=-1)

    def _numbers(self) -> tuple[list[int], list[int]]:
        """Return the numbers of versions and of checkpoints, in order."""
        names = self._versions.list()
        versions, checkpoints = (
            sorted(int(match[1]) for match in map(pattern.fullmatch, names) if match)
            for pattern in (_NAME, _CHECKPOINT)
        )
        return versions, checkpoints

    def _current(self) -> tuple[Version, int]:
        """Return the table at its last version, and the number of its last checkpoint, -1 without one.

        The last version itself is read where it is there, as it alone has what it removed.
        """
        for _ in range(_LISTINGS):
            numbers, checkpoints = self._numbers()
            last = max([*numbers, *checkpoints], default=-1)
            begin = max((each for each in checkpoints if each < last or last not in numbers), default=-1)
            later = [number for number in numbers if number > begin]
            if later == list(range(begin + 1, last + 1)):
                break
            # A listing made while versions come may have a later one and lack an earlier one.
        else:
            raise Corruption(
                f"{self._where}: versions of the Delta table are missing, found {len(later)} after {begin} "
                f"up to {last}; remove the folder {DELTA_LOG} and publish again"
            )
        self._versions.fetch([*([_checkpoint_name(begin)] if begin >= 0 else []), *map(_name, later)])
        version = Version() if begin < 0 else version_in(self._versions.get(_checkpoint_name(begin)), begin)
        for number in later:
            version = self._after(version, number)
        return version, max(checkpoints, default=-1)

    def _after(self, before: Version, number: int) -> Version:
        path = self._versions.get(_name(number))
        try:
            actions = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            return before.after(number, actions)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Corruption(
                f"{path}: is no version of a Delta table that Timeline wrote: {error}; "
                f"remove the folder {DELTA_LOG} and publish again"
            ) from None

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
            before, checkpoint = self._current()
            found, applied = wanted(before)
            files = {file.path: file for file in found}
            same = {path: (file.size, file.sha256) for path, file in before.files.items()}
            new = [file for path, file in files.items() if same.get(path) != (file.size, file.sha256)]
            gone = [file for path, file in before.files.items() if path not in files]
            changed = {name: value for name, value in applied.items() if before.applied.get(name) != value}
            if before.schema == schema and not changed and not new and not gone:
                return before, before
            number = before.number + 1
            actions = _actions(before, schema, list(partitions), new, gone, changed, at)
            content = "".join(f"{_json(action)}\n" for action in actions).encode()
            if self._versions.put_if_absent(_name(number), memoryview(content)):
                after = before.after(number, actions)
                if number - checkpoint >= _EVERY:
                    self._put_checkpoint(after, at)
                return before, replace(after, files={path: after.files[path] for path in files})
        raise Conflict(f"{self._where}: others kept publishing there meanwhile; try again")

    def _put_checkpoint(self, version: Version, at: int) -> None:
        """Put a checkpoint of a version, and have readers find it.

        Who dies before that leaves a table as good as before, and the next version has one.
        """
        content, rows = checkpoint_of(version, at)
        self._versions.put_if_absent(_checkpoint_name(version.number), memoryview(content))
        last = {"version": version.number, "size": rows, "sizeInBytes": len(content)}
        self._versions.replace(LAST_CHECKPOINT, memoryview(_json(last).encode()))


def _actions(
    before: Version,
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
        actions.append({"protocol": PROTOCOL})
    if before.schema != schema:
        described = {
            "id": before.table or str(uuid.uuid4()),
            "format": {"provider": "parquet", "options": {}},
            "schemaString": schema,
            "partitionColumns": partitions,
            "configuration": {},
            "createdTime": at,
        }
        actions.append({"metaData": described})
    actions += [
        {"txn": {"appId": name, "version": version, "lastUpdated": at}} for name, version in applied.items()
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


def _name(number: int) -> str:
    return f"{number:020}.json"


def _checkpoint_name(number: int) -> str:
    return f"{number:020}.checkpoint.parquet"


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
