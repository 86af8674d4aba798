"""The columns of an event, and the hash of what it says.

One list serves the log's Parquet schema, the `events` view and the content hash, so that none of
them can drift from the others. Plain Python: readers import this without pydantic or pyarrow.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final, Literal

from timeline.errors import BadInput

__all__ = [
    "BELIEF_COLUMNS",
    "EVENT_COLUMNS",
    "EVENT_TYPES",
    "HASHED",
    "INHERITABLE",
    "LOG_COLUMNS",
    "SQL_TYPES",
    "STATUSES",
    "VALUE_TYPES",
    "Kind",
    "check_names",
    "content_of",
    "decimal_text",
    "event_id",
    "event_id_sql",
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
#: corrections started from (its own position for anything else); `inherited` tells, as a sum of
#: the bits of INHERITABLE, which columns came from the event's source or target and therefore
#: are no part of its content.
LOG_COLUMNS: Final[dict[str, Kind]] = EVENT_COLUMNS | {"place": "integer", "inherited": "integer"}

BELIEF_COLUMNS: Final[tuple[str, ...]] = (
    *("fact", "subject", "attribute", "object", "period", "period_from", "period_to"),
    *("valid_from", "valid_to", "value_type", "amount", "amount_low", "amount_high", "unit"),
    *("approximate", "text", "date_from", "date_to", "status", "claim", "believed_from"),
    *("reported_at", "event_id", "source", "origin", "speaker", "statement"),
)

#: Event types are stable strings, written to disk and never renamed.
EVENT_TYPES: Final = (
    *("reported", "withdrawn", "corrected", "retracted", "erased"),
    *("source-described", "entity-described", "attribute-described"),
)

VALUE_TYPES: Final = ("amount", "date", "text", "entity", "answer")

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

#: The content of an event in the order in which it is hashed.
HASHED: Final[tuple[str, ...]] = (
    *("amount_high", "amount_low", "approximate", "claim", "date_from", "date_to", "event_type"),
    *("fact", "inferred", "key", "locator", "origin", "reason", "reported", "source", "speaker"),
    *("statement", "status", "target", "text", "unit", "valid", "valid_from", "valid_to"),
    *("value_type", "void"),
)

#: The columns that an event may take over from its source or target, and the bit of each in `inherited`.
INHERITABLE: Final[dict[str, int]] = {
    "fact": 1,
    "status": 2,
    "valid": 4,
    "valid_from": 4,
    "valid_to": 4,
    "reported": 8,
    "source": 16,
    "origin": 32,
    "locator": 64,
}


_NINE_PLACES = Decimal("1e-9")
# Python's own default rounds at 28 digits, DECIMAL(38, 9) holds 38.
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


def decimal_text(value: Decimal) -> str:
    """A decimal as it is hashed: plain digits with nine places, as DuckDB prints DECIMAL(38, 9).

    >>> decimal_text(Decimal("2.5E+10"))
    '25000000000.000000000'
    """
    text = format(value.quantize(_NINE_PLACES, context=_EXACT), "f")
    return text.removeprefix("-") if value == 0 else text


def _hashed_text(value: object) -> str | None:
    # False is the default of every boolean, so that one added later leaves old hashes alone.
    if value is None or value is False:
        return None
    if value is True:
        return "true"
    if isinstance(value, Decimal):
        return decimal_text(value)
    return str(value)


def content_of(row: Mapping[str, object]) -> dict[str, object]:
    """The part of a row that its hash covers: what the event itself said."""
    mask = row.get("inherited") or 0
    assert isinstance(mask, int)
    return {
        name: row[name]
        for name in HASHED
        if row.get(name) is not None and not mask & INHERITABLE.get(name, 0)
    }


def event_id(content: Mapping[str, object]) -> str:
    """SHA-256 of an event's content, as 64 lower-case hexadecimal digits.

    `content` maps names of HASHED to values: text already in NFC, instants as integer microseconds,
    amounts as Decimal, absent and None alike. Other names are ignored.

    >>> event_id({"event_type": "reported", "fact": "nvidia/ceo", "text": "jensen-huang"})[:16]
    '429dda9ba47b77ed'
    """
    digest = hashlib.sha256(b"timeline/1")
    for name in HASHED:
        value = _hashed_text(content.get(name))
        if value is not None:
            digest.update(f"\x1e{name}\x1f{value}".encode())
    return digest.hexdigest()


def event_id_sql(relation: str = "", among: Collection[str] = HASHED) -> str:
    """The same hash as a DuckDB expression over columns of `relation`, `inherited` among them.

    Instants there are TIMESTAMP, amounts DECIMAL(38, 9). Where only some columns can hold anything, name
    them in `among`.
    """
    prefix = f"{relation}." if relation else ""
    parts = ["'timeline/1'"]
    for name in (name for name in HASHED if name in among):
        column = f'{prefix}"{name}"'
        kind = LOG_COLUMNS[name]
        if kind == "boolean":
            value = f"if({column}, 'true', NULL)"
        elif kind == "instant":
            value = f"epoch_us({column})::VARCHAR"
        elif kind == "decimal":
            value = f"{column}::DECIMAL(38, 9)::VARCHAR"
        else:
            value = column
        part = f"chr(30) || '{name}' || chr(31) || {value}"
        if name in INHERITABLE:
            part = f"if({prefix}inherited & {INHERITABLE[name]} <> 0, NULL, {part})"
        parts.append(part)
    # One pass over all parts; `concat` leaves out what is NULL.
    return f"sha256(concat({', '.join(parts)}))"


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
    name = next(name for name in names if names.count(name) > 1)
    raise BadInput(
        f"the answer has {names.count(name)} columns named {name!r}, of which only one would be kept; "
        "name each with AS, or list the columns in place of *"
    )
