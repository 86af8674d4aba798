"""Odd inputs, drawn from sound ones: cut, doubled, spliced, with bytes turned and words of a kind put in."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

__all__ = ["changed"]

#: What is odd everywhere: ends of lines, marks of direction, halves of pairs, digits of others, extremes.
ODD: Final = tuple(
    text.encode("utf-8", "surrogatepass")
    for text in (
        *("\x00", "\x1b[31m", "\n", "\r\n", "\r", "\t", "\u2028", "\x85", "\xa0", "\u200b", "\ufeff"),
        *("\u202e", "\u2066", "\ud800", "\udfff", "\U0001f600", "e\u0301", "\u0301" * 40, "İ", "ß", "ﬁ"),
        *(
            "٣",
            "¹",
            "²",
            "Ⅷ",
            "½",
            "\uff10",
            "\u2212",
            "\u2013",
            "\u201a",
            "'",
            '"',
            "''",
            "`",
            "\\",
            "/",
            "../",
            "~",
        ),
        *("0", "-1", "1e999", "NaN", "inf", "9" * 30, "9" * 400, "0x10", "1_000", "1,5", ".5", "+1"),
        *("{", "}", "[", "]", "(", ")", "[" * 200, "{" * 200, "(" * 200, ":", ",", ";", "|", "&", "*", "#"),
        *("null", "true", "None", "", " ", "  ", "a", "A", "%", "%00", "%s", "{0}", "${x}", "=1+1"),
        *("2025", "2025-02-30", "0000", "9999-12-31", "-0001", "2025-Q5", "T24:00:00Z", "+99:99", "X", "?"),
    )
)


def changed(draw: random.Random, seeds: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    """Return one of the seeds with a few changes; `words` are of its kind."""
    found = bytearray(draw.choice(seeds))
    for _ in range(min(1 + int(draw.expovariate(0.5)), 12)):
        at = draw.randrange(len(found) + 1)
        size = min(1 + int(draw.expovariate(0.15)), len(found) - at)
        match draw.randrange(10):
            case 0 if found:
                found[at % len(found)] = draw.randrange(256)
            case 1 if found:
                found[at % len(found)] ^= 1 << draw.randrange(8)
            case 2:
                del found[at : at + size]
            case 3:
                found[at:at] = found[at : at + size] * draw.choice((1, 2, 50))
            case 4:
                other = draw.choice(seeds)
                start = draw.randrange(len(other) + 1)
                found[at : at + size] = other[start : start + draw.randrange(1, 80)]
            case 5 | 6:
                found[at:at] = draw.choice(words or ODD)
            case 7:
                found[at:at] = draw.choice(ODD)
            case 8:
                found[at : at + size] = draw.choice(ODD)
            case _:
                found[at : at + size] = draw.choice(words or ODD)
        # What is only long is for tests of its own.
        del found[20_000:]
    return bytes(found)
