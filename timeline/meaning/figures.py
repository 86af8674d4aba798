"""Figures in digits: what their separators mean, and where they can mean two things.

One separator with three digits behind it groups thousands in one country and begins the decimals in another.
Which it does is settled by how a document writes numbers (`Habits.numbers`), or by what stands beside the
figure; else it is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Final

from timeline.errors import BadInput
from timeline.meaning.decimals import EXACT
from timeline.meaning.units import words

__all__ = ["POINT_TONGUES", "Digits", "Evidence", "read_digits"]

#: Languages whose texts write a decimal point; all others write a comma.
POINT_TONGUES: Final = words("en zh ja ko th he hi bn ta te mr gu pa ur ne si my km lo ms fil tl cy ga mt")

_STYLED: Final = {
    "1,234.5": re.compile(r"(?P<whole>[0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\.(?P<fraction>[0-9]+))?"),
    "1.234,5": re.compile(r"(?P<whole>[0-9]{1,3}(\.[0-9]{3})+|[0-9]+)(,(?P<fraction>[0-9]+))?"),
    "1 234,5": re.compile(r"(?P<whole>[0-9]{1,3}( [0-9]{3})+|[0-9]+)(,(?P<fraction>[0-9]+))?"),
}
#: Lakhs and crores: groups of two before the last three digits.
_INDIAN: Final = re.compile(r"(?P<whole>[1-9][0-9]?(,[0-9]{2})+,[0-9]{3})(\.(?P<fraction>[0-9]+))?")
_GROUPED: Final = re.compile(
    "(?P<whole>[1-9][0-9]{0,2}(?P<by>[.,' ])[0-9]{3}((?P=by)[0-9]{3})*)((?!(?P=by))[.,](?P<fraction>[0-9]+))?"
)
_PLAIN: Final = re.compile("(?P<whole>[0-9]+)([.,](?P<fraction>[0-9]+))?")
_THREE: Final = re.compile("[1-9][0-9]{0,2}([.,])[0-9]{3}")
#: As Chinese and Japanese group digits, or else decimals.
_FOUR: Final = re.compile("[1-9][0-9]{0,3},[0-9]{4}")


class Evidence(Enum):
    """What stands beside a figure says of its separators: how its language writes, or nothing."""

    POINT = "a decimal point"
    COMMA = "a decimal comma"
    NONE = "either"


@dataclass(frozen=True, slots=True)
class Digits:
    """A figure as written: its value, or the two that it may have, with thousands and with decimals.

    `by` is the separator that may be either.
    """

    text: str
    value: Decimal
    decimal: Decimal | None = None
    by: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it can be read in two ways."""
        return self.decimal is not None

    @property
    def ends_in_zero(self) -> bool:
        return self.text.endswith("0")

    def refusal(self) -> str:
        """Return what is to be said where nothing settles which of the two it is."""
        assert self.decimal is not None
        return (
            f"{self.text!r} can mean {self.value:f} or {EXACT.normalize(self.decimal):f}; write it without "
            f'separators, or say how numbers are written there, as in numbers: "1.234,5"'
        )


def read_digits(text: str, numbers: str | None, *, indian: bool = False) -> Digits:
    """Return what a figure in digits means, by one of NUMBER_STYLES where that is known.

    `indian` admits groups of two digits. Raises BadInput for separators that are put as in no number, or
    otherwise than `numbers` has them.

    >>> read_digits("1.234.567,5", None).value, read_digits("1.234", None).is_open
    (Decimal('1234567.5'), True)
    >>> read_digits("1.234", "1.234,5")
    Digits(text='1.234', value=Decimal('1234'), decimal=None, by='')
    """
    if sum(map(str.isdigit, text)) > EXACT.prec:
        raise BadInput(f"more than {EXACT.prec} digits")
    if numbers is not None:
        match = _STYLED[numbers].fullmatch(text)
        if match is None and indian and numbers == "1,234.5":
            match = _INDIAN.fullmatch(text)
        if match is None:
            raise BadInput(f"{text!r} is not written as {numbers!r}, as numbers are written there")
        return Digits(text, _value(match))
    if (match := _THREE.fullmatch(text)) or _FOUR.fullmatch(text):
        whole = Decimal(re.sub("[.,]", "", text))
        return Digits(text, whole, Decimal(text.replace(",", ".")), match[1] if match else ",")
    match = (
        _GROUPED.fullmatch(text) or _PLAIN.fullmatch(text) or (_INDIAN.fullmatch(text) if indian else None)
    )
    if match is None:
        raise BadInput(f"the separators of {text!r} are put as in no number; write digits and one point")
    return Digits(text, _value(match))


def _value(match: re.Match[str]) -> Decimal:
    fraction = f".{match['fraction']}" if match["fraction"] else ""
    return Decimal(re.sub("[^0-9]", "", match["whole"]) + fraction)
