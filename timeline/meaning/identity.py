"""What the id of an event covers: its own content, hashed alike in Python and in SQL.

`event_id` is the definition. What an event takes over from its source or target is no part of its content.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Final

from timeline.meaning.columns import LOG_COLUMNS
from timeline.meaning.decimals import EXACT
from timeline.meaning.proofs import content_id

__all__ = [
    "HASHED",
    "INHERITABLE",
    "content_of",
    "content_texts",
    "decimal_text",
    "event_id",
    "event_id_sql",
    "report_id_sql",
]

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


def decimal_text(value: Decimal) -> str:
    """Return a decimal as it is hashed: plain digits with nine places, as DuckDB prints DECIMAL(38, 9).

    >>> decimal_text(Decimal("2.5E+10"))
    '25000000000.000000000'
    """
    text = format(value.quantize(_NINE_PLACES, context=EXACT), "f")
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
    """Return the part of a row that its hash covers: what the event itself reported."""
    mask = row.get("inherited") or 0
    assert isinstance(mask, int)
    return {
        name: row[name]
        for name in HASHED
        if row.get(name) is not None and not mask & INHERITABLE.get(name, 0)
    }


def content_texts(content: Mapping[str, object]) -> dict[str, str]:
    """Return each part of an event's content as the text that is hashed; `content` is as in `event_id`."""
    texts = ((name, _hashed_text(content.get(name))) for name in HASHED)
    return {name: text for name, text in texts if text is not None}


def event_id(content: Mapping[str, object]) -> str:
    """Return SHA-256 of an event's content, as 64 lower-case hexadecimal digits.

    `content` maps names of HASHED to values: text already in NFC, instants as integer microseconds,
    amounts as Decimal, absent and None alike. Other names are ignored.

    >>> event_id({"event_type": "reported", "fact": "nvidia/ceo", "text": "jensen-huang"})[:16]
    '429dda9ba47b77ed'
    """
    return content_id(content_texts(content))


def event_id_sql(relation: str = "", among: Collection[str] = HASHED) -> str:
    """Return the same hash as a DuckDB expression over columns of `relation`, `inherited` among them.

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


#: What is hashed of every report, and what a report may have from its source but never lacks.
_NEVER_NULL: Final = ("event_type", "fact", "source")
_TAKEN_OVER: Final = ("reported", "origin")


def report_id_sql(names: Sequence[str], columns: Mapping[str, str] | None = None) -> str:
    """Return `event_id_sql` of reports in fewer steps: half of the time of a bulk intake goes into the ids.

    A name and its value are not made one text before all are put together. `columns` has what replaces some
    of the names; for what `small_low`, `small_high` and the macro `nine_places` are, see sql/intake.
    """
    small = {"amount_low": "small_low", "amount_high": "small_high"}
    parts = ["'timeline/1'"]
    for name in HASHED:
        if name not in names:
            continue
        mark = f"chr(30) || '{name}' || chr(31)"
        kind = LOG_COLUMNS[name]
        if kind == "boolean":
            parts.append(f"if({name}, {mark} || 'true', NULL)")
            continue
        value = name if columns is None else columns.get(name, name)
        if name in _NEVER_NULL:
            parts += [mark, value]
            continue
        there = f"{value} IS NOT NULL"
        if kind == "instant":
            value = f"epoch_us({value})::VARCHAR"
        elif kind == "decimal":
            value = f"nine_places({name}, {small[name]})"
        if name in _TAKEN_OVER:
            there = f"inherited & {INHERITABLE[name]} = 0"
            value = f"if({there}, {value}, NULL)"
        parts += [f"if({there}, {mark}, NULL)", value]
    return f"sha256(concat({', '.join(parts)}))"
