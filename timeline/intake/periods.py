"""Texts that name a year, a quarter, a month or a day, as tables write them in the names of columns."""

from __future__ import annotations

import re
from typing import Final

from timeline.errors import BadInput
from timeline.meaning.times import parse_edtf

__all__ = ["IN_FIGURES", "YEAR", "is_period"]

#: A day written in figures.
IN_FIGURES: Final = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})|(\d{4})[./](\d{1,2})[./](\d{1,2})")
YEAR: Final = re.compile(r"(?:1[5-9]|20|21)\d\d")
_WORDED: Final = re.compile(
    r"\d{4}-?M\d{1,2}|[Qq][1-4] ?[/-] ?\d{4}|\d{4}/[Qq][1-4]"
    r"|(?:\d{1,2}\.?[ -][A-Za-z]{3,9}\.?|[A-Za-z]{3,9}\.? \d{1,2}),?[ -]\d{4}"
)


def is_period(text: str) -> bool:
    """Whether a text names a year, a quarter, a month or a day.

    >>> [is_period(text) for text in ("2024", "Q1 2024", "2024-Q1", "31.12.2024", "12", "Sales 2024")]
    [True, True, True, True, False, False]
    """
    text = text.strip()
    if IN_FIGURES.fullmatch(text) or _WORDED.fullmatch(text):
        return True
    if text.isdecimal():
        return bool(YEAR.fullmatch(text))
    if not re.search(r"\d{4}", text):
        return False
    try:
        edtf = parse_edtf(text)
    except BadInput:
        return False
    return edtf.lower is not None and edtf.upper is not None
