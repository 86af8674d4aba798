"""In which language a text is read.

A text is read by the words of its own language, as its document gives it, and by those of English, in which
claims are written whatever their source: where both give an amount, and not the same, it is refused. Without
a language given, English counts; and another language where the text shows by itself that it is of it, by a
word that English does not have.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from typing import Final

from timeline.errors import BadInput
from timeline.meaning.figures import POINT_TONGUES, Evidence
from timeline.meaning.grammar import Parsed, parse
from timeline.meaning.habits import Habits
from timeline.meaning.lexicon import EXACT_WORDS, Lexicon, lexicon_of
from timeline.meaning.tokens import Token, tokens_of
from timeline.meaning.tongues import TONGUES

__all__ = ["read_amount"]

_LONGEST: Final = 200
_NAMES: Final = {
    **{"en": "English", "fr": "French", "de": "German", "es": "Spanish", "it": "Italian", "pt": "Portuguese"},
    "tr": "Turkish",
}


def read_amount(text: str, habits: Habits) -> Parsed:
    """Return what a text says as an amount; raises BadInput, with the reason alone, where that is not"
    " clear."""
    if len(text) > _LONGEST:
        raise BadInput(f"it is longer than {_LONGEST} characters")
    tokens = tokens_of(text)
    reader = _Reader(tokens, habits)
    own = habits.tongue
    if own is not None and own != "en" and reader.knows(own):
        return reader.in_own_language(own)
    if reader.knows("en"):
        return reader.in_english()
    return reader.by_its_words(own)


class _Reader:
    """The languages that have all words of a text, and what it says in each."""

    def __init__(self, tokens: Sequence[Token], habits: Habits) -> None:
        self.tokens = tokens
        self.habits = habits
        _, _, rest = (habits.language or "").partition("-")
        self.region = next(
            (part for part in rest.split("-") if len(part) == 2 and part.isalpha()), ""
        ).upper()
        self.region = self.region or {"ja": "JP", "zh": "CN"}.get(habits.tongue or "", "")

    @cached_property
    def names(self) -> list[str]:
        return [name for name in TONGUES if self.knows(name)]

    def knows(self, name: str) -> bool:
        """Whether a language has all words of the text."""
        return name in TONGUES and _knows(lexicon_of(name), self.tokens)

    def evidence(self, name: str) -> Evidence:
        """Return how figures are written in this text, read as of that language."""
        if name != "en":
            return Evidence.COMMA
        if self.names == ["en"]:
            return Evidence.POINT
        if self.habits.tongue is None:
            return Evidence.NONE
        return Evidence.POINT if self.habits.tongue in POINT_TONGUES else Evidence.COMMA

    def read(self, name: str) -> Parsed:
        return parse(
            self.tokens,
            lexicon_of(name),
            numbers=self.habits.numbers,
            evidence=partial(self.evidence, name),
            region=self.region or None,
            may_be_english=name != "en" and self.knows("en"),
        )

    def among(self, names: Sequence[str]) -> dict[str, Parsed]:
        """Return what the text says in those of the languages in which it says something."""
        found = {}
        for name in names:
            try:
                found[name] = self.read(name)
            except BadInput:
                continue
        return found

    def in_own_language(self, own: str) -> Parsed:
        found = self.among([own, "en"] if self.knows("en") else [own])
        if not found:
            return self.read(own)
        if own in found and "en" in found and found["en"].is_weak:
            del found["en"]
        return _only(found)

    def in_english(self) -> Parsed:
        try:
            english = self.read("en")
        except BadInput:
            others = self.by_evidence()
            if not others:
                raise
            return _only(others)
        # German begins nouns with a capital: `1 Billion Euro` is none of English.
        is_german = any(token.text in ("Billion", "Trillion") for token in self.tokens) and any(
            token.text in ("Euro", "Dollar", "Franken") for token in self.tokens
        )
        if english.is_weak or is_german:
            rivals = [name for name in self.names if name != "en" and (english.is_weak or name == "de")]
            return _only({"en": english, **self.among(rivals)})
        return english

    def words_known(self, name: str) -> int:
        return sum(_knows(lexicon_of(name), [token]) for token in self.tokens)

    def by_evidence(self) -> dict[str, Parsed]:
        """Return what the text says in those languages other than English whose words show themselves."""
        english = lexicon_of("en")
        strong = [
            name
            for name in self.names
            if name != "en"
            and any(
                token.kind == "word"
                and token.key not in english.known
                and token.text not in EXACT_WORDS
                and token.key not in TONGUES[name].weak
                for token in self.tokens
            )
        ]
        return self.among(strong)

    def by_its_words(self, own: str | None) -> Parsed:
        """Return what a text says that English does not have all words of."""
        found = self.by_evidence()
        if found:
            return _only(found)
        first = own if own is not None and own in TONGUES else "en"
        name = max((first, *TONGUES), key=self.words_known)
        parsed = self.read(name)
        raise BadInput(
            f"its words may be {_NAMES[name]}, in which it means {_words(parsed)}, but nothing else says so; "
            f"give the language of its source, as in language: {name}"
        )


def _knows(lexicon: Lexicon, tokens: Sequence[Token]) -> bool:
    return all(
        token.kind != "word"
        or token.text in EXACT_WORDS
        or token.key in lexicon.known
        or token.key in lexicon.currencies
        or _is_multiple(lexicon, token)
        for token in tokens
    )


def _is_multiple(lexicon: Lexicon, token: Token) -> bool:
    return lexicon.name == "en" and (
        token.key in ("twice", "double", "triple", "quadruple")
        or token.key.removesuffix("fold") in lexicon.tongue.numbers
    )


def _only(found: dict[str, Parsed]) -> Parsed:
    """Return what a text says in every language in which it says something."""
    ways: dict[tuple[object, ...], str] = {}
    for name, parsed in found.items():
        ways.setdefault((parsed.low, parsed.high, parsed.unit, parsed.approximate), name)
    if len(ways) > 1:
        both = " or ".join(f"{_words(found[name])} in {_NAMES[name]}" for name in ways.values())
        raise BadInput(f"it can mean {both}; write the figure out, or in other words")
    return next(iter(found.values()))


def _words(parsed: Parsed) -> str:
    low, high = parsed.low, parsed.high
    if low is None or high is None:
        figures = f"up to {high:f}" if low is None else f"at least {low:f}"
    else:
        figures = f"{low:f}" if low == high else f"{low:f} to {high:f}"
    return f"{figures} {parsed.unit}"
