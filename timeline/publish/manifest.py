"""The manifest of published beliefs: `beliefs.json`, as docs/scale.md describes it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from timeline.errors import BadInput

__all__ = [
    "MANIFEST",
    "Manifest",
    "PublishedFile",
    "Segment",
    "manifest_of",
    "manifest_text",
    "read_manifest",
    "unreadable",
]

MANIFEST: Final = "beliefs.json"
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A Parquet file: its path below the folder, rows, size in bytes and SHA-256."""

    path: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment of the reported axis, `start` (inclusive) to `until` (exclusive), and its files.

    Both are in microseconds since 1970-01-01 UTC; None is unbounded. `number` names the partition.
    """

    number: int
    start: int | None
    until: int | None
    parts: int
    rows: int
    files: tuple[PublishedFile, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was published, from the log up to a commit; `digest` and `recorded_at` None of an empty one."""

    commit: int
    position: int
    digest: str | None
    recorded_at: int | None
    columns: tuple[str, ...]
    delta_version: int
    segments: tuple[Segment, ...]
    policy: str = "latest"
    basis: str = "certain"

    def segment_at(self, instant: int | None) -> Segment:
        """Return the segment that an instant of the reported axis is in; None is after everything.

        >>> Manifest(0, 0, None, None, (), 0, (Segment(1, None, None, 1, 0, ()),)).segment_at(5).number
        1
        """
        if instant is None:
            return self.segments[-1]
        return next(
            segment
            for segment in reversed(self.segments)
            if segment.start is None or segment.start <= instant
        )


def manifest_text(manifest: Manifest) -> str:
    """Return a manifest as the text of its file."""
    held = asdict(manifest)
    segments = [
        {"segment": each.pop("number"), "from": each.pop("start"), **each} for each in held.pop("segments")
    ]
    return json.dumps({"timeline_beliefs": _VERSION, **held, "segments": segments}, indent=1) + "\n"


def read_manifest(folder: Path) -> Manifest | None:
    """Return the manifest in a folder, None where there is none; raises BadInput where it is not one."""
    path = folder / MANIFEST
    try:
        return manifest_of(path.read_text(encoding="utf-8"), path)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from None


def unreadable(path: str | Path, error: Exception) -> BadInput:
    """Return the error for a file that is no manifest at all."""
    return BadInput(f"{path}: cannot be read as the manifest of published beliefs: {error}")


def manifest_of(text: str, path: str | Path) -> Manifest:
    """Return the manifest in a text that was read from `path`; raises BadInput where it is not one."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise unreadable(path, error) from None
    version = found.get("timeline_beliefs") if isinstance(found, dict) else None
    if version != _VERSION:
        raise BadInput(
            f"{path}: has version {version!r} of the layout of published beliefs, expected {_VERSION}; "
            "name another folder"
        )
    try:
        return _manifest(found)
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{path}: is no manifest of published beliefs: {error!r}") from None


def _manifest(found: dict[str, Any]) -> Manifest:
    return Manifest(
        commit=found["commit"],
        position=found["position"],
        digest=found["digest"],
        recorded_at=found["recorded_at"],
        columns=tuple(found["columns"]),
        delta_version=found["delta_version"],
        segments=tuple(map(_segment_of, found["segments"])),
        policy=found["policy"],
        basis=found["basis"],
    )


def _segment_of(found: dict[str, Any]) -> Segment:
    files: Sequence[dict[str, Any]] = found["files"]
    return Segment(
        number=found["segment"],
        start=found["from"],
        until=found["until"],
        parts=found["parts"],
        rows=found["rows"],
        files=tuple(PublishedFile(**file) for file in files),
    )
