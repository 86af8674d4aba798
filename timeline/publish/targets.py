"""Where a store was published to, so that an erasure reaches what was published.

They are kept in `published.json` in the folder of the store. Of a store in a bucket, those that every machine
can reach are kept in the bucket, an object each below `published/`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal, NamedTuple

from timeline.atomic import write_path
from timeline.errors import BadInput
from timeline.log.log import Log
from timeline.log.objects import Objects
from timeline.urls import url_of

__all__ = ["Target", "What", "forget", "published", "remember"]

What = Literal["delta", "beliefs"]

_FILE: Final = "published.json"
_SHARED: Final = "published"


class Target(NamedTuple):
    """What was published, and to which folder or URL."""

    what: What
    where: str


def published(log: Log) -> list[Target]:
    """Return what was published of a store, and where; raises BadInput where its list is none."""
    found = _listed(_file(log))
    if log.is_shared:
        objects = _shared(log)
        for name in sorted(objects.list()):
            found += _listed(objects.get(name))
    return found


def remember(log: Log, target: Target) -> bool:
    """Add a target to the list, durably, before anything is written there; returns whether it is new."""
    if log.is_shared and url_of(target.where) is not None:
        return _shared(log).put_if_absent(_name(target), memoryview(_text([target]).encode()))
    known = _listed(_file(log))
    if target in known:
        return False
    _write(_file(log), [*known, target])
    return True


def forget(log: Log, target: Target) -> None:
    """Remove a target from the list."""
    if log.is_shared and url_of(target.where) is not None:
        _shared(log).remove([_name(target)])
    else:
        left = [each for each in _listed(_file(log)) if each != target]
        if left:
            _write(_file(log), left)
        else:
            _file(log).unlink(missing_ok=True)


def _file(log: Log) -> Path:
    return log.folder.parent / _FILE


def _shared(log: Log) -> Objects:
    from timeline.log.bucket import BucketObjects

    return BucketObjects(log.place.rpartition("/")[0], log.folder.parent / _SHARED, within=_SHARED)


def _name(target: Target) -> str:
    return f"{target.what}-{hashlib.sha256(target.where.encode()).hexdigest()[:32]}.json"


def _listed(path: Path) -> list[Target]:
    try:
        found = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from None
    try:
        return [Target(each["what"], str(each["target"])) for each in json.loads(found)]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> BadInput:
    return BadInput(f"{path}: cannot be read: {error!r}; remove it and publish again")


def _write(path: Path, targets: Iterable[Target]) -> None:
    with write_path(path, replace=True) as written:
        written.write_text(_text(targets), encoding="utf-8")


def _text(targets: Iterable[Target]) -> str:
    return json.dumps([{"what": what, "target": where} for what, where in targets], indent=1) + "\n"
