"""A fact and the bounds of times, from the parts in which an event gives them."""

from __future__ import annotations

from functools import lru_cache

from timeline.errors import BadInput
from timeline.meaning.given import BLANKS, Model
from timeline.meaning.names import parse_segment
from timeline.meaning.normal import nfc
from timeline.meaning.times import (
    END,
    FIRST_INSTANT,
    LAST_DAY,
    LAST_INSTANT,
    Bounds,
    Edtf,
    ends_nothing,
    no_end,
    parse_edtf,
    period_text,
)

__all__ = ["Fact", "fact_of", "parse_fact", "period_bounds", "raw_end", "valid_bounds"]


class Fact(Model):
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
    return fact_of(parts[0], parts[1], parts[2] if len(parts) == 3 else None, bounds)


def fact_of(
    subject: str, attribute: str, object_: str | None, bounds: tuple[int | None, int | None] | None
) -> Fact:
    """Return a fact from its parts; `bounds` are those of its period, in microseconds."""
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
