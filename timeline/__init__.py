"""A store for what was reported and believed, and when.

>>> from timeline import Timeline
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from timeline.errors import BadInput, BadRows, Conflict, Corruption, NotFound, TimelineError

if TYPE_CHECKING:
    from timeline.log import Commit
    from timeline.record import Ingested
    from timeline.store import Belief, Timeline

__all__ = [
    "BadInput",
    "BadRows",
    "Belief",
    "Commit",
    "Conflict",
    "Corruption",
    "Ingested",
    "NotFound",
    "Timeline",
    "TimelineError",
]

__version__ = "0.1.0"

_LAZY = {
    "Belief": "timeline.store",
    "Commit": "timeline.log",
    "Ingested": "timeline.record",
    "Timeline": "timeline.store",
}


def __getattr__(name: str) -> Any:
    # Importing duckdb costs more than all the rest of a small command, so it waits until it is needed.
    if name in _LAZY:
        import importlib

        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'timeline' has no attribute {name!r}")
