"""Texts of amounts, cut into figures, words and signs."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

from timeline.errors import BadInput
from timeline.meaning.lexicon import DOTTED
from timeline.meaning.normal import nfc

__all__ = ["NOTHING", "Token", "tokens_of"]

_UNIFORM: Final = str.maketrans(
    "\u00a0\u2007\u2009\u202f\t\n\u2010\u2011\u2012\u2013\u2014\u2212\u2018\u2019\u02bc\u00ba\uff05\uff0c",
    " " * 6 + "-" * 6 + "'" * 3 + "°%,",
)
#: Letters that NFD leaves as they are.
_PLAIN: Final = str.maketrans({"\u0131": "i", "ß": "ss", "ł": "l", "ø": "o"})
_ABBREVIATIONS: Final = "|".join(sorted(map(re.escape, DOTTED), key=len, reverse=True))
_TOKEN: Final = re.compile(
    rf"""\s*(?: (?P<number> [0-9]+ (?: (?: [.,'] | [ ](?=[0-9]{{3}}(?![0-9])) ) [0-9]+ )* )
             | (?P<gas> (?P<mass>(?-i:[GMk]?t|k?g))? CO[2₂]
                        (?P<equivalent> (?:[-\ ]?e(?:q|quivalents?)?)? ) (?!\w) )
             | (?P<symbol> (?-i:(?:k?m|ft)[23²³]|°\ ?[CF]) (?!\w) )
             | (?P<money> (?:USD|US\ |US|CAN|CA?|AU?|HK|NZ|NT|S|R|MX|[BTJNGLZ]|RD|TT|EC|AR|CL|CO) \$
                        | U\$[SD] | U\$ | (?:CN|JP)¥ )
             | (?P<dotted> (?: u\.s | p\.a | {_ABBREVIATIONS} ) \. )
             | (?P<word> [^\W\d_]+'? )
             | (?P<sign> [-+%/~≈×$€£¥<>=≤≥¢°()₹₩₽₺₫₴₪₦฿₱₵₸₡] ) )""",
    re.VERBOSE | re.IGNORECASE,
)
#: Names of groups that are words to the grammar.
_WORDS: Final = frozenset(("gas", "symbol", "money", "dotted", "word"))


class Token(NamedTuple):
    kind: str  # number, word or sign; empty after the last
    text: str
    key: str  # as the tables have it
    glued: bool  # to the token before


NOTHING: Final = Token("", "", "", False)


def tokens_of(text: str) -> list[Token]:
    """Return the figures, words and signs of a text; raises BadInput for a character that is none of them."""
    text = nfc(text).translate(_UNIFORM).strip()
    found: list[Token] = []
    end = 0
    while end < len(text):
        match = _TOKEN.match(text, end)
        kind = match.lastgroup if match else None
        if match is None or kind is None:
            raise BadInput(f"{text[end:].strip()[0]!r} has no meaning there")
        if match["gas"] is not None:
            kind, written = "gas", f"{match['mass'] or ''}CO2{'e' if match['equivalent'] else ''}"
        else:
            written = match[kind]
        start = match.start(kind)
        found.append(
            Token("word" if kind in _WORDS else kind, written, key_of(written), end > 0 and start == end)
        )
        end = match.end()
    return found


def key_of(word: str) -> str:
    """Return a word as the tables have it.

    >>> key_of("Mrd."), key_of("dólares"), key_of("p.a.")
    ('mrd', 'dolares', 'p.a.')
    """
    key = word.lower()
    if key == "à":
        return key
    if not key.isascii():
        letters = unicodedata.normalize("NFD", key)
        key = "".join(letter for letter in letters if not unicodedata.combining(letter)).translate(_PLAIN)
    return key[:-1] if key.endswith(".") and "." not in key[:-1] else key
