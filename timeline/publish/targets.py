"""Where a store was published to, so that an erasure reaches what was published.

They are kept in `published.json` in the folder of the store.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final, Literal

from timeline.atomic import write_path
from timeline.errors import BadInput

__all__ = ["What", "forget", "published", "remember"]

What = Literal["delta", "beliefs"]

_FILE: Final = "published.json"


def published(store: Path) -> list[tuple[What, Path]]:
    """Return what was published of a store, and where; raises BadInput where its list is none."""
    path = store / _FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return [(each["what"], Path(each["target"])) for each in found]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadInput(f"{path}: cannot be read: {error!r}; remove it and publish again") from None


def remember(store: Path, what: What, target: Path) -> None:
    """Add a target to the list, durably, before anything is written there."""
    known = published(store)
    if (what, target) not in known:
        _write(store, [*known, (what, target)])


def forget(store: Path, what: What, target: Path) -> None:
    """Remove a target from the list."""
    _write(store, [each for each in published(store) if each != (what, target)])


def _write(store: Path, targets: list[tuple[What, Path]]) -> None:
    listed = [{"what": what, "target": str(target)} for what, target in targets]
    with write_path(store / _FILE, replace=True) as written:
        written.write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")
