"""What a key of an event may hold: the length of texts, the numbers that the log keeps, what is refused."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo, WithJsonSchema

from timeline.errors import BadInput, brief
from timeline.meaning.amounts import KEPT
from timeline.meaning.decimals import EXACT, PLACES, WHOLE_DIGITS, rounded
from timeline.meaning.names import check_visible
from timeline.meaning.normal import nfc
from timeline.meaning.times import format_instant, from_datetime

__all__ = [
    "BLANKS",
    "LARGEST",
    "Dated",
    "Flag",
    "Model",
    "Number",
    "Text",
    "Trimmed",
    "bytes_at_most",
    "checked_key",
    "quoted",
    "trimmed",
    "whole",
]

_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
#: The largest whole number that the store's columns hold.
LARGEST: Final = 2**63 - 1
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


def _decimal(value: object) -> object:
    """Return an exact number within the bounds of the log; a binary double has nine places."""
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
            f"{quoted(text)} is not a number in digits 0 to 9, such as 1250.5 or 1.25e3; expected {KEPT}"
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
            f"{quoted(text)} needs more than {WHOLE_DIGITS} digits before or {PLACES} after the point"
        )
    return Decimal(f"{sign}{kept}").scaleb(-places, context=EXACT)


def whole(value: object) -> object:
    """Return a whole number that 64 bits hold; what is neither that nor its digits is left to fail."""
    if isinstance(value, bool):
        raise ValueError(f"{value} is not a whole number")
    if isinstance(value, str):
        text = value.strip()
        if not _WHOLE.fullmatch(text):
            raise ValueError(f"{quoted(text)} is not a whole number in digits 0 to 9, at most {LARGEST}")
        value = int(text)
    if isinstance(value, int) and abs(value) > LARGEST:
        raise ValueError(f"the number is out of bounds; expected at most {LARGEST}")
    return value


def quoted(text: str) -> str:
    """Return the first characters of a text, in quotation marks, for a message."""
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


def trimmed(value: object, info: ValidationInfo) -> object:
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
Trimmed = Annotated[str, BeforeValidator(trimmed), _ALSO_FIGURES]
#: A date or an interval as written, its blanks still there.
Dated = Annotated[str, BeforeValidator(_dated)]
Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": ["boolean", "string", "integer"]})]
Number = Annotated[Decimal, BeforeValidator(_decimal)]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def checked_key(value: str) -> str:
    """Return the key of an event; raises BadInput for one that is empty or shows nothing."""
    if not value:
        raise BadInput("key is empty; leave it out or name something")
    return check_visible(value, "key")
