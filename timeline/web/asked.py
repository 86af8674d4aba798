"""What an address asks: the dates and rules of a question, and what a page is narrowed to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from timeline.ask.answers import AsOf
from timeline.ask.overview import FILTERS
from timeline.errors import BadInput, nearest

if TYPE_CHECKING:
    from timeline.ask.snapshot import Snapshot

__all__ = ["Address", "address_of"]

#: What an address may hold, and how often: the names that Timeline's methods and commands have.
_DATES: Final = ("as_of", "recorded_as_of", "valid_at", "basis", "policy")
_ONCE: Final = (*_DATES, "compare", "q", "limit", "offset", "lang", "attribute_of", "unit", "light")

#: So many rows are sent at once, at most.
_ROWS_AT_MOST: Final = 1_000


@dataclass(frozen=True, slots=True)
class Address:
    """The state of a page, all of which is in its address."""

    dates: Mapping[str, str] = field(default_factory=dict)
    compare: str | None = None
    search: str = ""
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    limit: int = 100
    offset: int = 0
    language: str = "en"
    attribute: str | None = None
    unit: str | None = None
    #: Leave out what does not change while the date does.
    light: bool = False

    def resolved(self, snapshot: Snapshot) -> AsOf:
        """Return the dates and rules as one value; raises BadInput where one cannot be read."""
        return snapshot.dates(**self.dates)

    def compared(self, snapshot: Snapshot) -> AsOf | None:
        """Return the same with the date to compare with; None where there is none."""
        return None if self.compare is None else snapshot.dates(**{**self.dates, "as_of": self.compare})

    def key(self) -> tuple[object, ...]:
        """Return what a page is narrowed to, as a key."""
        filters = tuple((name, tuple(values)) for name, values in sorted(self.filters.items()))
        return self.search, filters, self.limit, self.offset, self.light

    def given(self) -> dict[str, Any]:
        """Return the state as it is in the address, for the page to go on with."""
        return {
            **self.dates,
            **({"compare": self.compare} if self.compare else {}),
            **({"q": self.search} if self.search else {}),
            **{name: list(values) for name, values in self.filters.items() if values},
            **({"offset": self.offset} if self.offset else {}),
            **({"attribute_of": self.attribute} if self.attribute else {}),
            **({"unit": self.unit} if self.unit else {}),
            **({"lang": self.language} if self.language != "en" else {}),
        }


def address_of(items: Sequence[tuple[str, str]], language: str = "en") -> Address:
    """Return the state that the query of an address describes; empty values are left out.

    Raises BadInput for a name that none has, a name given twice, and numbers that are none.

    >>> address_of([("as_of", "2025-02-22"), ("status", "planned"), ("status", "agreed")]).filters
    {'status': ['planned', 'agreed']}
    """
    once: dict[str, str] = {}
    filters: dict[str, list[str]] = {}
    for name, value in items:
        if value == "":
            continue
        if name in FILTERS:
            filters.setdefault(name, []).append(value)
        elif name not in _ONCE:
            raise BadInput(f"unknown parameter {name[:60]!r}{nearest(name, (*_ONCE, *FILTERS))}")
        elif name in once:
            raise BadInput(f"{name} is given twice; expected it once")
        else:
            once[name] = value
    lang = once.get("lang", language)
    return Address(
        {name: once[name] for name in _DATES if name in once},
        once.get("compare"),
        once.get("q", ""),
        filters,
        _number(once, "limit", 100, 1, _ROWS_AT_MOST),
        _number(once, "offset", 0, 0, 10**9),
        lang if lang in ("en", "fr") else "en",
        once.get("attribute_of"),
        once.get("unit"),
        "light" in once,
    )


def _number(given: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = given.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 12 and least <= int(text) <= most):
        raise BadInput(f"{name} is {text[:60]!r}; expected a number from {least} to {most:,}")
    return int(text)
