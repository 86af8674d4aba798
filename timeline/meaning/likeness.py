"""When two names are likely meant to be one: twins, which look alike, and slips of the finger.

Twins differ only by width, case, accents, or letters that look alike, such as Latin and Cyrillic a; the
skeletons of UTS #39 find them. Its full table holds thousands of rare signs, and the libraries that carry it
weigh a megabyte; here are the letters of Cyrillic, Greek, Armenian, Coptic and Latin that look plain.
"""

# The table is made of letters that look like others.
# ruff: noqa: RUF001, RUF002

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import combinations
from typing import Final

from timeline.meaning.normal import nfc

__all__ = ["alias_key", "difference", "is_slip", "skeletons", "trimmed"]

#: Pairs of a letter and the Latin one that it looks like, from Unicode's confusables.txt. Digits are left
#: out, because names differ in one digit for good reason.
_PAIRS: Final = (
    "аa АA ЬB ВB сc СC ԁd еe ҽe ЕE ԌG һh НH іi ꙇi ӏl ІI ӀI јj ЈJ кk КK МM оo ОO рp РP ԛq гr ѕs ЅS ТT "
    "ѵv ѴV ѡw ԝw ԜW хx ХX уy үy УY ҮY αa ΑA ΒB ϲc ϹC ΕE ϜF ΗH ιi ϳj ͿJ κk ΚK ΙI ΜM ϺM ΝN οo σo ΟO ρp "
    "ϱp ΡP ΤT υu νv ΧX γy ΥY ΖZ քf ցg հh ոn ռn օo ՕO գq զq ՏS սu ՍU աw ⲥc ⲤC ⲎH ⲔK ⲒI ⳐL ⲘM ⲚN ⲟo ⲞO "
    "ⲣp ⲢP ⲅr ⲦT ⲬX ⲨY ɑa ᴄc ꬲe ꬵf ꞙf ẝf ꞘF ɡg ᶃg ƍg ɪi ɩi ǀl ƖI ᴏo ᴑo ꭇr ꭈr ƦR ꜱs ƽs ᴜu ꭎu ꭒu ʋu ᴠv "
    "ɯw ᴡw ꞳX ɣy ᶌy ʏy ỿy ᴢz "
)
_ALIKE: Final = str.maketrans({pair[0]: pair[1] for pair in _PAIRS.split()})
#: What looks like a small l in most typefaces.
_LIKE_L: Final = str.maketrans("I|", "ll")
#: Letters with strokes, which Unicode does not take apart, without them.
_PLAIN: Final = str.maketrans("łŁøØđĐðÐħĦŧŦıƀ", "lLoOdDdDhHtTib", "") | str.maketrans(
    {"æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE"}
)


def _width_off(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _looks_off(text: str) -> str:
    return text.translate(_ALIKE)


def _like_l_off(text: str) -> str:
    return text.translate(_LIKE_L)


def _accents_off(text: str) -> str:
    apart = unicodedata.normalize("NFD", text.translate(_PLAIN))
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


_ALIKE_WORD: Final = "letters that look alike"
#: What twins may differ in, and how it is taken off, in the order in which that is done.
_DIFFERENCES: Final = (
    ("width", _width_off),
    (_ALIKE_WORD, _looks_off),
    (_ALIKE_WORD, _like_l_off),
    ("case", str.casefold),
    ("accents", _accents_off),
)


def skeletons(name: str) -> frozenset[str]:
    """Return the keys of a name; two names are twins if they have one in common.

    >>> skeletons("NVIDIA") & skeletons("nvidia"), skeletons("nvidia") & skeletons("nvidea")
    (frozenset({'nvidia'}), frozenset())
    """
    if name.isascii():
        return frozenset((name.lower(), name.translate(_LIKE_L).lower()))
    wide = _width_off(name)
    latin = _looks_off(wide)
    forms = (wide, latin, latin.translate(_LIKE_L))
    return frozenset(_accents_off(form.casefold()) for form in forms)


def difference(name: str, other: str) -> str:
    """Return in words what two twins differ in, as little as explains it.

    >>> difference("NVIDIA", "nvidia"), difference("nvidiа", "nvidia")
    ('case', 'letters that look alike (U+0430 CYRILLIC SMALL LETTER A)')
    """
    for count in range(1, len(_DIFFERENCES) + 1):
        for chosen in combinations(_DIFFERENCES, count):
            one, two = name, other
            for _, off in chosen:
                one, two = off(one), off(two)
            if one == two:
                words = list(dict.fromkeys(word for word, _ in chosen))
                if _DIFFERENCES[1] in chosen:
                    words[words.index(_ALIKE_WORD)] += _foreign(name, other)
                return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
    return _ALIKE_WORD + _foreign(name, other)


def _foreign(name: str, other: str) -> str:
    """Return the signs that one of two names has and the other has not, by code point."""
    signs = [sign for sign in dict.fromkeys(name + other) if (sign in name) != (sign in other)]
    odd = [sign for sign in signs if not sign.isascii() and sign.translate(_ALIKE) != sign]
    listed = [f"U+{ord(sign):04X} {unicodedata.name(sign, '')}".strip() for sign in odd[:3]]
    return f" ({', '.join(listed)})" if listed else ""


#: A word of fewer letters is a label or a ticker, and differs from others in one letter for good reason; so
#: does a word of capitals with up to so many.
_WORD_AT_LEAST: Final = 4
_CODE_AT_MOST: Final = 5
#: What a slip may leave out or put in, besides letters.
_JOINING: Final = frozenset("-_ .'’&")


def is_slip(name: str, other: str) -> bool:
    """Whether two names differ by one slip in a word of four letters or more.

    A slip is one letter too many or too few, another letter, two letters swapped, or a hyphen, blank or the
    like too many or too few. Another digit is none.

    >>> is_slip("nvidai", "nvidia"), is_slip("open-ai", "openai"), is_slip("gate-02-20", "gate-02-21")
    (True, True, False)
    >>> is_slip("ceo", "cfo"), is_slip("model-s", "model-x"), is_slip("AAPL", "AAPC")
    (False, False, False)
    """
    start = 0
    while start < min(len(name), len(other)) and name[start] == other[start]:
        start += 1
    end = 0
    while end < min(len(name), len(other)) - start and name[-1 - end] == other[-1 - end]:
        end += 1
    one, two = name[start : len(name) - end], other[start : len(other) - end]
    if sorted((len(one), len(two))) == [0, 1]:
        sign = one or two
        if not (sign.isalpha() or sign in _JOINING):
            return False
    elif not (one.isalpha() and two.isalpha() and (len(one) == len(two) == 1 or one == two[::-1])):
        return False
    if max(len(one), len(two)) > 2:
        return False
    words = [_word(text, start, len(text) - end) for text in (name, other)]
    longest = max(words, key=len)
    return len(longest) >= _WORD_AT_LEAST and not (len(longest) <= _CODE_AT_MOST and longest.isupper())


def _word(text: str, start: int, end: int) -> str:
    """Return the letters around a part of a name, those of the part among them."""
    while start > 0 and text[start - 1].isalpha():
        start -= 1
    while end < len(text) and text[end].isalpha():
        end += 1
    return text[start:end]


def trimmed(name: str) -> Iterator[str]:
    """Yield a name, and the name without each sign that a slip may concern.

    Two names that differ by a slip have one of these in common.

    >>> list(trimmed("ab1"))
    ['ab1', 'b1', 'a1']
    """
    yield name
    for at, sign in enumerate(name):
        if sign.isalpha() or sign in _JOINING:
            yield name[:at] + name[at + 1 :]


def alias_key(text: str) -> str:
    """Return what aliases are compared by: the text in NFC without case.

    >>> alias_key("NVIDIA") == alias_key("nvidia")
    True
    """
    return nfc(nfc(text).casefold())
