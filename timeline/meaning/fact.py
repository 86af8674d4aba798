"""The key of a fact: its parts, its canonical form, globs over it, and the number that orders facts."""

from __future__ import annotations

import hashlib
from typing import Final

from timeline.errors import BadInput, brief
from timeline.meaning.normal import nfc
from timeline.meaning.times import parse_edtf, period_text

__all__ = ["FACT_PARTS", "fact_hash", "fact_key", "fact_parts", "is_glob", "with_parts"]

#: What a fact's own text says besides the fact.
FACT_PARTS: Final = ("subject", "attribute", "object", "period")


def fact_parts(fact: str) -> dict[str, str | None]:
    """Return a fact and what its text says, by the names of columns.

    Of any text, so that anything may be asked for.

    >>> fact_parts("nvidia/ceo")
    {'fact': 'nvidia/ceo', 'subject': 'nvidia', 'attribute': 'ceo', 'object': None, 'period': None}
    """
    body, _, period = fact.partition("@")
    parts = [*body.split("/"), None, None]
    return {"fact": fact} | dict(zip(FACT_PARTS, (*parts[:3], period or None), strict=True))


def with_parts(fact: str, subject: str, object_: str | None) -> str:
    """Return a fact with another subject and object; its attribute and period stay.

    >>> with_parts("NVIDIA/investment/OpenAI@2025", "nvidia", "openai")
    'nvidia/investment/openai@2025'
    """
    body, at, period = fact.partition("@")
    parts = [subject, body.split("/")[1], *([] if object_ is None else [object_])]
    return "/".join(parts) + at + period


def is_glob(fact: str) -> bool:
    """Whether a name of facts holds a wildcard.

    >>> is_glob("nvidia/*"), is_glob("nvidia/ceo")
    (True, False)
    """
    return any(sign in fact for sign in "*?[")


def fact_key(fact: str | None) -> str | None:
    """Return a fact as it is known: its text in NFC, its period in the one canonical form.

    >>> fact_key("nvidia/revenue@2024-01/2024-12")
    'nvidia/revenue@2024'
    >>> fact_key("nvidia/*@2024-Q1"), fact_key("nvidia/*@2024*")
    ('nvidia/*@2024-01/2024-03', 'nvidia/*@2024*')
    """
    if fact is None:
        return None
    if not isinstance(fact, str):
        raise BadInput(f"{brief(fact)} is no fact; expected a text such as nvidia/investment/openai")
    key = nfc(fact)
    body, at, period = key.partition("@")
    if not at or is_glob(period):
        return key
    try:
        bounds = parse_edtf(period)
        if is_glob(body) and bounds.text == period:
            # A pattern is looked for as it is, but no key has a quarter as it is printed.
            return key
        return f"{body}@{period_text(bounds.lower, bounds.upper)}"
    except BadInput:
        # No such fact can be; the caller that looks it up raises the error.
        return key


def fact_hash(fact: str) -> int:
    """Return the number that facts are in order of: what DuckDB's md5_number_lower makes of it.

    >>> fact_hash("nvidia/ceo")
    2141592207154026429
    """
    return int.from_bytes(hashlib.md5(fact.encode(), usedforsecurity=False).digest()[8:], "little")
