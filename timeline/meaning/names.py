"""What names may be made of: the parts of a fact, ids, and characters that nobody sees.

A part of a fact (a segment) is narrow, because facts are written `subject/attribute/object@period` and asked
for with `*`, `?` and `[`. The id of a source, origin or speaker is never part of a fact, so it may be a URL,
a DOI or `Novo Nordisk A/S`. Neither holds what cannot be seen: two names that look the same would be two.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from timeline.errors import BadInput

__all__ = ["check_visible", "parse_id", "parse_segment"]

_SEGMENT_AT_MOST: Final = 200
_ID_AT_MOST: Final = 500

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SEPARATOR = re.compile(r"[/@*?\[\]]")
#: Format characters (Cf), what Unicode has renderers ignore (Default_Ignorable_Code_Point), and blanks that
#: are no spaces: zero-width, soft hyphen, direction marks, joiners, fillers, variation selectors, tags.
#: timeline/sql/intake/is_visible.sql has the same ranges.
_HIDDEN = re.compile(
    "[\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)


def check_visible(text: str, what: str) -> str:
    """Return a text without invisible characters; raises BadInput that names the first one.

    >>> check_visible("GW", "unit")
    'GW'
    """
    if hidden := _hidden_in(text):
        raise BadInput(f"{what} {text[:60]!r} {hidden}")
    return text


def parse_segment(text: str, what: str) -> str:
    """Return one part of a fact's key, 1 to 200 characters; raises BadInput where it cannot be one.

    >>> parse_segment("nvidia", "subject")
    'nvidia'
    """
    found = _unfit(text, _SEGMENT_AT_MOST)
    if found is None and (bad := _SEPARATOR.search(text)):
        found = f"holds {bad.group()!r}; none of / @ * ? [ ] may be in it"
    if found:
        raise BadInput(f"{what} {text[:60]!r} {found}")
    return text


def parse_id(text: str, what: str) -> str:
    """Return the id of a source, origin, speaker or entity, 1 to 500 characters; raises BadInput else.

    >>> parse_id("https://doi.org/10.1000/xyz?a=b*[1]", "source")
    'https://doi.org/10.1000/xyz?a=b*[1]'
    """
    if found := _unfit(text, _ID_AT_MOST):
        raise BadInput(f"{what} {text[:60]!r} {found}")
    return text


def _unfit(text: str, most: int) -> str | None:
    """Return what keeps a text from being a name of any kind."""
    if not 1 <= len(text) <= most:
        return f"is {len(text)} characters long; expected 1 to {most}"
    if _CONTROL.search(text):
        return "holds a control character"
    if text != text.strip():
        return "begins or ends with a space"
    return _hidden_in(text)


def _hidden_in(text: str) -> str | None:
    """Return in words which invisible character a text holds first, if any."""
    if text.isascii() or (found := _HIDDEN.search(text)) is None:
        return None
    sign = found.group()
    name = unicodedata.name(sign, "without a name")
    place = found.start() + 1
    return f"holds U+{ord(sign):04X} {name} as character {place}, which cannot be seen; leave it out"
