"""What an erasure leaves of an event: what it competes by, and nothing of what it said.

The row of an erased event stays at its place in the log, under its id, with its fact, its dates, its source
and its origin, so that who displaced whom is the same as before. Everything else in it is NULL, `status` says
`erased`, and so does `value_type` where anything was claimed. A tombstone, an event of the type `erased`,
says which event was erased and why, and vouches for what is left.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from timeline.meaning.columns import ERASED, LOG_COLUMNS
from timeline.meaning.identity import content_of, event_id

__all__ = ["KEPT", "left_of", "tombstone", "vouched"]

#: The columns that stay: where the event is in the log, and what it competes by.
KEPT: Final = (
    *("position", "commit", "event_id", "event_type", "fact", "subject", "attribute", "object", "period"),
    *("period_from", "period_to", "valid_from", "valid_to", "reported_from", "reported_at", "evidence_at"),
    *("recorded_at", "source", "origin", "target", "void", "place", "inherited"),
)

#: Of these, what the id covered: the others are covered by the digest of the commit, or, as of any event, by
#: the hash of the file alone.
_VOUCHED: Final = tuple(
    sorted({*KEPT} - {"position", "commit", "recorded_at", "place", "inherited", "evidence_at"})
)


def left_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an erasure leaves of a row of the log; once more, it changes nothing.

    >>> row = {"event_id": "00", "event_type": "reported", "claim": "5 USD", "value_type": "amount"}
    >>> {name: value for name, value in left_of(row).items() if value is not None}
    {'event_id': '00', 'event_type': 'reported', 'value_type': 'erased', 'status': 'erased'}
    """
    left = {name: row.get(name) if name in KEPT else None for name in LOG_COLUMNS}
    claimed = row.get("value_type") is not None
    return left | {"status": ERASED, "value_type": ERASED if claimed else None}


def vouched(row: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what an erasure leaves of a row, as 64 hexadecimal digits.

    `row` may be whole, or erased already; its instants are integer microseconds. A commit's digest covers
    where the event is and its id; the columns here are those that its id no longer proves.
    """
    digest = hashlib.sha256(b"timeline/erased/1")
    for name in _VOUCHED:
        value = row.get(name)
        if value is not None and value is not False:
            digest.update(f"\x1e{name}\x1f{value}".encode())
    digest.update(b"\x1eclaimed" if row.get("value_type") is not None else b"")
    return digest.hexdigest()


def tombstone(row: Mapping[str, Any], reason: str, actor: str | None = None) -> dict[str, Any]:
    """Return the event that says that the event in this row was erased, and why; it vouches for what is left.

    >>> tombstone({"event_id": "00" * 32}, "asked for by the person named")["event_type"]
    'erased'
    """
    found: dict[str, Any] = {
        "event_type": ERASED,
        "target": row["event_id"],
        "reason": reason,
        "actor": actor,
        "text": vouched(row),
        "inherited": 0,
        "inferred": False,
        "void": False,
    }
    return found | {"event_id": event_id(content_of(found))}
