"""A store for what was reported and believed, and when.

>>> from timeline import Timeline
"""

from __future__ import annotations

# Not from typing, whose import takes longer than all else that is imported before `cli.main` runs.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from timeline.errors import BadInput, BadRows, Conflict, Corruption, NotFound, TimelineError
    from timeline.index.erasing import Erasure
    from timeline.intake.mapping import TableMapping
    from timeline.intake.outcome import Ingested
    from timeline.intake.preview import Preview
    from timeline.intake.propose import propose_mapping
    from timeline.log.backup import Copied
    from timeline.log.log import Commit
    from timeline.meaning.proofs import Proved, check_proof
    from timeline.store import Belief, Timeline

__all__ = [
    "BadInput",
    "BadRows",
    "Belief",
    "Commit",
    "Conflict",
    "Copied",
    "Corruption",
    "Erasure",
    "Ingested",
    "NotFound",
    "Preview",
    "Proved",
    "TableMapping",
    "Timeline",
    "TimelineError",
    "check_proof",
    "propose_mapping",
]

__version__ = "0.1.0"

_LAZY = {
    **dict.fromkeys(("BadInput", "BadRows", "Conflict", "Corruption"), "timeline.errors"),
    **dict.fromkeys(("NotFound", "TimelineError"), "timeline.errors"),
    "Belief": "timeline.store",
    "Commit": "timeline.log.log",
    "Copied": "timeline.log.backup",
    "Erasure": "timeline.index.erasing",
    "Ingested": "timeline.intake.outcome",
    "Preview": "timeline.intake.preview",
    "Proved": "timeline.meaning.proofs",
    "TableMapping": "timeline.intake.mapping",
    "Timeline": "timeline.store",
    "check_proof": "timeline.meaning.proofs",
    "propose_mapping": "timeline.intake.propose",
}


def __getattr__(name: str) -> Any:
    # Importing duckdb costs more than all the rest of a small command, so it waits until it is needed. And an
    # interrupt ends with a traceback until `cli.main` runs.
    if name in _LAZY:
        import importlib

        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'timeline' has no attribute {name!r}")
