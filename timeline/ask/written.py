"""Events as they are written in files (docs/formats.md), so that what was recorded can be recorded elsewhere.

What an event took over from its source or target is left out, as it is no part of its content: so the same
event has the same id wherever it is recorded. Events come in the order of the log, descriptions among them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from timeline.errors import BadInput, brief
from timeline.meaning.amounts import parse_amount, plain_amount
from timeline.meaning.columns import ERASED, LOG_COLUMNS
from timeline.meaning.decimals import short_text
from timeline.meaning.habits import Habits, source_habits
from timeline.meaning.identity import INHERITABLE
from timeline.meaning.times import format_instant

__all__ = ["READ", "WRITTEN", "Writer"]

#: The keys of an event, in the order in which they are written.
WRITTEN: Final = (
    *("type", "key", "fact", "claim", "amount", "amount_low", "amount_high", "unit", "approximate", "text"),
    *("date", "entity", "answer", "status", "reported", "valid", "valid_from", "valid_to", "source"),
    *("origin", "speaker", "locator", "statement", "inferred", "target", "void", "reason", "actor"),
)
#: The columns of the log that they come from; instants are microseconds.
READ: Final = tuple(LOG_COLUMNS)

_PLAIN: Final = ("key", "fact", "status", "reported", "valid", "source", "origin", "speaker", "statement")
_ALSO: Final = ("locator", "target", "reason", "actor")
_DESCRIBED: Final = "-described"
_OF_AMOUNT: Final = ("amount_low", "amount_high", "unit", "approximate")


class Writer:
    """Turns rows of the log into the keys of events, one after the other, in the order of the log.

    `flat` is for tables, whose descriptions are JSON in `text`.
    """

    def __init__(self, *, flat: bool = False) -> None:
        self._flat = flat
        self._habits: dict[str, Habits] = {}

    def keys(self, row: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the keys of an event; None for an erased one and its tombstone, which no file can give.

        Raises BadInput for a claim that reads otherwise without what its file said of its numbers.
        """
        kind = row["event_type"]
        if ERASED in (kind, row["status"]):
            return None
        if kind.endswith(_DESCRIBED):
            key = {} if row["key"] is None else {"key": row["key"]}
            return self._description(kind, row["text"]) | key
        found: dict[str, Any] = {} if kind == "reported" else {"type": kind}
        mask = row["inherited"] or 0
        for name in (*_PLAIN, *_ALSO):
            if row[name] is not None and not mask & INHERITABLE.get(name, 0):
                found[name] = row[name]
        if "locator" in found and not self._flat:
            found["locator"] = json.loads(found["locator"])
        if row["valid"] is None and not mask & INHERITABLE["valid"]:
            for name in ("valid_from", "valid_to"):
                if row[name] is not None:
                    found[name] = format_instant(row[name])
        found |= self._value(row)
        for name in ("inferred", "void"):
            if row[name]:
                found[name] = True
        return {name: found[name] for name in WRITTEN if name in found}

    def _description(self, kind: str, text: str) -> dict[str, Any]:
        described = json.loads(text)
        if kind == "source-described":
            numbers, language, timezone = map(described.get, ("numbers", "language", "timezone"))
            self._habits[described["id"]] = source_habits(numbers, language, timezone)
        return {"type": kind, "text": text} if self._flat else {"type": kind, **described}

    def _value(self, row: Mapping[str, Any]) -> dict[str, Any]:
        kind = row["value_type"]
        if kind is None:
            return {}
        if kind != "amount":
            return {kind: row["text"]}
        low, high, unit, approximate = (row[name] for name in _OF_AMOUNT)
        if plain_amount(low, high, unit, bool(approximate)) == row["claim"]:
            parts: dict[str, Any] = {"unit": unit}
            if low is not None and low == high:
                parts["amount"] = short_text(low)
            else:
                bounds = {"amount_low": low, "amount_high": high}
                parts |= {name: short_text(bound) for name, bound in bounds.items() if bound is not None}
            return parts | ({"approximate": True} if approximate else {})
        try:
            read = parse_amount(row["claim"], self._habits.get(row["source"], Habits()))
            same = (read.low, read.high, read.unit, read.approximate) == (low, high, unit, approximate)
        except BadInput:
            same = False
        if not same:
            raise BadInput(
                f"event {row['event_id']}: without what its file said of numbers and language, its claim "
                f"{brief(row['claim'])} reads otherwise; describe them at its source {brief(row['source'])}"
            )
        return {"claim": row["claim"]}
