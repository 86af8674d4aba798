"""Text that a terminal prints and does nothing else with: one place for answers, for words and for errors.

What is stored may hold sequences that move the cursor, set the title or type for the user, and marks that
turn the direction of writing, so that a line reads as what it is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import IO, Any, Final

__all__ = ["SafeWords", "escaped_json", "escaped_toml", "lines_of_colour", "printable", "visible"]

#: Controls, halves of surrogate pairs, what no XML may hold, ends of lines that are none, and all that sets a
#: direction.
_HARMFUL: Final = re.compile(
    "[\\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\U000e0001\U000e0020-\U000e007f"
    "\ufffe\uffff]"
)
_BLANK: Final = "\n\r\t\v\f"
_HARMFUL_IN_LINES: Final = re.compile(f"(?!\n){_HARMFUL.pattern}")
#: The only sequences that this package prints: those of its colours.
_COLOUR: Final = re.compile("(\x1b\\[(?:0|1|2|31|32|33)m)")


def visible(text: str) -> str:
    """Return text on one line that a terminal only prints.

    Line ends and tabs as spaces, other control characters as a mark.

    >>> visible("one\\ntwo \\x1b[31mred")
    'one two \\ufffd[31mred'
    """
    return text if text.isprintable() else _HARMFUL.sub(_mark, text)


def printable(text: str) -> str:
    r"""Return text that a terminal only prints, its lines still lines.

    >>> printable("Error: \x1b]0;title\x07\n  \u202eevil")
    'Error: \ufffd]0;title\ufffd\n  \ufffdevil'
    """
    return text if text.isprintable() else _HARMFUL_IN_LINES.sub(_mark, text)


def _mark(found: re.Match[str]) -> str:
    return " " if found[0] in _BLANK else "\ufffd"


def lines_of_colour(lines: Iterable[str]) -> Iterable[str]:
    """Yield lines for a terminal, whose cells are `visible` already, so that only our colours are left."""
    for line in lines:
        parts = _COLOUR.split(line)
        yield "".join(part if at % 2 else printable(part) for at, part in enumerate(parts))


def escaped_json(text: str) -> str:
    r"""Return JSON of the same meaning that a terminal only prints: what does more is escaped.

    >>> escaped_json('"\u202eevil"')
    '"\\u202eevil"'
    """
    return text if text.isprintable() else _HARMFUL_IN_LINES.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    sign = ord(found[0])
    if sign < 0x10000:
        return f"\\u{sign:04x}"
    return f"\\u{0xD7C0 + (sign >> 10):04x}\\u{0xDC00 + (sign & 0x3FF):04x}"


def escaped_toml(text: str) -> str:
    r"""Return the inside of a string of TOML, whose meaning stays, with what a terminal does more than print.

    >>> print(escaped_toml("\u202eevil"))
    \U0000202Eevil
    """
    return text if text.isprintable() else _HARMFUL.sub(lambda found: f"\\U{ord(found[0]):08X}", text)


class SafeWords:
    """A stream of words for people; `raw` is the stream behind it, for what draws on a terminal itself."""

    def __init__(self, raw: IO[str]) -> None:
        self.raw = raw

    def write(self, text: str) -> int:
        self.raw.write(printable(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)
