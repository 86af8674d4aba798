"""A Delta table at one version: what is left of all actions up to there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["PROTOCOL", "DataFile", "Version", "file_of"]

#: What a reader has to know: timestamps without a zone.
PROTOCOL: Final = {
    "minReaderVersion": 3,
    "minWriterVersion": 7,
    "readerFeatures": ["timestampNtz"],
    "writerFeatures": ["timestampNtz"],
}


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
    """The table at a version, -1 where there is none yet.

    `applied` has the number of each thing that was applied to it, by name: a commit of the log, say. Of this
    very version are the paths in `removed`, and the names in `fresh`, which it gave another number.
    `tombstones` are the actions that removed files, and `metadata` is the one that describes the table, as
    they were written.
    """

    number: int = -1
    files: Mapping[str, DataFile] = field(default_factory=dict)
    applied: Mapping[str, int] = field(default_factory=dict)
    metadata: Mapping[str, Any] | None = None
    removed: frozenset[str] = frozenset()
    fresh: frozenset[str] = frozenset()
    tombstones: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def table(self) -> str | None:
        """Return the id of the table."""
        return self.metadata["id"] if self.metadata else None

    @property
    def schema(self) -> str | None:
        """Return the schema of the table, as JSON."""
        return self.metadata["schemaString"] if self.metadata else None

    def after(self, number: int, actions: Iterable[Mapping[str, Any]]) -> Version:
        """Return the version of this number, after these actions; what is none of these is passed over."""
        files, applied, tombstones = dict(self.files), dict(self.applied), dict(self.tombstones)
        metadata = self.metadata
        removed, fresh = set(), set()
        for action in actions:
            if "add" in action:
                found = file_of(action["add"])
                files[found.path] = found
                tombstones.pop(found.path, None)
            elif "remove" in action:
                path = action["remove"]["path"]
                files.pop(path, None)
                removed.add(path)
                tombstones[path] = action["remove"]
            elif "metaData" in action:
                metadata = action["metaData"]
            elif "txn" in action:
                name = action["txn"]["appId"]
                applied[name] = int(action["txn"]["version"])
                fresh.add(name)
        gone = frozenset(removed - files.keys())
        return Version(number, files, applied, metadata, gone, frozenset(fresh), tombstones)


def file_of(add: Mapping[str, Any]) -> DataFile:
    """Return the file that an action adds."""
    return DataFile(
        path=str(add["path"]),
        size=int(add["size"]),
        modified=int(add["modificationTime"]),
        sha256=str((add.get("tags") or {}).get("sha256", "")),
        stats=str(add.get("stats") or "{}"),
        partition={str(name): str(value) for name, value in add["partitionValues"].items()},
    )
