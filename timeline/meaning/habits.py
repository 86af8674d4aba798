"""How the texts of a document are to be read: its numbers, its language, and its calendar.

Habits are no part of an event's content. A source's own come before those of the file that it is reported
in, and these before those of the project.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from timeline.errors import BadInput, nearest

__all__ = ["HABITS", "NUMBER_STYLES", "Habits", "source_habits"]

#: How a document may write numbers, each as an example: where thousands are separated, and how decimals are.
NUMBER_STYLES: Final = ("1,234.5", "1.234,5", "1 234,5")
#: The keys by which documents, sources and projects give their habits.
HABITS: Final = ("numbers", "language", "timezone")

_TAG: Final = re.compile(r"(?P<primary>[A-Za-z]{2,3})([-_][A-Za-z0-9]{1,8})*")
#: Codes of three letters for languages that have one of two.
_SHORTER: Final = {
    **{"eng": "en", "fra": "fr", "fre": "fr", "deu": "de", "ger": "de", "spa": "es", "ita": "it"},
    **{"por": "pt", "tur": "tr"},
}
_SPACES: Final = str.maketrans("\u00a0\u2007\u2009\u202f", " " * 4)


@dataclass(frozen=True, slots=True)
class Habits:
    """How texts are to be read; None is what nobody settled.

    `numbers` is one of NUMBER_STYLES, `language` a BCP 47 tag, `timezone` the IANA name of the zone whose
    days a date means. Raises BadInput for anything else.

    >>> Habits(numbers="1.234,5", language="de-AT").tongue
    'de'
    """

    numbers: str | None = None
    language: str | None = None
    timezone: str | None = None

    def __post_init__(self) -> None:
        if self.numbers is not None:
            style = self.numbers.translate(_SPACES)
            if style not in NUMBER_STYLES:
                known = ", ".join(map(repr, NUMBER_STYLES))
                raise BadInput(f"numbers is {self.numbers[:60]!r}; expected one of {known}")
            object.__setattr__(self, "numbers", style)
        if self.language is not None and not _TAG.fullmatch(self.language):
            raise BadInput(
                f"language is {self.language[:60]!r}; expected a BCP 47 tag such as en, fr or pt-BR"
            )
        if self.timezone is not None:
            _check_zone(self.timezone)

    @property
    def tongue(self) -> str | None:
        """The language without its region and script, in lower case."""
        tag = None if self.language is None else _TAG.fullmatch(self.language)
        if tag is None:
            return None
        primary = tag["primary"].lower()
        return _SHORTER.get(primary, primary)

    def over(self, other: Habits) -> Habits:
        """Return these habits, and the other's where these settle nothing.

        >>> Habits(language="de").over(Habits(language="fr", timezone="Europe/Paris"))
        Habits(numbers=None, language='de', timezone='Europe/Paris')
        """
        if self in (_NONE, other):
            return other
        return Habits(
            self.numbers if self.numbers is not None else other.numbers,
            self.language if self.language is not None else other.language,
            self.timezone if self.timezone is not None else other.timezone,
        )


_NONE: Final = Habits()


def source_habits(numbers: str | None, language: str | None, timezone: str | None) -> Habits:
    """Return the habits of a source from its description, whose language may be any text.

    >>> source_habits(None, "German, mostly", None)
    Habits(numbers=None, language=None, timezone=None)
    """
    is_tag = language is not None and _TAG.fullmatch(language)
    return Habits(numbers or None, language if is_tag else None, timezone or None)


@lru_cache(maxsize=512)
def _check_zone(name: str) -> None:
    # Only where a zone is named: reading the zones takes time.
    from zoneinfo import ZoneInfo, available_timezones

    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        hint = nearest(name, available_timezones())
        raise BadInput(
            f"no such timezone: {name[:60]!r}{hint}; expected an IANA name such as America/New_York"
        ) from None
