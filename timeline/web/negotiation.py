"""What a client takes, and what it has already: the headers Accept and If-None-Match."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from timeline.errors import BadInput

__all__ = ["NotAcceptable", "is_known", "preferred"]

#: What is between commas or semicolons that are in no quoted text.
_ELEMENT: Final = re.compile(r'(?:[^,"]|"(?:\\.|[^"\\])*"?)+')
_PARAMETER: Final = re.compile(r'(?:[^;"]|"(?:\\.|[^"\\])*"?)+')
_TAG: Final = re.compile(r'(?:W/)?"([^"]*)"')


class NotAcceptable(BadInput):
    """The client takes none of the forms that the answer has."""


def preferred(accept: str, offered: Sequence[str]) -> str:
    """Return the media type that a header Accept prefers, out of those that are offered.

    Of several that it takes as gladly, the one that it names first; of those within one range, such as
    `*/*`, the one that is offered first. Raises NotAcceptable where it takes none.

    >>> preferred("text/html, text/*;q=0.5, */*;q=0.1", ["application/json", "text/csv"])
    'text/csv'
    """
    ranges = [found for place, text in enumerate(_ELEMENT.findall(accept)) if (found := _range(text, place))]
    if not ranges:
        return offered[0]
    best: tuple[float, int, int] | None = None
    for number, kind in enumerate(offered):
        # The most particular range that fits counts, whatever its weight.
        fitting = [found for found in ranges if found[0] in (kind, f"{kind.split('/')[0]}/*", "*/*")]
        if not fitting:
            continue
        _, weight, place = min(fitting, key=lambda found: (found[0].count("*"), found[2]))
        if weight > 0 and (best is None or (-weight, place, number) < best):
            best = (-weight, place, number)
    if best is None:
        raise NotAcceptable(f"Accept is {accept[:100]!r}; expected one of {', '.join(offered)}, or format=")
    return offered[best[2]]


def _range(text: str, place: int) -> tuple[str, float, int] | None:
    """Return a media range with its weight and its place in the header; None for what is empty."""
    kind, *parameters = (part.strip() for part in _PARAMETER.findall(text))
    weight = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q" and re.fullmatch(r"[01](\.[0-9]{0,3})?", value.strip()):
            weight = min(float(value), 1.0)
    return (kind.lower(), weight, place) if kind else None


def is_known(tag: str, if_none_match: str) -> bool:
    """Whether a header If-None-Match has a tag, weak or strong, or `*`, which is any.

    >>> is_known('W/"a"', '"b", "a"'), is_known('"a"', "*"), is_known('"a"', '"ab"')
    (True, True, False)
    """
    if if_none_match.strip() == "*":
        return True
    return _TAG.fullmatch(tag)[1] in _TAG.findall(if_none_match)  # type: ignore[index]
