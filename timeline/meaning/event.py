"""One event as people write it, checked and turned into the columns of the log.

The models here know what an event may say, not what the store holds: defaults that come from a
source or target, and whether a name is known, are the intake's. Keys are those of docs/formats.md.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from math import isfinite
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
)

from timeline.errors import BadInput, brief, nearest
from timeline.meaning.amounts import KEPT, Amount, known_unit, parse_amount, plain_amount
from timeline.meaning.columns import STATUSES
from timeline.meaning.decimals import EXACT, PLACES, WHOLE_DIGITS, rounded, short_text
from timeline.meaning.habits import Habits, source_habits
from timeline.meaning.names import check_visible, parse_id, parse_segment
from timeline.meaning.normal import nfc
from timeline.meaning.times import (
    END,
    FIRST_INSTANT,
    LAST_DAY,
    LAST_INSTANT,
    Bounds,
    Edtf,
    ends_nothing,
    format_instant,
    former_period_text,
    from_datetime,
    no_end,
    parse_edtf,
    period_text,
    within_calendar,
)

__all__ = [
    "BLANKS",
    "DESCRIPTIONS",
    "Attribute",
    "Entity",
    "Event",
    "Fact",
    "Source",
    "bytes_at_most",
    "event_from",
    "parse_fact",
    "parse_unit",
    "period_bounds",
    "raw_end",
    "valid_bounds",
]

_NO_HABITS: Final = Habits()
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
#: The largest whole number that the store's columns hold.
_LARGEST: Final = 2**63 - 1
#: What separates parts of the hash, what ends text in C, and halves of surrogate pairs, which UTF-8 has not.
_REFUSED = re.compile("[\x00\x1e\x1f\ud800-\udfff]")


#: Blanks, which mean nothing at the ends of most texts.
BLANKS: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


def _text(value: object) -> object:
    """Return text in NFC; anything that is not text is left to fail with its own name."""
    if isinstance(value, str):
        if found := _REFUSED.search(value):
            kind = "half of a surrogate pair" if found.group() >= "\ud800" else "a control character"
            raise ValueError(f"holds U+{ord(found.group()):04X}, {kind}")
        return nfc(value)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    return value


def _flag(value: object) -> object:
    words = {"true": True, "yes": True, "false": False, "no": False}
    return words.get(value.lower(), value) if isinstance(value, str) else value


#: A number in digits, with a sign, one point and an exponent of three digits at most.
_NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,3}))?")
_NUMBER_AT_MOST: Final = 200
#: How many characters a unit may have.
UNIT_AT_MOST: Final = 100


def _decimal(value: object) -> object:
    """Return an exact number within the bounds of the log, in plain digits; a binary double has nine"
    " places."""
    if value is None or isinstance(value, bool):
        return value
    if not isinstance(value, int | float | Decimal | str):
        raise ValueError(f"{brief(value)} is not a number")
    if isinstance(value, float) and isfinite(value):
        value = rounded(value)
    if isinstance(value, int) and abs(value) >= 10**WHOLE_DIGITS:
        raise ValueError(f"the number needs more than {WHOLE_DIGITS} digits before the point")
    text = str(value).strip()
    found = _NUMBER.fullmatch(text) if len(text) <= _NUMBER_AT_MOST else None
    if text.lower().lstrip("+-") in ("nan", "snan", "inf", "infinity"):
        raise ValueError(f"{text!r} is not a finite number")
    if found is None or not (found[2] or found[3]):
        raise ValueError(
            f"{_brief(text)} is not a number in digits 0 to 9, such as 1250.5 or 1.25e3; expected {KEPT}"
        )
    sign, whole, fraction, exponent = found[1], found[2], found[3] or "", int(found[4] or 0)
    digits = (whole + fraction).lstrip("0")
    places = len(fraction) - exponent
    kept = digits.rstrip("0")
    if not kept:
        return Decimal(0)
    places -= len(digits) - len(kept)
    if places > PLACES or len(kept) - places > WHOLE_DIGITS:
        raise ValueError(
            f"{_brief(text)} needs more than {WHOLE_DIGITS} digits before or {PLACES} after the point"
        )
    return Decimal(f"{sign}{kept}").scaleb(-places, context=EXACT)


def _whole(value: object) -> object:
    """Return a whole number that 64 bits hold; what is neither that nor its digits is left to fail."""
    if isinstance(value, bool):
        raise ValueError(f"{value} is not a whole number")
    if isinstance(value, str):
        text = value.strip()
        if not _WHOLE.fullmatch(text):
            raise ValueError(f"{_brief(text)} is not a whole number in digits 0 to 9, at most {_LARGEST}")
        value = int(text)
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise ValueError(f"the number is out of bounds; expected at most {_LARGEST}")
    return value


def _brief(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


#: How many bytes of UTF-8 the text of a key may have, in NFC; of any other key, `_SHORT_AT_MOST`.
_AT_MOST: Final = {"text": 1_000_000, **dict.fromkeys(("statement", "reason", "meaning", "locator"), 100_000)}
_SHORT_AT_MOST: Final = 5_000


def bytes_at_most(name: str | None) -> int:
    """Return how many bytes of UTF-8 the text of a key may have.

    >>> bytes_at_most("text"), bytes_at_most("statement"), bytes_at_most("source")
    (1000000, 100000, 5000)
    """
    return _AT_MOST.get(name or "", _SHORT_AT_MOST)


def _bounded(value: object, info: ValidationInfo) -> object:
    """Return text as `_text` returns it, that is no longer than its key allows."""
    text = _text(value)
    limit = bytes_at_most(info.field_name)
    # No character has more than four bytes.
    if isinstance(text, str) and len(text) * 4 > limit and (size := len(text.encode())) > limit:
        raise ValueError(f"has {size:,} bytes of UTF-8; expected {limit:,} at most")
    return text


def _trimmed(value: object, info: ValidationInfo) -> object:
    """Return text as `_bounded` returns it, without blanks at its ends."""
    return _bounded(value.strip(BLANKS) if isinstance(value, str) else value, info)


def _dated(value: object, info: ValidationInfo) -> object:
    """Return text as `_bounded` returns it, also of a date or an aware datetime; a number is no date."""
    try:
        if isinstance(value, datetime):
            return format_instant(from_datetime(value))
    except BadInput as problem:
        raise ValueError(problem.message) from None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        raise ValueError(f"{str(value)[:60]} is a number, not a date; write it as text, such as '2025-02-22'")
    return _bounded(value, info)


#: What JSON may have where a text is meant, whose figures are taken as they are written.
_ALSO_FIGURES: Final = WithJsonSchema({"type": ["string", "number"]})

Text = Annotated[str, BeforeValidator(_bounded), _ALSO_FIGURES]
#: A text at whose ends blanks mean nothing.
Trimmed = Annotated[str, BeforeValidator(_trimmed), _ALSO_FIGURES]
#: A date or an interval as written, its blanks still there.
Dated = Annotated[str, BeforeValidator(_dated)]
Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": ["boolean", "string", "integer"]})]
Number = Annotated[Decimal, BeforeValidator(_decimal)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Fact(_Model):
    """What reports are about: the key and its parts. Bounds are microseconds, half-open."""

    fact: str
    subject: str
    attribute: str
    object: str | None = None
    period: str | None = None
    period_from: int | None = None
    period_to: int | None = None


@lru_cache(maxsize=65_536)
def parse_fact(text: str) -> Fact:
    """Return a fact's key, its period in the one canonical form.

    >>> parse_fact("nvidia/revenue@2024-01/2024-12").fact
    'nvidia/revenue@2024'
    """
    body, at, period = nfc(text).partition("@")
    parts = body.split("/")
    if not 2 <= len(parts) <= 3:
        raise BadInput(
            f"{text!r} is not a fact; expected subject/attribute or subject/attribute/object, "
            "either with @period, such as nvidia/investment/openai or nvidia/revenue@2024"
        )
    bounds = _bounds_of(parse_edtf(period)) if at else None
    return _fact(parts[0], parts[1], parts[2] if len(parts) == 3 else None, bounds)


def _fact(
    subject: str, attribute: str, object_: str | None, bounds: tuple[int | None, int | None] | None
) -> Fact:
    parts = [parse_segment(subject, "subject"), parse_segment(attribute, "attribute")]
    if object_ is not None:
        parts.append(parse_segment(object_, "object"))
    key = "/".join(parts)
    if bounds is None:
        return Fact(fact=key, subject=subject, attribute=attribute, object=object_)
    period = period_text(*bounds)
    return Fact(
        fact=f"{key}@{period}",
        subject=subject,
        attribute=attribute,
        object=object_,
        period=period,
        period_from=bounds[0],
        period_to=bounds[1],
    )


def period_bounds(period: str | None, start: str | None, end: str | None) -> Bounds | None:
    """Return the bounds of a period that is given as one text or by its bounds; None where none is given.

    Raises BadInput for one that no fact can have.

    >>> period_bounds("2024", None, None) == period_bounds(None, "2024", "2025")
    True
    """
    bounds = None if period is None else _bounds_of(parse_edtf(period))
    if start is not None or end is not None:
        if bounds is not None:
            raise BadInput("give either period, or period_from and period_to, not both")
        bounds = _ordered(start, end, "period")
        if bounds == (None, None):
            raise BadInput("the period has no bound on either side; leave it out")
    return bounds


def valid_bounds(valid: str | None, start: str | None, end: str | None) -> Bounds | None:
    """Return the same of a valid time, which may be unbounded, and begin or end outside the calendar.

    Where it does, the bound is the first or the last instant that there is.
    """
    if valid is not None:
        if start is not None or end is not None:
            raise BadInput("give either valid, or valid_from and valid_to, not both")
        edtf = parse_edtf(valid, beyond=True)
        lower, upper = edtf.lower, no_end(edtf.upper)
        if lower is not None:
            lower = None if lower < FIRST_INSTANT else min(lower, LAST_INSTANT)
        if upper is not None:
            upper = None if upper > END else max(upper, FIRST_INSTANT)
        return lower, upper
    return None if start is None and end is None else _ordered(start, end, "valid")


def raw_end(text: str | None, exclusive: str | None) -> int | None:
    """Return the end, exclusive, that is written in the last day of 9999; None where none is.

    It is that of an interval or date as one text, or a bound by itself.

    >>> raw_end("2024/9999-12-31", None) == END, raw_end(None, "9999-12-31") == LAST_DAY
    (True, True)
    """
    if text is not None:
        end = parse_edtf(text, beyond=True).upper
    else:
        end = None if exclusive is None or not ends_nothing(exclusive) else LAST_DAY
        if end is not None and exclusive is not None and ":" in exclusive:
            try:
                end = parse_edtf(exclusive).lower
            except BadInput:  # Without a zone, which no event could have.
                end = None
    return end if end is not None and no_end(end) is None else None


def _bounds_of(edtf: Edtf) -> Bounds:
    upper = no_end(edtf.upper)
    if edtf.lower is None and upper is None:
        raise BadInput(f"period {edtf.text!r} has no bound on either side; leave it out")
    return edtf.lower, upper


def _ordered(first: str | None, last: str | None, what: str) -> Bounds:
    start = _edge(first)
    end = None if last is not None and ends_nothing(last) else no_end(_edge(last))
    if start is not None and end is not None and start >= end:
        raise BadInput(f"{what}_from {first} is not before {what}_to {last}")
    return start, end


def _edge(text: str | None) -> int | None:
    """Return an exclusive or inclusive bound given by itself: the first instant of what is written."""
    if text is None or text.strip(BLANKS) in ("", ".."):
        return None
    edtf = parse_edtf(text)
    if edtf.lower is None:
        raise BadInput(f"{text!r} has no first instant; expected a date such as 2025-02-22")
    return edtf.lower


class Event(_Model):
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
    answer: Annotated[Literal["yes", "no"] | None, BeforeValidator(_trimmed)] = None
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
                row[name] = _key(value) if name == "key" else value
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
                return _fact(fact.subject, fact.attribute, fact.object, bounds)
            if (fact.period_from, fact.period_to) != bounds:
                raise BadInput(f"the fact says @{fact.period}, the period says {period_text(*bounds)}")
            return fact
        if self.subject is None or self.attribute is None:
            raise BadInput("an event needs both subject and attribute, or a fact")
        return _fact(self.subject, self.attribute, self.object, bounds)

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
        raise BadInput(f"{_brief(value)} is no answer; expected yes or no")
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


def _key(value: str) -> str:
    if not value:
        raise BadInput("key is empty; leave it out or name something")
    return check_visible(value, "key")


def _locator(value: Any) -> str:
    """Return where in the source's text: character offsets, end exclusive, one or several spans."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise BadInput(f"locator {_brief(value)} is not JSON; expected {{start: 0, end: 10}}") from None
    spans = value if isinstance(value, list) else [value]
    found = []
    for span in spans:
        try:
            if set(span) != {"start", "end"}:
                raise ValueError
            start, end = _whole(span["start"]), _whole(span["end"])
            if not (isinstance(start, int) and isinstance(end, int) and 0 <= start < end):
                raise ValueError
        except (ValueError, TypeError):
            raise BadInput(
                f"locator {brief(span)} is not a span; expected start and end, 0 <= start < end <= {_LARGEST}"
            ) from None
        found.append({"start": start, "end": end})
    if not found:
        raise BadInput("locator is an empty list; leave it out or give a span")
    text = json.dumps(found if len(found) > 1 else found[0], separators=(",", ":"))
    if len(text) > (limit := bytes_at_most("locator")):
        raise BadInput(f"locator has {len(text):,} bytes as JSON; expected {limit:,} at most")
    return text


class _Description(_Model):
    id: Text
    key: Text | None = None

    def columns(self) -> dict[str, Any]:
        """Return a description as columns of the log: the id as subject, all but the key as JSON in text."""
        (parse_segment if type(self) is Attribute else parse_id)(self.id, "id")
        given = self.model_dump(exclude={"key"}, exclude_none=True, exclude_defaults=True)
        text = json.dumps(given, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        if (size := len(text.encode())) > (limit := bytes_at_most("text")):
            raise BadInput(f"the description has {size:,} bytes as JSON; expected {limit:,} at most")
        row = {"event_type": _TYPE_OF[type(self)], "subject": self.id, "text": text}
        return row if self.key is None else row | {"key": _key(self.key)}


class Source(_Description):
    """A document we read. `published` is EDTF; tier 1 is best; `length` counts characters.

    `timezone` and `numbers` are as in `Habits`.
    """

    title: Text | None = None
    publisher: Text | None = None
    origin: Text | None = None
    published: Dated | None = None
    timezone: Text | None = None
    numbers: Text | None = None
    url: Text | None = None
    language: Text | None = None
    tier: Annotated[int, Field(ge=1, le=2**31 - 1), BeforeValidator(_whole)] | None = None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    length: Annotated[int, Field(ge=0, le=_LARGEST), BeforeValidator(_whole)] | None = None

    def columns(self) -> dict[str, Any]:
        if self.origin is not None:
            parse_id(self.origin, "origin")
        source_habits(self.numbers, self.language, self.timezone)
        if self.published is not None and parse_edtf(self.published).reported_at is None:
            raise BadInput(
                f"published {self.published!r} has no last instant; expected a date such as 2025-02-22"
            )
        return super().columns()


class Entity(_Description):
    """A company, person, project or anything else that facts are about."""

    name: Text | None = None
    kind: Text | None = None
    aliases: tuple[Text, ...] = ()


def _yes_or_no(value: object) -> object:
    words = {"true": "yes", "false": "no"}
    if isinstance(value, bool):
        return "yes" if value else "no"
    return words.get(value, value) if isinstance(value, str) else value


class Attribute(_Description):
    """What may be reported of a subject: its meaning, the type of its values, whether it takes an object."""

    meaning: Text | None = None
    value: Literal["amount", "date", "text", "entity", "answer"] | None = None
    object: Annotated[
        Literal["yes", "no", "optional"] | None,
        BeforeValidator(_yes_or_no),
    ] = None


DESCRIPTIONS: Final[Mapping[str, type[_Description]]] = {
    "source-described": Source,
    "entity-described": Entity,
    "attribute-described": Attribute,
}
_TYPE_OF = {model: name for name, model in DESCRIPTIONS.items()}


def _described(text: object) -> dict[str, Any]:
    """Return the keys of a description that is JSON, as in a table, whose columns are those of events."""
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadInput(f"text is {brief(text)}; expected the description as a JSON object with its id")
    return {name: value for name, value in found.items() if value is not None}


#: Of what is wrong with one event, so much is named.
_NAMED_AT_MOST: Final = 20
#: What a value may be in Python: pydantic would read others too, or fail on them.
_WRITTEN: Final = (str, int, float, Decimal, date, list, tuple, dict)


def event_from(keys: Mapping[str, object]) -> Event | _Description:
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
    model: type[Event | _Description] = Event
    if isinstance(kind, str) and kind in DESCRIPTIONS:
        model = DESCRIPTIONS[kind]
        del given["type"]
        if "text" in given and given.keys() <= {"text", "key"}:
            given = _described(given["text"]) | {name: key for name, key in given.items() if name == "key"}
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
            found.append(f"unknown key {_brief(name)}{nearest(name, model.model_fields)}")
        elif detail["type"] == "literal_error":
            found.append(f"{name} is {brief(detail.get('input'))}; expected {detail['ctx']['expected']}")
        else:
            found.append(f"{name}: {detail['msg'].removeprefix('Value error, ')}")
    if (more := len(details) - _NAMED_AT_MOST) > 0:
        found.append(f"… and {more:,} more")
    return "; ".join(found)
