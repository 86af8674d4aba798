"""The columns of an event, and the words that some of them hold.

One list serves the log's Parquet schema, the `events` view and the event id (see `identity`), so that none
of them can drift from the others. Plain Python: readers import this without pydantic or pyarrow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, Literal

from timeline.errors import BadInput

__all__ = [
    "BELIEF_COLUMNS",
    "ERASED",
    "EVENT_COLUMNS",
    "EVENT_TYPES",
    "LOG_COLUMNS",
    "SQL_TYPES",
    "STATUSES",
    "Kind",
    "check_names",
]

Kind = Literal["integer", "text", "instant", "decimal", "boolean"]

#: What DuckDB calls each kind.
SQL_TYPES: Final[dict[Kind, str]] = {
    "integer": "BIGINT",
    "text": "VARCHAR",
    "instant": "TIMESTAMP",
    "decimal": "DECIMAL(38,9)",
    "boolean": "BOOLEAN",
}

#: The public columns of `events`, in order. Instants are microseconds since 1970-01-01 UTC.
EVENT_COLUMNS: Final[dict[str, Kind]] = {
    "position": "integer",
    "commit": "integer",
    "event_id": "text",
    "key": "text",
    "event_type": "text",
    "fact": "text",
    "subject": "text",
    "attribute": "text",
    "object": "text",
    "period": "text",
    "period_from": "instant",
    "period_to": "instant",
    "value_type": "text",
    "amount": "decimal",
    "amount_low": "decimal",
    "amount_high": "decimal",
    "unit": "text",
    "approximate": "boolean",
    "text": "text",
    "date_from": "instant",
    "date_to": "instant",
    "status": "text",
    "claim": "text",
    "valid_from": "instant",
    "valid_to": "instant",
    "valid": "text",
    "reported_from": "instant",
    "reported_at": "instant",
    "reported": "text",
    "evidence_at": "instant",
    "recorded_at": "instant",
    "source": "text",
    "origin": "text",
    "speaker": "text",
    "statement": "text",
    "locator": "text",
    "inferred": "boolean",
    "target": "text",
    "void": "boolean",
    "reason": "text",
    "actor": "text",
}

#: What a file of the log holds besides: `place` is the position of the event that a chain of
#: corrections started from (its own position for anything else); `inherited` lists, as a sum of
#: the bits of `identity.INHERITABLE`, which columns came from the event's source or target and therefore
#: are no part of its content.
LOG_COLUMNS: Final[dict[str, Kind]] = EVENT_COLUMNS | {"place": "integer", "inherited": "integer"}

BELIEF_COLUMNS: Final[tuple[str, ...]] = (
    *("fact", "subject", "attribute", "object", "period", "period_from", "period_to"),
    *("valid_from", "valid_to", "value_type", "amount", "amount_low", "amount_high", "unit"),
    *("approximate", "text", "date_from", "date_to", "status", "claim", "believed_from"),
    *("reported_at", "event_id", "source", "origin", "speaker", "statement"),
)

#: The type of a tombstone, and the status of an event that was erased (see `erasure`).
ERASED: Final = "erased"

#: Event types are stable strings, written to disk and never renamed.
EVENT_TYPES: Final = (
    *("reported", "withdrawn", "corrected", "retracted", "erased"),
    *("source-described", "entity-described", "attribute-described"),
)

#: How firm a claim is, from hearsay to fact; then what ended it; then figures.
STATUSES: Final[dict[str, str]] = {
    "rumored": "said by people who do not stand behind it",
    "alleged": "an accusation or assertion that the outlet does not make its own",
    "considered": "thought about by the party, without a plan",
    "planned": "the party means to do it",
    "announced": "the party said it openly, or the outlet states it as it is",
    "letter-of-intent": "written down without binding anyone",
    "in-negotiation": "being negotiated",
    "committed": "promised in a way that binds",
    "agreed": "signed",
    "completed": "done",
    "suspended": "halted for now",
    "cancelled": "called off for good",
    "denied": "said not to be so; repeats what it denies",
    "estimated": "a figure worked out by somebody",
    "forecast": "a figure expected for a period to come",
    "actual": "a figure measured",
}


def check_names(columns: Sequence[str]) -> None:
    """Raise BadInput where two columns of an answer have one name, so that values by name would lose one.

    Names are compared as SQL compares them, regardless of case.

    >>> check_names(["fact", "claim", "fact"])
    Traceback (most recent call last):
    timeline.errors.BadInput: the answer has 2 columns named 'fact', of which only one would be kept; name \
each with AS, or list the columns in place of *
    """
    names = [name.lower() for name in columns]
    if len(set(names)) == len(names):
        return
    name = next(name for name, count in Counter(names).items() if count > 1)
    raise BadInput(
        f"the answer has {names.count(name)} columns named {name!r}, of which only one would be kept; "
        "name each with AS, or list the columns in place of *"
    )
