"""One event as people write it, checked and turned into the columns of the log.

The models here know what an event may say, not what the store holds: defaults that come from a
source or target, and whether a name is known, are the intake's. Keys are those of docs/formats.md.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ValidationError

from timeline.errors import BadInput, brief, nearest
from timeline.meaning.amounts import Amount, known_unit, parse_amount, plain_amount
from timeline.meaning.columns import STATUSES
from timeline.meaning.decimals import EXACT, short_text
from timeline.meaning.described import DESCRIPTIONS, Description, keys_in_json
from timeline.meaning.given import (
    BLANKS,
    LARGEST,
    Dated,
    Flag,
    Model,
    Number,
    Text,
    Trimmed,
    bytes_at_most,
    checked_key,
    quoted,
    trimmed,
    whole,
)
from timeline.meaning.habits import Habits
from timeline.meaning.names import check_visible, parse_id
from timeline.meaning.normal import nfc
from timeline.meaning.parts import Fact, fact_of, parse_fact, period_bounds, raw_end, valid_bounds
from timeline.meaning.times import END, former_period_text, parse_edtf, period_text, within_calendar

__all__ = ["Event", "event_from", "parse_unit"]

_NO_HABITS: Final = Habits()
#: How many characters a unit may have.
UNIT_AT_MOST: Final = 100


class Event(Model):
    """One event as written: every scalar is text, and what is absent is left to its default."""

    type: Literal["reported", "withdrawn", "corrected", "retracted"] = "reported"
    key: Text | None = None
    fact: Text | None = None
    subject: Text | None = None
    attribute: Text | None = None
    object: Text | None = None
    period: Dated | None = None
    period_from: Dated | None = None
    period_to: Dated | None = None
    claim: Text | None = None
    text: Text | None = None
    date: Dated | None = None
    entity: Text | None = None
    answer: Annotated[Literal["yes", "no"] | None, BeforeValidator(trimmed)] = None
    amount: Number | None = None
    amount_low: Number | None = None
    amount_high: Number | None = None
    unit: Trimmed | None = None
    approximate: Flag | None = None
    status: Trimmed | None = None
    reported: Dated | None = None
    valid: Dated | None = None
    valid_from: Dated | None = None
    valid_to: Dated | None = None
    source: Trimmed | None = None
    origin: Trimmed | None = None
    speaker: Trimmed | None = None
    locator: Any = None
    statement: Text | None = None
    inferred: Flag = False
    target: Text | None = None
    void: Flag = False
    reason: Text | None = None
    actor: Text | None = None

    def columns(self, habits: Habits = _NO_HABITS, declared: str | None = None) -> dict[str, Any]:
        """Return the event's own content as columns of the log; what it leaves out is absent or None.

        `habits` say how its texts are to be read, `declared` which type of values its attribute takes.
        `target` is as written, a key or an event id. `formerly` is there where the event may have been
        recorded with other values once, and lists these. Raises BadInput for what no store would take.
        """
        row: dict[str, Any] = {"event_type": self.type, "inferred": self.inferred, "void": self.void}
        for name in ("key", "source", "origin", "speaker", "statement", "target", "reason", "actor"):
            if (value := getattr(self, name)) is not None:
                if value == "" and name not in ("statement", "reason"):
                    raise BadInput(f"{name} is empty; leave it out or name something")
                row[name] = checked_key(value) if name == "key" else value
        for name in ("source", "origin", "speaker"):
            if name in row:
                parse_id(row[name], name)
        self._check_type()
        if (fact := self._fact()) is not None:
            row |= fact.model_dump()
        row |= self._value(habits, declared)
        row |= self._valid()
        if self.reported is not None:
            row["reported"] = parse_edtf(self.reported).text
        if formerly := self._formerly(row):
            row["formerly"] = formerly
        if self.locator is not None:
            row["locator"] = _locator(self.locator)
        if self.status is not None:
            if self.status not in STATUSES:
                raise BadInput(f"no such status: {self.status!r}{nearest(self.status, STATUSES)}")
            row["status"] = self.status
        elif self.type == "reported":
            row["status"] = "announced"
        return row

    def _check_type(self) -> None:
        amends = self.type in ("corrected", "retracted")
        if amends and self.target is None:
            raise BadInput(f"a {self.type} event needs a target: the key or event_id of what it speaks of")
        if not amends and self.target is not None:
            raise BadInput(f"a {self.type} event takes no target; did you mean type: corrected?")
        if self.void and self.type != "corrected":
            raise BadInput(f"only a corrected event can be void, not a {self.type} one")
        if self.type in ("withdrawn", "retracted") or self.void:
            kind = "voiding" if self.void else self.type
            if given := self._values_given():
                raise BadInput(f"a {kind} event claims nothing, yet gives {given[0]}")
            if self.status is not None:
                raise BadInput(f"a {kind} event claims nothing, yet gives a status")
        if self.type == "reported" and not self._values_given():
            raise BadInput(
                "a report needs a claim: one of claim, text, date, entity, answer, or amount with unit"
            )

    def _values_given(self) -> list[str]:
        names = ("claim", "text", "date", "entity", "answer", "amount", "amount_low", "amount_high")
        return [name for name in names if getattr(self, name) is not None]

    def _fact(self) -> Fact | None:
        parts = [self.subject, self.attribute, self.object]
        if self.fact is None and not any(part is not None for part in parts):
            if self.type in ("corrected", "retracted"):
                return None
            raise BadInput(
                "an event needs a fact, such as nvidia/investment/openai, or subject and attribute"
            )
        if self.fact is not None and any(part is not None for part in parts):
            raise BadInput("give either fact, or subject, attribute and object, not both")
        bounds = period_bounds(self.period, self.period_from, self.period_to)
        if self.fact is not None:
            fact = parse_fact(self.fact)
            if bounds is None:
                return fact
            if fact.period is None:
                return fact_of(fact.subject, fact.attribute, fact.object, bounds)
            if (fact.period_from, fact.period_to) != bounds:
                raise BadInput(f"the fact says @{fact.period}, the period says {period_text(*bounds)}")
            return fact
        if self.subject is None or self.attribute is None:
            raise BadInput("an event needs both subject and attribute, or a fact")
        return fact_of(self.subject, self.attribute, self.object, bounds)

    def names(self) -> Iterator[tuple[str, str]]:
        """Yield the columns in which it names something, with the names; nothing of a fact that is none."""
        with suppress(BadInput):
            if (fact := self._fact()) is not None:
                yield "subject", fact.subject
                yield "attribute", fact.attribute
                if fact.object is not None:
                    yield "object", fact.object
        for column in ("source", "origin", "speaker", "entity"):
            if (name := getattr(self, column)) is not None:
                yield column, name

    def _value(self, habits: Habits, declared: str | None) -> dict[str, Any]:
        given = self._values_given()
        kinds = {"amount" if name.startswith("amount") else name for name in given}
        if len(kinds) > 1:
            raise BadInput(f"a report makes one claim, yet gives {' and '.join(sorted(kinds))}")
        if kinds != {"amount"} and (self.unit is not None or self.approximate is not None):
            raise BadInput("unit and approximate go with amount, amount_low or amount_high only")
        if not given:
            return {}
        if "amount" in kinds:
            amount = self._amount()
            return _amount_columns(
                amount, plain_amount(amount.low, amount.high, amount.unit, amount.approximate)
            )
        if self.claim is None:
            return _value_columns(given[0], getattr(self, given[0]))
        if declared in (None, "amount"):
            claim = self.claim.strip(BLANKS)
            return _amount_columns(parse_amount(claim, habits), claim)
        try:
            return _value_columns(declared, self.claim)
        except BadInput as error:
            raise BadInput(
                f"its attribute takes values of type {declared}, which is how the claim is read: {error}"
            ) from None

    def _amount(self) -> Amount:
        if self.unit is None:
            raise BadInput("an amount needs a unit, such as USD, percent, GW or count")
        low, high = self.amount_low, self.amount_high
        if low is None and high is None:
            low = high = self.amount
        elif self.amount is not None and self.amount != (high if high is not None else low):
            raise BadInput(f"amount {self.amount} is neither the only bound nor the upper end of the range")
        if low is not None and high is not None and low > high:
            raise BadInput(f"amount_low {low} is above amount_high {high}")
        unit, power = parse_unit(self.unit)
        return Amount(_times(low, power), _times(high, power), unit, bool(self.approximate))

    def _valid(self) -> dict[str, Any]:
        bounds = valid_bounds(self.valid, self.valid_from, self.valid_to)
        if bounds is None:
            return {}
        found = {"valid_from": bounds[0], "valid_to": bounds[1]}
        if self.valid is not None:
            return {"valid": parse_edtf(self.valid, beyond=True).text, **found}
        if bounds == (None, None) and self.type == "corrected":
            # Without a word of its own it would take over its target's bounds.
            return {"valid": "../..", **found}
        return found

    def _formerly(self, row: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
        """Return what the id may have covered once, where that was other than now.

        Texts were kept as written, and the last day of 9999 was an end: up to its last instant at first,
        then only where the end lay before that.
        """
        written = {
            name: text
            for name, text in (("claim", self.claim), ("valid", self.valid), ("reported", self.reported))
            if text is not None and text != row.get(name)
        }
        if "reported" in written and self.reported is not None:
            written["reported"] = self.reported.strip()
        dated = self._date_given(row)
        if dated is not None and dated != row["text"]:
            written |= {"text": dated, "claim": dated}
        found = [written | former for former in self._former_ends(row)]
        return tuple(former for former in found if former)

    def _date_given(self, row: Mapping[str, Any]) -> str | None:
        """Return the value of a date as written; an attribute of dates has it as its claim."""
        return (self.date or self.claim) if row.get("value_type") == "date" else None

    def _former_ends(self, row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        ends: dict[str, tuple[int, object]] = {}
        dated = self._date_given(row)
        if dated is not None and parse_edtf(dated, beyond=True).upper == END:
            ends["date_to"] = END, END
        valid = raw_end(self.valid, self.valid_to)
        if valid is not None:
            ends["valid_to"] = valid, valid
        body, _, of_fact = (self.fact or row.get("fact") or "").partition("@")
        period = self.period or (of_fact if self.fact else None) or None
        end = raw_end(period, self.period_to)
        if end is not None and "period_from" in row:
            body = nfc(body)
            ends["fact"] = end, f"{body}@{former_period_text(row['period_from'], end)}"
        yield {name: value for name, (_, value) in ends.items()}
        if any(micros == END for micros, _ in ends.values()):
            yield {name: value for name, (micros, value) in ends.items() if micros < END}


def parse_unit(text: str) -> tuple[str, int]:
    """Return a unit, a known one in its one spelling, and by which power of ten its figures are multiplied.

    It is zero, unless the unit is a hundredth of a currency. Raises BadInput for what can be no unit.

    >>> parse_unit("dollars"), parse_unit("GBp"), parse_unit("bags per pallet")
    (('USD', 0), ('GBP', -2), ('bags per pallet', 0))
    """
    check_visible(text, "unit")
    if control := next((letter for letter in text if unicodedata.category(letter) == "Cc"), None):
        raise BadInput(f"unit {text[:60]!r} holds U+{ord(control):04X}, a control character")
    if not text.strip():
        raise BadInput("the unit is empty; expected one such as USD, percent, GW or count")
    if len(text) > UNIT_AT_MOST:
        raise BadInput(f"the unit has {len(text)} characters; expected {UNIT_AT_MOST} at most")
    return known_unit(text)


def _times(figure: Decimal | None, power: int) -> Decimal | None:
    """Return a number by a power of ten, in the digits that the grammar would read it from."""
    return None if figure is None else Decimal(short_text(EXACT.scaleb(figure, power)))


def _value_columns(kind: str, value: str) -> dict[str, Any]:
    """Return the columns of a value that is no amount."""
    if kind == "date":
        edtf = parse_edtf(value, beyond=True)
        start, end = within_calendar(edtf.lower, edtf.upper)
        return {
            "value_type": "date",
            "text": edtf.text,
            "claim": edtf.text,
            "date_from": start,
            "date_to": end,
        }
    if kind == "entity":
        parse_id(value, "entity")
    if kind == "answer" and value not in ("yes", "no"):
        raise BadInput(f"{quoted(value)} is no answer; expected yes or no")
    return {"value_type": kind, "text": value, "claim": value}


def _amount_columns(amount: Amount, claim: str) -> dict[str, Any]:
    return {
        "value_type": "amount",
        "amount": amount.amount,
        "amount_low": amount.low,
        "amount_high": amount.high,
        "unit": amount.unit,
        "approximate": amount.approximate,
        "claim": claim,
    }


def _locator(value: Any) -> str:
    """Return where in the source's text: character offsets, end exclusive, one or several spans."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise BadInput(f"locator {quoted(value)} is not JSON; expected {{start: 0, end: 10}}") from None
    spans = value if isinstance(value, list) else [value]
    found = []
    for span in spans:
        try:
            if set(span) != {"start", "end"}:
                raise ValueError
            start, end = whole(span["start"]), whole(span["end"])
            if not (isinstance(start, int) and isinstance(end, int) and 0 <= start < end):
                raise ValueError
        except (ValueError, TypeError):
            raise BadInput(
                f"locator {brief(span)} is not a span; expected start and end, 0 <= start < end <= {LARGEST}"
            ) from None
        found.append({"start": start, "end": end})
    if not found:
        raise BadInput("locator is an empty list; leave it out or give a span")
    text = json.dumps(found if len(found) > 1 else found[0], separators=(",", ":"))
    if len(text) > (limit := bytes_at_most("locator")):
        raise BadInput(f"locator has {len(text):,} bytes as JSON; expected {limit:,} at most")
    return text


#: Of what is wrong with one event, so much is named.
_NAMED_AT_MOST: Final = 20
#: What a value may be in Python: pydantic would read others too, or fail on them.
_WRITTEN: Final = (str, int, float, Decimal, date, list, tuple, dict)


def event_from(keys: Mapping[str, object]) -> Event | Description:
    """Return an event or description from its keys; raises BadInput that names the key at fault.

    >>> event_from({"fact": "nvidia/ceo", "entity": "jensen-huang"}).columns()["value_type"]
    'entity'
    """
    given = {name: value for name, value in keys.items() if value is not None}
    for name, value in given.items():
        if not isinstance(name, str):
            raise BadInput(f"{brief(name)} is no key; expected a text, such as fact")
        if not isinstance(value, _WRITTEN):
            raise BadInput(f"{name} is {brief(value)}; expected a text, a number, a date or yes or no")
    kind = given.get("type", "reported")
    model: type[Event | Description] = Event
    if isinstance(kind, str) and kind in DESCRIPTIONS:
        model = DESCRIPTIONS[kind]
        del given["type"]
        if "text" in given and given.keys() <= {"text", "key"}:
            given = keys_in_json(given["text"]) | {name: key for name, key in given.items() if name == "key"}
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise BadInput(_explain(error, model)) from None


def _explain(error: ValidationError, model: type[BaseModel]) -> str:
    found = []
    details = error.errors(include_url=False, include_input=True)
    for detail in details[:_NAMED_AT_MOST]:
        name = ".".join(str(part) for part in detail["loc"])
        if detail["type"] == "extra_forbidden":
            found.append(f"unknown key {quoted(name)}{nearest(name, model.model_fields)}")
        elif detail["type"] == "literal_error":
            found.append(f"{name} is {brief(detail.get('input'))}; expected {detail['ctx']['expected']}")
        else:
            found.append(f"{name}: {detail['msg'].removeprefix('Value error, ')}")
    if (more := len(details) - _NAMED_AT_MOST) > 0:
        found.append(f"… and {more:,} more")
    return "; ".join(found)
