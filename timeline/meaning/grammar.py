"""The grammar of amounts: one pass over the tokens of one text, by the words of one language.

Phrases of up to five tokens are looked up in the tables of the language, the longest first; a small parser
fits the parts together. What it does not understand is refused: a wrong figure looks just like a right one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Final, NoReturn, TypeVar

from timeline.errors import BadInput
from timeline.meaning.decimals import EXACT, PLACES, is_kept, short_text
from timeline.meaning.figures import Digits, Evidence, read_digits
from timeline.meaning.lexicon import CONTINENTAL, LETTERS, Lexicon
from timeline.meaning.money import CODES, FAMILIES, FOLDED, HUNDREDTHS, PREFIXES, TWINS, WITHOUT_CENTS
from timeline.meaning.tokens import NOTHING, Token
from timeline.meaning.units import DENOMINATORS, MASSES, SPELLED, SYMBOLS

__all__ = ["Parsed", "parse"]

_Found = TypeVar("_Found")

_LONGEST: Final = 5


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a text says in one language; bounds as in `Amount`, not yet checked."""

    low: Decimal | None
    high: Decimal | None
    unit: str
    approximate: bool
    #: Whether a word was used that another language has as well, with another meaning.
    is_weak: bool


@dataclass(frozen=True, slots=True)
class _Quantity:
    """One end of a range, or the whole of another amount; None or empty is what it leaves out."""

    number: Digits
    scale: int | None = None
    #: Of pence: they are hundredths.
    power: int = 0
    base: str | None = None
    rate: str = ""
    #: Whether the unit follows the number, rather than preceding it, and as Timeline writes it: `5 USD`.
    base_follows: bool = False
    by_code: bool = False
    by_sign: bool = False
    by_letter: bool = False
    is_word: bool = False
    bound: str | None = None
    is_about: bool = False


@dataclass(frozen=True, slots=True)
class _Unit:
    symbol: str
    text: str
    #: What the figure is multiplied with, as a power of ten: pence are hundredths.
    power: int = 0
    by_code: bool = False
    by_sign: bool = False


def parse(
    tokens: Sequence[Token],
    lexicon: Lexicon,
    *,
    numbers: str | None,
    evidence: Callable[[], Evidence],
    region: str | None = None,
    may_be_english: bool = False,
) -> Parsed:
    """Return what the tokens say by the words of a language.

    `numbers` is how figures are written, if that is known, `evidence` finds out what else there is of it.
    `region` is the country of the text, where its language names one. In a text that `may_be_english` its
    words are English too. Raises BadInput for what they do not say.
    """
    return _Parser(tokens, lexicon, _Setting(numbers, evidence, region, may_be_english)).amount()


@dataclass(frozen=True, slots=True)
class _Setting:
    """What stands beside a text: see `parse`."""

    numbers: str | None
    evidence: Callable[[], Evidence]
    region: str | None
    may_be_english: bool


class _Parser:
    """Each step takes what it understands, or nothing."""

    def __init__(self, tokens: Sequence[Token], lexicon: Lexicon, setting: _Setting) -> None:
        self.tokens = tokens
        self.lexicon = lexicon
        self.tongue = lexicon.tongue
        self.setting = setting
        self.place = 0
        self.several = False
        self.is_weak = False
        self.is_indian = any(token.key in ("₹", "rs", "lakh", "lakhs", "crore", "crores") for token in tokens)
        keys = [token.key for token in tokens]
        #: From each place on, the runs of tokens and where they end, the longest first.
        self.runs = [
            [(" ".join(keys[start:end]), end) for end in range(min(start + _LONGEST, len(keys)), start, -1)]
            for start in range(len(keys) + 1)
        ]

    def refuse(self, reason: str) -> NoReturn:
        raise BadInput(reason)

    @property
    def ahead(self) -> Token:
        return self.tokens[self.place] if self.place < len(self.tokens) else NOTHING

    def phrase(self, table: Mapping[str, _Found]) -> _Found | None:
        """Take the longest run of tokens that the table has."""
        for key, end in self.runs[self.place]:
            if key in table:
                if end == self.place + 1 and key in self.tongue.weak:
                    self.is_weak = True
                self.place = end
                return table[key]
        return None

    # The whole

    def amount(self) -> Parsed:
        if negative := self.in_parentheses():
            return negative
        approximate, bound = self.bounds_before()
        opening = self.phrase(self.lexicon.openings) or ""
        if self.several_of_shares(bound, opening):
            return self.share(approximate, bound)
        first = self.quantity()
        if self.several:
            if bound or first.number.value < 0:
                self.refuse("'several' and 'majority' are bounds already")
            approximate, bound = True, "low"
        joint = self.ahead
        if not first.bound and self.phrase(dict.fromkeys(self.lexicon.ranges[opening], True)):
            if (
                joint.key == "-"
                and joint.glued
                and self.ahead.glued
                and first.is_word != self.ahead_is_word()
            ):
                self.refuse(
                    f"a dash between {self.tokens[self.place - 2].text!r} and {self.ahead.text!r} "
                    "makes no range"
                )
            second = self.quantity()
            if bound or self.several:
                self.refuse("a range has both its bounds already")
            if joint.key == "-" and first.number.value < 0:
                self.refuse("a dash after a negative number can be read in two ways; write 'to'")
            return self.range(first, second, approximate)
        if first.bound and bound:
            self.refuse("it has two bounds")
        bound = bound or first.bound
        self.finish()
        if opening:
            self.refuse(f"the second end is missing after {opening!r}")
        figure = self.scaled(first)
        low, high = None if bound == "high" else figure, None if bound == "low" else figure
        about = approximate or first.is_about
        return Parsed(low, high, self.joined(first.base, first.rate), about, self.is_weak)

    def bounds_before(self) -> tuple[bool, str | None]:
        approximate, bound = False, None
        while found := self.phrase(self.lexicon.before):
            kind, _, also = found.partition(" ")
            approximate = approximate or "about" in (kind, also)
            if kind != "about":
                if bound:
                    self.refuse("it has two bounds")
                bound = kind
        return approximate, bound

    def ahead_is_word(self) -> bool:
        return self.ahead.kind == "word"

    def in_parentheses(self) -> Parsed | None:
        """Return what `(…)` says, as accounts write what is below zero."""
        if not (self.tokens and self.tokens[0].key == "(" and self.tokens[-1].key == ")"):
            return None
        self.tokens = self.tokens[1:-1]
        inside = _Parser(self.tokens, self.lexicon, self.setting)
        found = inside.amount()
        exact = found.low is not None and found.low == found.high and found.low > 0 and not found.approximate
        if not exact or found.unit.partition("/")[0] not in CODES or self.tokens[0].key in self.lexicon.signs:
            self.refuse("parentheses are around a sum of money below zero alone, such as ($5.2 million)")
        assert found.low is not None
        negative = found.low.copy_negate()
        return replace(found, low=negative, high=negative)

    # Parts of a whole

    def several_of_shares(self, bound: str | None, opening: str) -> bool:
        """Whether a part of a whole follows, and no part of a million."""
        if self.phrase_ends(self.tongue.halves) and self.measured_follows(self.tongue.halves):
            return False
        share = self.phrase_ends(self.tongue.shares)
        # Half a dozen is a number.
        return not opening and share is not None and share >= (self.phrase_ends(self.tongue.numbers) or 0)

    def phrase_ends(self, table: Mapping[str, object]) -> int | None:
        return next((end for key, end in self.runs[self.place] if key in table), None)

    def scale_follows(self, table: Mapping[str, object]) -> bool:
        end = self.phrase_ends(table)
        return end is not None and any(
            key in names
            for key, _ in self.runs[end]
            for names in (self.lexicon.scales, self.lexicon.thousands, self.tongue.hundreds)
        )

    def measured_follows(self, table: Mapping[str, object]) -> bool:
        """Whether a scale or a unit follows: `half a billion`, `half a gigawatt`."""
        end = self.phrase_ends(table)
        unit = end is not None and (
            any(key in self.lexicon.units for key, _ in self.runs[end])
            or (end < len(self.tokens) and self.tokens[end].text in SYMBOLS)
        )
        return unit or self.scale_follows(table)

    def share(self, approximate: bool, bound: str | None) -> Parsed:
        found = self.phrase(self.tongue.shares)
        assert found is not None
        part, least = found
        if least and bound:
            self.refuse("'several' and 'majority' are bounds already")
        bound = bound or least or None
        after = self.phrase(self.lexicon.after)
        if after in ("low", "high"):
            if bound:
                self.refuse("it has two bounds")
            bound = after
        self.finish()
        figure, is_exact = _percent(part)
        low, high = None if bound == "high" else figure, None if bound == "low" else figure
        # A third can be kept in no decimal.
        about = approximate or after == "about" or (bound is None and not is_exact)
        return Parsed(low, high, "percent", about, self.is_weak)

    # Ranges

    def range(self, first: _Quantity, second: _Quantity, approximate: bool) -> Parsed:
        self.finish()
        if second.bound:
            self.refuse("a range has both its bounds already")
        for one, other in ((first.base, second.base), (first.rate, second.rate)):
            if one and other and one != other:
                self.refuse(f"one end is in {one}, the other in {other}; write both in one unit")
        if first.scale is None and second.scale is not None and first.base_follows:
            self.refuse("the scale of the second end may belong to both; write it at both")
        if first.scale is not None and second.scale is None:
            self.refuse("the first end has a scale and the second has none; write it at both")
        base, rate = first.base or second.base, first.rate or second.rate
        both = [
            replace(
                one,
                scale=second.scale if one.scale is None else one.scale,
                power=first.power or second.power,
                base=base,
                rate=rate,
                base_follows=one.base_follows or second.base_follows,
                by_code=first.by_code or second.by_code,
                by_sign=first.by_sign or second.by_sign,
                by_letter=first.by_letter or second.by_letter,
            )
            for one in (first, second)
        ]
        low, high = map(self.scaled, both)
        if low > high:
            self.refuse(f"its low end {low:f} is above its high end {high:f}; write the scale at both")
        about = approximate or first.is_about or second.is_about
        return Parsed(low, high, self.joined(base, rate), about, self.is_weak)

    # One quantity

    def quantity(self) -> _Quantity:
        if multiple := self.multiple():
            return _Quantity(_digits(multiple), base="times", base_follows=True)
        sign = self.phrase(self.lexicon.signs)
        before = self.money_before()
        sign = sign or (self.phrase(self.lexicon.signs) if before else None)
        start = self.place
        number = self.number()
        is_word = self.tokens[start].kind == "word" if start < len(self.tokens) else False
        scale, by_letter = self.scale(number)
        bound, about = self.bounds_after(before)
        after = self.unit(after_of=scale is not None)
        if before is not None and before.symbol == "¥":
            before = self.yen(before, after, scale)
        base = self.one_unit(before, after)
        if sign == "-":
            # Decimal's own minus would round.
            number = replace(number, value=number.value.copy_negate(), decimal=_negated(number.decimal))
        power = min((unit.power for unit in (before, after) if unit), default=0)
        rate = self.rate()
        late, also = self.bounds_after(before) if bound is None else (None, False)
        used = after or before
        return _Quantity(
            number,
            scale=scale,
            power=power,
            base=base,
            rate=rate,
            base_follows=after is not None,
            by_code=after is not None and after.by_code,
            by_sign=used is not None and used.by_sign,
            by_letter=by_letter,
            is_word=is_word,
            bound=bound or late,
            is_about=about or also,
        )

    def multiple(self) -> Decimal | None:
        if self.lexicon.name != "en":
            return None
        key = self.ahead.key
        found = _MULTIPLES.get(key)
        if found is None and key.endswith("fold"):
            found = self.tongue.numbers.get(key.removesuffix("fold"))
            found = found if found is not None and found > 1 else None
        if found is not None:
            self.place += 1
        return found

    def money_before(self) -> _Unit | None:
        token = self.ahead
        following = self.tokens[self.place + 1] if self.place + 1 < len(self.tokens) else NOTHING
        if token.text in CODES or token.text in HUNDREDTHS:
            self.place += 1
            code = HUNDREDTHS.get(token.text, token.text)
            return _Unit(code, token.text, power=-2 if token.text in HUNDREDTHS else 0)
        if token.text in PREFIXES and following.kind == "number":
            self.place += 1
            return _Unit(PREFIXES[token.text], token.text)
        if token.key == "rs" or token.text == "¥":
            self.place += 1
            return _Unit("¥" if token.text == "¥" else "rs", token.text)
        if token.key in TWINS and token.text not in CODES:
            self.refuse_ambiguous()
        is_sign = token.kind == "sign" or "$" in token.text or "¥" in token.text
        if named := self.phrase(self.lexicon.currencies):
            self.check_region(token.text)
            return _Unit(named, token.text, by_sign=is_sign)
        return None

    def check_region(self, sign: str) -> None:
        """Refuse a dollar sign of a country that has other dollars, or pesos."""
        if sign == "$" and self.setting.region in _OTHER_DOLLARS:
            self.refuse(
                f"'$' in a text of {self.setting.region} can mean USD or "
                f"{_OTHER_DOLLARS[self.setting.region]}; write the code"
            )

    def yen(self, before: _Unit, after: _Unit | None, scale: int | None) -> _Unit:
        if after is not None and after.symbol in FAMILIES["¥"]:
            return replace(before, symbol=after.symbol)
        # Trillions of yuan are written with their name.
        if scale == 12 or self.setting.region == "JP":
            return replace(before, symbol="JPY")
        if self.setting.region == "CN":
            return replace(before, symbol="CNY")
        self.refuse("'¥' can mean several units; write JPY or CNY")

    def one_unit(self, before: _Unit | None, after: _Unit | None) -> str | None:
        """Return the one unit that stands before and behind the number."""
        if before is not None and before.symbol == "rs":
            if after is not None and after.symbol in FAMILIES["rs"]:
                return after.symbol
            if after is None and self.is_indian and any(token.key in _INDIAN for token in self.tokens):
                return "INR"
            self.refuse("'Rs' can mean several units; write INR, PKR, LKR or NPR")
        if before is None or after is None or before.symbol == after.symbol:
            return after.symbol if after else before.symbol if before else None
        if before.text in FAMILIES and after.symbol in FAMILIES[before.text]:
            return after.symbol
        self.refuse(
            f"it has {before.symbol} before the number and {after.symbol} after it; write one of them"
        )

    def number(self) -> Digits:
        token = self.ahead
        if token.kind == "number":
            self.place += 1
            if self.setting.may_be_english and _POINTED.fullmatch(token.text) and self.setting.region != "CH":
                self.refuse(f"{token.text!r} is not how figures are written in this language")
            return read_digits(token.text, self.setting.numbers, indian=self.is_indian)
        if self.phrase(self.tongue.several):
            self.several = True
            return _digits(Decimal(2))
        if self.measured_follows(self.tongue.halves) and (half := self.phrase(self.tongue.halves)):
            return _digits(half)
        if (many := self.tongue.many.get(token.key)) is not None and not self.several:
            self.place += 1
            self.several = True
            self.phrase(self.lexicon.of)
            return _digits(Decimal(2).scaleb(many))
        if token.key in self.tongue.articles and self.scale_follows(dict.fromkeys(self.tongue.articles)):
            self.place += 1
            return _digits(Decimal(1))
        word = self.number_word()
        if word is None:
            self.refuse_ambiguous()
            self.refuse(f"a number is missing before {token.text!r}" if token.kind else "a number is missing")
        return _digits(word)

    def number_word(self) -> Decimal | None:
        word = self.phrase(self.tongue.numbers)
        if word is None or self.lexicon.name != "en" or not 20 <= word <= 90:
            return word
        # Twenty-five is no range.
        place = self.place
        if self.ahead.key == "-":
            self.place += 1
        unit = self.phrase(self.tongue.numbers)
        if unit is not None and 0 < unit < 10:
            return word + unit
        self.place = place
        return word

    # Scales

    def scale(self, number: Digits) -> tuple[int | None, bool]:
        """Return the exponent of ten of the scale words or letter that follow, and whether it is a letter."""
        found: int | None = None
        place = self.place
        for table in (self.tongue.hundreds, self.lexicon.thousands, self.lexicon.scales):
            start = self.place
            if found is not None:
                self.phrase(self.lexicon.of)
            is_letter = table is self.lexicon.scales and self.letter(found)
            power = LETTERS[self.tokens[self.place - 1].text] if is_letter else self.one_scale(table, number)
            if power is None:
                self.place = start
                continue
            found = (found or 0) + power
            if is_letter:
                return found, True
            if power == 5 and (crore := self.one_scale(self.lexicon.scales, number)):
                if crore != 7:
                    self.place = place
                    self.refuse("a lakh is of crores, or of nothing")
                found += crore
        return found, False

    def one_scale(self, table: Mapping[str, int], number: Digits) -> int | None:
        token = self.ahead
        place = self.place
        power = self.phrase(table)
        if power is None:
            return None
        if token.key in self.tongue.singular and self.place == place + 1 and self.setting.may_be_english:
            one = number.value if number.decimal is None else min(number.value, number.decimal)
            if one > 1 if self.tongue.singular_below == 1 else one >= 2:
                self.refuse(f"{token.text!r} is not how {number.text} of them are written in this language")
        if token.text == "K" and not token.glued and self.place == len(self.tokens):
            self.refuse("'K' may be thousands or kelvins; write the scale as a word")
        return power

    def letter(self, before: int | None) -> bool:
        """Take a letter that is a scale beside money, and a unit elsewhere."""
        token = self.ahead
        if token.text not in LETTERS:
            return False
        if token.text == "M" or self.names_money_or_count() or (token.text == "m" and self.unit_follows()):
            self.place += 1
            return True
        if token.glued or token.text in ("T", "b", "B", "MM"):
            self.refuse(f"{token.text!r} may be a scale or a unit; write the scale as a word")
        return False

    def unit_follows(self) -> bool:
        """Whether the next token begins a unit: metres have none behind them."""
        following = self.tokens[self.place + 1] if self.place + 1 < len(self.tokens) else NOTHING
        begins = any(key in self.lexicon.units for key, _ in self.runs[min(self.place + 1, len(self.tokens))])
        return following.kind == "word" and (begins or following.text in SYMBOLS)

    def names_money_or_count(self) -> bool:
        """Whether some token does, before any `/` or `per`."""
        for token in self.tokens:
            if token.text in CODES or token.text in PREFIXES or token.key in self.lexicon.currencies:
                return True
            if token.text in ("¥", "Rs"):
                return True
            if (token.key in self.lexicon.per and len(token.key) > 1) or token.key == "/":
                break
            if self.lexicon.units.get(token.key) == "count" or token.text == "count":
                return True
        return False

    # Bounds behind the figures

    def bounds_after(self, before: _Unit | None) -> tuple[str | None, bool]:
        place = self.place
        found = self.phrase(self.lexicon.after)
        if found is None:
            return None, False
        # `$5-plus` and `5+ GW`, but no `5 + 3`.
        if self.ahead.kind == "number":
            self.place = place
            return None, False
        return (None, True) if found == "about" else (found, False)

    # Units

    def unit(self, *, after_of: bool = False) -> _Unit | None:
        place = self.place
        of = self.phrase(self.lexicon.of) if after_of or self.several else None
        found = self.one_symbol()
        if found is None:
            found = self.unit_word()
        if found is not None:
            return self.of_gas(found)
        self.refuse_ambiguous()
        if of and not self.ahead.kind:
            self.refuse("it stops before the unit")
        if of:
            self.place = place
        return None

    def one_symbol(self) -> _Unit | None:
        """Take a unit by its text as written, case and all."""
        token = self.ahead
        if token.text in SYMBOLS or token.text in CODES:
            # Not the first word of a longer name.
            if self.longer_name():
                return None
            self.place += 1
            return _Unit(token.text, token.text, by_code=not token.glued)
        if token.text in HUNDREDTHS:
            self.place += 1
            return _Unit(HUNDREDTHS[token.text], token.text, power=-2)
        if token.text in SPELLED:
            self.place += 1
            return _Unit(SPELLED[token.text], token.text)
        return None

    def longer_name(self) -> bool:
        return any(
            end > self.place + 1 and (key in self.lexicon.units or key in self.lexicon.currencies)
            for key, end in self.runs[self.place]
        )

    def unit_word(self) -> _Unit | None:
        token = self.ahead
        if token.key in TWINS and token.text not in CODES:
            return None
        for table in (self.tongue.currencies, self.lexicon.units, self.lexicon.currencies):
            end = self.phrase_ends(table)
            if token.key == "quarters" and self.place and self.tokens[self.place - 1].kind == "word":
                self.refuse("quarters can be parts of a whole or of a year; write 75 %, or 9 months")
            longer = self.phrase_ends(self.lexicon.ambiguous)
            if end is not None and (longer is None or longer <= end):
                symbol = self.phrase(table)
                assert symbol is not None
                self.check_region(token.text)
                return _Unit(symbol, token.text, by_sign=token.kind == "sign")
        return None

    def of_gas(self, unit: _Unit) -> _Unit:
        """Return the unit of so much of a gas: `5 Mt of CO2e`."""
        if unit.symbol not in MASSES:
            return unit
        place = self.place
        self.phrase(self.lexicon.of)
        if self.ahead.text in ("CO2", "CO2e"):
            self.place += 1
            return replace(unit, symbol=f"{unit.symbol}{self.tokens[self.place - 1].text}")
        self.place = place
        return unit

    def refuse_ambiguous(self) -> None:
        token = self.ahead
        if token.text in SYMBOLS or token.text in CODES:
            return
        if clear := self.lexicon.ambiguous.get(token.key):
            self.refuse(f"{token.text!r} can mean several units; write {clear}")

    def joined(self, base: str | None, rate: str) -> str:
        if base == "times" and rate:
            self.refuse("a multiple is not per anything; for occurrences write the number alone")
        return (base or "count") + rate

    def rate(self) -> str:
        """Return what follows the unit, such as `/month`, `/kWh` or `/count/month`.

        Empty where nothing does.
        """
        rate = ""
        while rate.count("/") < 2:
            place = self.place
            per: str | None = self.phrase(self.lexicon.rates)
            if per is None and self.phrase(self.lexicon.per):
                per = self.denominator()
            if per is None or per in ("percent", "pp", "bp", "times"):
                self.place = place
                break
            rate += f"/{per}"
        return rate

    def denominator(self) -> str | None:
        if (period := self.phrase(self.lexicon.periods)) is not None:
            return period
        if self.ahead.key.rstrip("s") in DENOMINATORS or self.ahead.key in _SHARES:
            self.place += 1
            return "share"
        unit = self.unit()
        if unit is not None and unit.power:
            self.refuse(f"{unit.text!r} is a hundredth of {unit.symbol}; write the rate per {unit.symbol}")
        return None if unit is None else unit.symbol

    # What figures come to

    def scaled(self, quantity: _Quantity) -> Decimal:
        number = self.settled(quantity)
        value = EXACT.normalize(EXACT.scaleb(number, (quantity.scale or 0) + quantity.power))
        if not is_kept(value):
            self.refuse(
                "it has too many digits to be kept, at most 29 digits before the point and 9 after it"
            )
        # Without an exponent, nor the sign of a zero.
        return Decimal(short_text(value))

    def settled(self, quantity: _Quantity) -> Decimal:
        """Return the value of a figure whose separator may mean two things, or refuse it."""
        number = quantity.number
        if number.decimal is None:
            return number.value
        evidence = self.setting.evidence()
        if any(token.key in CONTINENTAL for token in self.tokens) and evidence is not Evidence.POINT:
            evidence = Evidence.COMMA
        is_four = len(re.split("[.,]", number.text)[-1]) == 4
        if is_four and evidence is Evidence.COMMA:
            return number.decimal
        as_decimal = None if is_four or evidence is Evidence.COMMA else self.is_decimal(quantity, evidence)
        if as_decimal is None:
            raise BadInput(number.refusal())
        return number.decimal if as_decimal else number.value

    def is_decimal(self, quantity: _Quantity, evidence: Evidence) -> bool | None:
        """Whether the separator begins decimals; None where it can be read in two ways."""
        if quantity.number.by == ",":
            return False if evidence is Evidence.POINT or self.has_thousands(quantity) else None
        has_scale = quantity.scale is not None
        is_plain = not has_scale and not quantity.rate
        if is_plain and (quantity.base is None or (quantity.base == "count" and not quantity.by_code)):
            return None
        if is_plain and quantity.base in CODES and (quantity.base in WITHOUT_CENTS or not quantity.by_code):
            return None
        if quantity.base == "EUR" and quantity.base_follows and (quantity.by_letter or quantity.by_sign):
            return None
        if quantity.number.ends_in_zero:
            # Accounts of companies write $1.250 billion.
            return True if evidence is Evidence.POINT and (has_scale or quantity.rate) else None
        if is_plain and evidence is Evidence.NONE and quantity.base not in ("percent", *CODES):
            return True if quantity.by_code else None
        return True

    def has_thousands(self, quantity: _Quantity) -> bool:
        """Whether a comma with three digits behind it can only be before thousands, whatever the language."""
        base, follows = quantity.base, quantity.base_follows
        if base == "count" and follows:
            # Nobody counts thousandths.
            return True
        if base not in CODES:
            return (
                quantity.scale is not None
                and not quantity.by_letter
                and base is not None
                and base != "percent"
            )
        if follows and not quantity.by_code and base == "EUR":
            return False
        if quantity.scale is not None:
            return not (quantity.by_letter and follows)
        # Cents have two digits; prices of litres and kilowatt-hours have more.
        is_price = any(per not in _LASTING for per in quantity.rate.split("/")[1:])
        return not is_price or not (follows or base == "EUR")

    def finish(self) -> None:
        token = self.ahead
        if not token.kind:
            return
        place = self.place
        if self.phrase(self.lexicon.of) and self.ahead.kind == "word":
            token = self.ahead
        self.place = place
        if re.fullmatch("[A-Z]{3}", token.text) and token.text not in CODES:
            hint = _hint(token.text, sorted(FOLDED.values())) or _hint(token.text, sorted(CODES))
            self.refuse(f"{token.text!r} is no ISO 4217 code{hint}")
        if token.kind != "word" or token.key in self.lexicon.known or token.text in SYMBOLS | CODES:
            self.refuse(f"{token.text!r} has no meaning there")
        names = {*self.lexicon.units, *self.lexicon.currencies, *self.lexicon.scales, *self.lexicon.thousands}
        hint = _hint(token.key, sorted(name for name in names if len(name) > 2))
        self.refuse(f"unknown unit {token.text!r}{hint}; for a count write the number alone or 'count'")


_LASTING: Final = frozenset(("hour", "day", "week", "month", "quarter", "year"))
#: What is no figure where decimals begin with a comma.
_POINTED: Final = re.compile(r"[0-9]+\.([0-9]{1,2}|[0-9]{4,})")
_MULTIPLES: Final = {
    **{"twice": Decimal(2), "double": Decimal(2), "triple": Decimal(3), "quadruple": Decimal(4)},
}
_INDIAN: Final = frozenset(("lakh", "lakhs", "lac", "lacs", "crore", "crores", "cr"))
_SHARES: Final = frozenset(("action", "aktie", "accion", "azione", "acao", "hisse"))
#: Countries whose own currency has the sign `$`, besides those whose currency is USD.
_OTHER_DOLLARS: Final = {
    **{
        "MX": "MXN",
        "AR": "ARS",
        "CL": "CLP",
        "CO": "COP",
        "UY": "UYU",
        "DO": "DOP",
        "CU": "CUP",
        "CA": "CAD",
    },
    **{
        "AU": "AUD",
        "NZ": "NZD",
        "HK": "HKD",
        "SG": "SGD",
        "TW": "TWD",
        "JM": "JMD",
        "TT": "TTD",
        "BB": "BBD",
    },
}


def _digits(value: Decimal) -> Digits:
    return Digits(f"{value:f}", value)


def _negated(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.copy_negate()


def _percent(part: Fraction) -> tuple[Decimal, bool]:
    """Return a part of a whole in percent, with nine places, and whether that is all of it."""
    exact = EXACT.divide(Decimal(part.numerator * 100), Decimal(part.denominator))
    kept = exact.quantize(Decimal(1).scaleb(-PLACES), rounding=ROUND_HALF_EVEN, context=EXACT)
    return Decimal(short_text(kept)), Fraction(kept) == part * 100


def _hint(word: str, known: Iterable[str]) -> str:
    """Return a hint for a mistyped word: of a short one a letter may be wrong, of a longer one two."""
    near = difflib.get_close_matches(word, list(known), n=3, cutoff=0.6)
    near = [name for name in near if _slips(word, name) <= (1 if len(word) < 8 else 2)]
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""


def _slips(one: str, other: str) -> int:
    """Return how many letters have to be changed, added or left out (Levenshtein)."""
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        last, row[0] = row[0], at
        for nth, against in enumerate(other, 1):
            last, row[nth] = row[nth], min(row[nth] + 1, row[nth - 1] + 1, last + (letter != against))
    return row[-1]
