"""Amounts as reports state them: `15-25 billion USD`, `jusqu'à 30 milliards de dollars`, `75 %`.

Text is cut into tokens; phrases of up to four of them are looked up in the tables below, the longest
first; a small parser fits the parts together. What it does not understand, or could understand in
two ways, is refused: a wrong figure looks just like a right one.

The language decides two things. In French text (any word of `_FRENCH` makes it so) `billion` is
10^12, and `1,500` or `1.500` is refused, as either reading occurs there. In any other text `billion`
is 10^9, `1,500` is 1500 and `1.500` is 1.5; a comma before other than three digits is a decimal comma.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple, NoReturn, TypeVar

from timeline.errors import BadInput, nearest
from timeline.meaning.decimals import EXACT, PLACES, WHOLE_DIGITS, short_text
from timeline.meaning.habits import Habits

__all__ = ["KEPT", "Amount", "parse_amount", "plain_amount", "pretty_amount"]

_NO_HABITS: Final = Habits()
KEPT = f"at most {WHOLE_DIGITS} digits before the point and {PLACES} after it"

# ---------------------------------------------------------------------------------------- tables
# Keys are lower case without accents (but for a lone `à`), tokens joined by one space; `d'` is a token.

_Found = TypeVar("_Found")


def _each(value: _Found, phrases: str) -> dict[str, _Found]:
    return dict.fromkeys(phrases.split(", "), value)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


#: What may come before the figures.
_BEFORE: Final = {
    **_each("about", "about, around, roughly, nearly, almost, approximately, approx, approx., some, circa"),
    **_each("about", "c., ca., ~, ≈, close to, environ, env., pres de, pres d', quelque, presque, autour de"),
    **_each("high", "up to, at most, less than, fewer than, under, below, no more than, not more than"),
    **_each("high", "as much as, as many as, a maximum of, <, ≤"),
    **_each("high", "jusqu' a, jusqu' à, au plus, tout au plus, au maximum, moins de, moins d'"),
    **_each("low", "at least, more than, over, above, no less than, no fewer than, not less than"),
    **_each("low", "upwards of, a minimum of, >, ≥, plus de, plus d', au moins, au minimum"),
}
#: What opens a range, and what then comes between its ends; most ranges have no opening.
_RANGES: Final = {
    **{"between": _each(True, "and"), "entre": _each(True, "et")},
    **{"from": _each(True, "to, -"), "de": _each(True, "à, -"), "": _each(True, "to, à, -")},
}
_SEVERAL: Final = _each(2, "several, plusieurs")
#: More than 50 percent, or exactly that.
_SHARES: Final = {
    **_each("low", "majority, a majority, the majority, majorite, la majorite, une majorite"),
    **_each("exact", "half, one half, la moitie"),
}
_NUMBERS: Final = {
    **{"zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8},
    **{"nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "un": 1, "une": 1, "deux": 2, "trois": 3},
    **{"quatre": 4, "cinq": 5, "sept": 7, "huit": 8, "neuf": 9, "dix": 10, "cent": 100, "mille": 1000},
}
_MULTIPLES: Final = {"twice": 2, "double": 2, "triple": 3, "quadruple": 4} | {
    f"{word}fold": number for word, number in _NUMBERS.items() if number > 1
}
_SIGNS: Final = {"-": "-", "minus": "-", "+": "+"}
_OF: Final = _each(True, "of, de, d'")
#: Exponents of ten. These may come before another scale: `hundred million`, `mille milliards`.
_SMALL_SCALES: Final = {
    **_each(1, "tens, dizaines"),
    **_each(2, "hundred, hundreds, centaines"),
    **_each(3, "thousand, thousands, k, mille, millier, milliers"),
}
_SCALES: Final = {
    **_each(6, "million, millions, mn, mln, mio"),
    **_each(9, "billion, billions, bn, b, milliard, milliards, md, mds, mrd"),
    **_each(12, "trillion, trillions, tn, trn"),
}
_FRENCH_SCALES: Final = _SCALES | {
    **{"billion": 12, "billions": 12, "billiard": 15, "billiards": 15, "trillion": 18, "trillions": 18},
}
#: Of these `m`, `t` and `T` are units as well, so scales only beside money or what is counted.
_SCALE_LETTERS: Final = {"M": 6, "m": 6, "t": 12, "T": 12}
_SPOKEN_SCALES: Final = {12: " trillion", 9: " billion", 6: " million", 0: ""}

_FRENCH: Final = _set(
    "à de d' des la jusqu' environ env. plus moins au entre et plusieurs par pour pres quelque presque autour"
    " fois majorite moitie un une deux trois quatre cinq sept huit neuf dix mille millier milliers"
    " dizaines centaines milliard milliards md mds mois annee annees ans jour jours heure heures semaine"
    " semaines trimestre trimestres pourcent americains canadiens australiens suisses livres"
)

# ISO 4217: active codes, then some withdrawn ones, for what was reported while they were in use.
_CURRENCIES: Final = _set(
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF"
    " CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP"
    " GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT"
    " LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR"
    " NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN"
    " SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAD"
    " XAF XAG XAU XCD XCG XDR XOF XPD XPF XPT XSU XUA YER ZAR ZMW ZWG"
    " ANG ATS BEF BGN CUC CYP DEM EEK ESP FIM FRF GRD HRK IEP ITL LTL LUF LVL MTL NLG PTE SIT SKK SLL VEF ZWL"
)
#: Before or after the number.
_CURRENCY_SIGNS: Final = {
    **{"$": "USD", "us$": "USD", "c$": "CAD", "ca$": "CAD", "a$": "AUD", "au$": "AUD", "hk$": "HKD"},
    **{"nz$": "NZD", "s$": "SGD", "nt$": "TWD", "r$": "BRL", "mx$": "MXN", "€": "EUR", "£": "GBP"},
    **{code.lower(): code for code in ("USD", "EUR", "GBP", "JPY", "CNY", "CHF", "CAD", "AUD", "INR")},
}
_CURRENCY_WORDS: Final = {
    **_each("USD", "dollar, dollars, us dollars, u.s. dollars, american dollars, dollars americains"),
    **_each("CAD", "canadian dollars, dollars canadiens"),
    **_each("AUD", "australian dollars, dollars australiens"),
    **{"hong kong dollars": "HKD", "new zealand dollars": "NZD", "singapore dollars": "SGD"},
    **{"euro": "EUR", "euros": "EUR", "yen": "JPY", "yens": "JPY"},
    **_each("CNY", "yuan, yuans, renminbi, rmb"),
    **_each("GBP", "sterling, pounds sterling, british pounds, livres sterling"),
    **_each("CHF", "swiss francs, francs suisses"),
    **{"indian rupees": "INR", "south korean won": "KRW", "russian rubles": "RUB", "mexican pesos": "MXN"},
}
#: Units as they are kept, case and all.
_SYMBOLS: Final = _set(
    "percent pp bp times count W kW MW GW TW Wh kWh MWh GWh TWh J kJ MJ GJ g kg t kt Mt Gt nm mm cm m km mi"
    " m² km² ha bbl Hz kHz MHz GHz kB MB GB TB PB EB s min h d week month quarter year"
)
#: Nouns that only say what is counted: they become `count`, as the fact says of what. Plurals take an s.
_COUNTED: Final = _set(
    "accelerator account car chip customer death download employee gpu home installment investor job model"
    " order parameter part patent patient person processor seat server share step store subscriber token"
    " tranche unit user vehicle visitor vote wafer worker"
    " action client employe etape jeton parametre personne processeur puce salarie siege unite utilisateur"
)
_PERIODS: Final = {
    **_each("second", "second, seconds, sec, s, seconde, secondes"),
    **_each("minute", "minute, minutes, min"),
    **_each("hour", "hour, hours, hr, h, heure, heures"),
    **_each("day", "day, days, d, jour, jours"),
    **_each("week", "week, weeks, semaine, semaines"),
    **_each("month", "month, months, mo, mois"),
    **_each("quarter", "quarter, quarters, trimestre, trimestres"),
    **_each("year", "year, years, yr, ans, annee, annees"),
}
_PERIOD_SYMBOLS: Final = {"second": "s", "minute": "min", "hour": "h", "day": "d"}
_PER: Final = _each(True, "/, per, a, an, each, every, par")
_RATES: Final = {
    **{"hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month", "quarterly": "quarter"},
    **_each("year", "yearly, annually, p.a., per annum, par an"),
}
_UNIT_WORDS: Final = {
    **_each("percent", "%, per cent, pour cent, pourcent"),
    **_each("pp", "percentage point, percentage points, points de pourcentage"),
    **_each("bp", "basis point, basis points"),
    **_each("times", "x, ×, fold, - fold, fois"),
    **{"tonne": "t", "tonnes": "t", "metric tons": "t", "kilograms": "kg", "kilogrammes": "kg"},
    **{"kw": "kW", "gw": "GW", "tw": "TW", "kwh": "kWh", "gwh": "GWh", "twh": "TWh"},
    **{"metres": "m", "meters": "m", "kilometres": "km", "kilometers": "km", "miles": "mi"},
    **{"barrel": "bbl", "barrels": "bbl", "barils": "bbl", "hectares": "ha"},
    **_each("count", "count, aircraft, company, companies, delivery, deliveries, people, emplois"),
    **dict.fromkeys((*_COUNTED, *(f"{noun}s" for noun in _COUNTED)), "count"),
    **{word: _PERIOD_SYMBOLS.get(period, period) for word, period in _PERIODS.items() if len(word) > 2},
    **{
        f"{prefix}watt{rest}": f"{letter}W{'h' if 'h' in rest else ''}"
        for prefix, letter in {"": "", "kilo": "k", "mega": "M", "giga": "G", "tera": "T"}.items()
        for rest in ("", "s", " hour", " hours", "hour", "hours", " - hour", " - hours", "heure", "heures")
    },
}
#: Refused, with what to write instead.
_AMBIGUOUS: Final = {
    **_each("MW or MWh if mega is meant", "mw, mwh"),
    **_each("JPY or CNY", "¥"),
    **_each("GBP (or another code) for money, kg for weight", "pound, pounds, livres"),
    **_each("INR, PKR, LKR or NPR", "rupee, rupees, roupies"),
    **_each("CHF, XOF, XAF or FRF", "franc, francs"),
    **_each("MXN, ARS, CLP, COP or PHP", "peso, pesos"),
    **_each("SEK, NOK, DKK, ISK or CZK", "krona, kronor, krone, kroner, crowns, couronnes"),
    **_each("KRW or KPW", "won"),
    **_each("RUB or BYN", "ruble, rubles, rouble, roubles"),
    **_each("the ISO 4217 code", "dinar, dinars, dirham, dirhams, riyal, riyals, lira, shillings"),
    **_each("t (1000 kg)", "ton, tons"),
    **_each("'percentage points' or 'basis points'", "point, points, bps"),
}

_UNIFORM: Final = str.maketrans(
    "\u00a0\u2007\u2009\u202f\t\n\u2010\u2011\u2012\u2013\u2014\u2212\u2018\u2019\u02bc",
    " " * 6 + "-" * 6 + "'" * 3,
)
_GROUPED: Final = re.compile(
    "(?P<whole>[1-9][0-9]{0,2}(?P<by>[.,' ])[0-9]{3}((?P=by)[0-9]{3})*)((?!(?P=by))[.,](?P<fraction>[0-9]+))?"
)
_TOKEN: Final = re.compile(
    r"""\s*(?: (?P<number> [0-9]+ (?: (?: [.,'] | [ ](?=[0-9]{3}(?![0-9])) ) [0-9]+ )* )
             | (?P<word> (?:US|CA?|AU?|HK|NZ|NT|S|R|MX)\$ | (?i:ca?|env|approx|p\.a|u\.s)\. | [^\W\d_]+'? )
             | (?P<sign> [-+%/~≈×$€£¥<>≤≥] ) )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Amount:
    """A figure with its bounds, both inclusive, as exact decimals.

    None is unbounded on that side; `low == high` is an exact figure. `unit` is an ISO 4217 code, or a
    symbol such as `percent`, `GW` or `count`; `/month` and the like follow it. Raises BadInput without
    any bound, where low is above high, and beyond 29 digits before the point or 9 after it.

    >>> Amount(Decimal(15), Decimal(25), "USD", False).amount
    Decimal('25')
    """

    low: Decimal | None
    high: Decimal | None
    unit: str
    approximate: bool

    def __post_init__(self) -> None:
        for figure in (self.low, self.high):
            if figure is not None and not _fits(figure):
                raise BadInput(f"{str(figure)[:60]} cannot be kept exactly; expected {KEPT}")
        if self.low is None and self.high is None:
            raise BadInput("neither a low nor a high end; expected at least one of them")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise BadInput(f"the low end {self.low:f} is above the high end {self.high:f}")

    @property
    def amount(self) -> Decimal:
        """The figure of a headline: the exact one, the only bound, or the upper end of a range."""
        figure = self.low if self.high is None else self.high
        assert figure is not None
        return figure


def parse_amount(text: str, habits: Habits = _NO_HABITS) -> Amount:
    """Read an amount written in English or French.

    Bounds are kept as inclusive: `more than 10 GW` gives the same columns as `at least 10 GW`.
    `several` is at least two, approximate; `majority` is more than 50 percent; a number without a
    unit is a `count`. Decimals are exact. Raises BadInput for anything that it does not understand,
    and for what can be read in two ways. `habits` may settle how numbers are written; what is written
    otherwise is then refused.

    >>> parse_amount("1.234 USD", Habits(numbers="1.234,5")).amount
    Decimal('1234')
    >>> parse_amount("15-25 billion USD")
    Amount(low=Decimal('15000000000'), high=Decimal('25000000000'), unit='USD', approximate=False)
    >>> parse_amount("jusqu'à 1,5 milliard d'euros par an")
    Amount(low=None, high=Decimal('1500000000'), unit='EUR/year', approximate=False)
    >>> parse_amount("about 75 %").unit
    'percent'
    """
    return _parsed(text, habits.numbers)


def plain_amount(low: Decimal | None, high: Decimal | None, unit: str, approximate: bool) -> str:
    """Return the canonical text of an amount.

    Equal amounts have equal texts, and `parse_amount` reads them back.

    In SQL, with `f(x)` as `rtrim(rtrim(x::DECIMAL(38, 9)::VARCHAR, '0'), '.')`, it is `about ` where
    approximate, then `up to f(high)`, `at least f(low)`, `f(low)` where both are equal, `f(low) to f(high)`
    where low is negative, or else `f(low)-f(high)`, then a space and the unit. Whether the unit is known
    only reading it back shows. Raises BadInput for what no `Amount` can hold.

    >>> plain_amount(Decimal("15E9"), Decimal("25E9"), "USD", False)
    '15000000000-25000000000 USD'
    >>> plain_amount(Decimal("2.50"), None, "GW", True)
    'about at least 2.5 GW'
    """
    figures = _figures(Amount(low, high, unit, approximate), spoken=False)
    return f"{'about ' if approximate else ''}{figures} {unit}"


def pretty_amount(low: Decimal | None, high: Decimal | None, unit: str, approximate: bool) -> str:
    """Return an amount for people: scale words where that is short, all the digits where not.

    `parse_amount` reads it back to the same amount. Raises BadInput for what no `Amount` can hold.

    >>> pretty_amount(Decimal("15E9"), Decimal("25E9"), "USD", False)
    '15-25 billion USD'
    >>> pretty_amount(None, Decimal("12500"), "USD", True)
    'up to about 12,500 USD'
    >>> pretty_amount(Decimal(75), Decimal(75), "percent", False)
    '75 %'
    """
    figures = _figures(Amount(low, high, unit, approximate), spoken=True)
    base, slash, rate = unit.partition("/")
    if base in ("week", "month", "quarter", "year") and not low == high == 1:
        base += "s"
    return figures + {"count": "", "percent": " %"}.get(base, f" {base}") + slash + rate


def _fits(value: Decimal, places: int = PLACES) -> bool:
    exponent = value.as_tuple().exponent
    # What has an exponent far from that of any figure takes as much time and memory as it has digits.
    if not isinstance(exponent, int) or abs(exponent) > EXACT.prec or value.adjusted() >= WHOLE_DIGITS:
        return False
    return value == value.quantize(Decimal(1).scaleb(-places), context=EXACT)


def _short_in(value: Decimal, scale: int) -> bool:
    return scale == 0 or _fits(EXACT.scaleb(value, -scale), places=3)


def _scale_for(value: Decimal) -> int:
    """Return the exponent of the largest scale word that is not above the value.

    0 where digits are better.
    """
    scale = next((s for s in _SPOKEN_SCALES if value.copy_abs() >= Decimal(10) ** s), 0)
    return scale if _short_in(value, scale) else 0


def _digits(value: Decimal, scale: int = 0, separator: str = "") -> str:
    return short_text(EXACT.scaleb(value, -scale), separator)


def _figures(amount: Amount, *, spoken: bool) -> str:
    """Return bounds and numbers without the unit; spoken, with scale words, separators and `about`."""
    about = "about " if spoken and amount.approximate else ""
    separator = "," if spoken else ""
    low, high = amount.low, amount.high
    if low is None or high is None or low == high:
        bound = "up to " if low is None else "at least " if high is None else ""
        scale = _scale_for(amount.amount) if spoken else 0
        return f"{bound}{about}{_digits(amount.amount, scale, separator)}{_SPOKEN_SCALES[scale]}"
    scales = (_scale_for(low), _scale_for(high)) if spoken else (0, 0)
    if min(scales) == 0:
        # A bare number takes the scale of the other end, so both are printed in it or neither is.
        scale = max(scales) if _short_in(low, max(scales)) and _short_in(high, max(scales)) else 0
        scales = (scale, scale)
    words = "" if scales[0] == scales[1] else _SPOKEN_SCALES[scales[0]]
    joint = " to " if words or low < 0 else "-"
    first, second = _digits(low, scales[0], separator), _digits(high, scales[1], separator)
    return f"{about}{first}{words}{joint}{second}{_SPOKEN_SCALES[scales[1]]}"


# ----------------------------------------------------------------------------------------- reading


class _Token(NamedTuple):
    kind: str  # number, word or sign; empty after the last
    text: str
    key: str  # as the tables have it
    glued: bool  # to the token before


class _Quantity(NamedTuple):
    """One end of a range, or the whole of another amount; None or empty is what it leaves out."""

    number: Decimal
    scale: int | None
    base: str | None
    base_follows: bool  # the number, rather than preceding it
    rate: str


# Long columns repeat few texts.
@lru_cache(maxsize=4096)
def _parsed(text: str, numbers: str | None) -> Amount:
    return AmountParser(text, numbers).amount()


class AmountParser:
    """One pass over the tokens of one text; each step takes what it understands, or nothing."""

    def __init__(self, text: str, numbers: str | None) -> None:
        self.text = text
        self.numbers = numbers
        self.place = 0
        self.several = False
        if len(text) > 200:
            self.refuse("it is longer than 200 characters")
        self.tokens = self.tokenize(unicodedata.normalize("NFC", text).translate(_UNIFORM).strip())
        self.french = any(token.key in _FRENCH for token in self.tokens)
        keys = [token.key for token in self.tokens]
        #: From each place on, the runs of up to four tokens and where they end, the longest first.
        self.runs = [
            [(" ".join(keys[start:end]), end) for end in range(min(start + 4, len(keys)), start, -1)]
            for start in range(len(keys) + 1)
        ]

    def tokenize(self, text: str) -> list[_Token]:
        tokens: list[_Token] = []
        end = 0
        while end < len(text):
            match = _TOKEN.match(text, end)
            if match is None or match.lastgroup is None:
                self.refuse(f"{text[end:].strip()[0]!r} has no meaning there")
            kind = match.lastgroup
            key = match[kind].lower()
            if key != "à":
                letters = unicodedata.normalize("NFD", key)
                key = "".join(letter for letter in letters if not unicodedata.combining(letter))
            tokens.append(_Token(kind, match[kind], key, end > 0 and match.start(kind) == end))
            end = match.end()
        return tokens

    def refuse(self, reason: str) -> NoReturn:
        shown = self.text if len(self.text) <= 80 else self.text[:80] + "…"
        raise BadInput(
            f"cannot read {shown!r} as an amount: {reason}; expected something like '15-25 billion USD', "
            "'up to 30 billion USD', 'at least 10 GW', '75 %' or '200 USD/month'"
        )

    @property
    def ahead(self) -> _Token:
        return self.tokens[self.place] if self.place < len(self.tokens) else _Token("", "", "", False)

    def exactly(self, names: frozenset[str]) -> str | None:
        """Take one token by its text as written, case and all."""
        token = self.ahead
        if token.text not in names:
            return None
        self.place += 1
        return token.text

    def phrase(self, table: Mapping[str, _Found]) -> _Found | None:
        """Take the longest run of tokens that the table has."""
        for key, end in self.runs[self.place]:
            if key in table:
                self.place = end
                return table[key]
        return None

    def amount(self) -> Amount:
        approximate, bound = False, None
        while found := self.phrase(_BEFORE):
            if found == "about":
                approximate = True
            elif bound:
                self.refuse("it has two bounds")
            else:
                bound = found
        opening = self.phrase({word: word for word in _RANGES if word}) or ""
        share = self.phrase(_SHARES)
        first = self.quantity() if share is None else _Quantity(Decimal(50), None, "percent", True, "")
        if self.several or share == "low":
            if bound or first.number < 0:
                self.refuse("'several' and 'majority' are bounds already")
            approximate, bound = approximate or self.several, "low"
        dash = self.ahead.key == "-"
        if self.phrase(_RANGES[opening]):
            second = self.quantity()
            if bound or self.several:
                self.refuse("a range has both its bounds already")
            if dash and first.number < 0:
                self.refuse("a dash after a negative number can be read in two ways; write 'to'")
            return self.range(first, second, approximate)
        self.finish()
        if opening:
            self.refuse(f"the second end is missing after {opening!r}")
        figure = self.scaled(first.number, first.scale)
        low, high = None if bound == "high" else figure, None if bound == "low" else figure
        return Amount(low, high, self.joined(first.base, first.rate), approximate)

    def range(self, first: _Quantity, second: _Quantity, approximate: bool) -> Amount:
        self.finish()
        for one, other in ((first.base, second.base), (first.rate, second.rate)):
            if one and other and one != other:
                self.refuse(f"one end is in {one}, the other in {other}; write both in one unit")
        if first.scale is None and second.scale is not None and first.base_follows:
            self.refuse("the scale of the second end may belong to both; write it at both")
        if first.scale is not None and second.scale is None:
            self.refuse("the first end has a scale and the second has none; write it at both")
        low = self.scaled(first.number, second.scale if first.scale is None else first.scale)
        high = self.scaled(second.number, second.scale)
        if low > high:
            self.refuse(f"its low end {low:f} is above its high end {high:f}; write the scale at both")
        unit = self.joined(first.base or second.base, first.rate or second.rate)
        return Amount(low, high, unit, approximate)

    def quantity(self) -> _Quantity:
        if multiple := self.phrase(_MULTIPLES):
            return _Quantity(Decimal(multiple), None, "times", True, "")
        sign = self.phrase(_SIGNS)
        before = self.exactly(_CURRENCIES) or self.phrase(_CURRENCY_SIGNS)
        sign = sign or (self.phrase(_SIGNS) if before else None)
        number = self.number()
        scale = self.scale()
        after = self.unit(after_of=scale is not None)
        if before and after and before != after:
            self.refuse(f"it has {before} before the number and {after} after it; write one of them")
        base = before or after
        # Decimal's own minus would round.
        number = number.copy_negate() if sign == "-" else number
        return _Quantity(number, scale, base, after is not None, self.rate())

    def number(self) -> Decimal:
        token = self.ahead
        if token.kind == "number":
            self.place += 1
            return self.separated(token.text)
        if least := self.phrase(_SEVERAL):
            self.several = True
            return Decimal(least)
        word = self.phrase(_NUMBERS)
        if word is None:
            self.refuse_ambiguous()
            self.refuse(f"a number is missing before {token.text!r}" if token.kind else "a number is missing")
        return Decimal(word)

    def separated(self, text: str) -> Decimal:
        """Return a number that may have a decimal point or comma, and separators of thousands."""
        if sum(map(str.isdigit, text)) > EXACT.prec:
            self.refuse(f"more than {EXACT.prec} digits")
        if self.numbers is not None:
            by, point = self.numbers[1], self.numbers[5]
            if not re.fullmatch(
                rf"([0-9]+|[0-9]{{1,3}}({re.escape(by)}[0-9]{{3}})+)([{point}][0-9]+)?", text
            ):
                self.refuse(f"{text!r} is not written as {self.numbers!r}, as numbers are here")
            return Decimal(text.replace(by, "").replace(point, "."))
        if re.fullmatch("[1-9][0-9]{0,2}[.,][0-9]{3}", text):
            if self.french:
                whole, fraction = re.sub("[.,]", "", text), text.replace(".", ",").rstrip("0").rstrip(",")
                self.refuse(f"{text!r} can mean {whole} or {fraction} in French; write one of these")
            return Decimal(text.replace(",", ""))
        if match := _GROUPED.fullmatch(text):
            return Decimal(re.sub("[^0-9]", "", match["whole"]) + "." + (match["fraction"] or "0"))
        if re.fullmatch("[0-9]+([.,][0-9]+)?", text):
            return Decimal(text.replace(",", "."))
        self.refuse(f"the separators of {text!r} are put as in no number; write digits and one point")

    def names_money_or_count(self) -> bool:
        """Whether some token does, before any `/` or `per`."""
        for token in self.tokens:
            if token.text in _CURRENCIES or token.key in _CURRENCY_SIGNS or token.key in _CURRENCY_WORDS:
                return True
            if token.key in ("/", "per", "par"):
                break
            if _UNIT_WORDS.get(token.key) == "count":
                return True
        return False

    def scale(self) -> int | None:
        """Return the exponent of ten of the scale words or letter that follow."""
        small = self.phrase(_SMALL_SCALES)
        place = self.place
        if small is not None:
            self.phrase(_OF)
        token = self.ahead
        large = self.phrase(_FRENCH_SCALES if self.french else _SCALES)
        if large is None and token.text in _SCALE_LETTERS:
            if token.text == "M" or self.names_money_or_count():
                self.place += 1
                large = _SCALE_LETTERS[token.text]
            elif token.glued or token.text == "T":
                self.refuse(f"{token.text!r} may be a scale or a unit; write the scale as a word")
        if large is None:
            self.place = place
            return small
        return large + (small or 0)

    def unit(self, *, after_of: bool = False) -> str | None:
        of = after_of and self.phrase(_OF)
        found = self.exactly(_SYMBOLS) or self.exactly(_CURRENCIES)
        for table in (_CURRENCY_WORDS, _UNIT_WORDS, _CURRENCY_SIGNS):
            found = found or self.phrase(table)
        if found:
            return found
        self.refuse_ambiguous()
        if of and not self.ahead.kind:
            self.refuse("it stops before the unit")
        return None

    def refuse_ambiguous(self) -> None:
        if clear := _AMBIGUOUS.get(self.ahead.key):
            self.refuse(f"{self.ahead.text!r} can mean several units; write {clear}")

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
            per = self.phrase(_RATES)
            if per is None and self.phrase(_PER):
                per = self.phrase(_PERIODS) or self.unit()
            if per is None or per in ("percent", "pp", "bp", "times"):
                self.place = place
                break
            rate += f"/{per}"
        return rate

    def scaled(self, number: Decimal, scale: int | None) -> Decimal:
        value = EXACT.normalize(EXACT.scaleb(number, scale or 0))
        if not _fits(value):
            self.refuse(f"it has too many digits to be kept, {KEPT}")
        # Without an exponent, nor the sign of a zero.
        return Decimal(_digits(value))

    def finish(self) -> None:
        token = self.ahead
        if not token.kind:
            return
        if re.fullmatch("[A-Z]{3}", token.text) and token.text not in _CURRENCIES:
            hint = nearest(token.text, {*_CURRENCY_SIGNS.values()}) or nearest(token.text, _CURRENCIES)
            self.refuse(f"{token.text!r} is no ISO 4217 code{hint}")
        units = {*_SYMBOLS, *_CURRENCIES, *_UNIT_WORDS, *_CURRENCY_WORDS, *_SCALES, *_SMALL_SCALES}
        other = {*_PERIODS, *_PER, *_RATES, *_OF, *_BEFORE, *_RANGES, *_RANGES[""], *_RANGES["between"]}
        if token.kind != "word" or not {token.text, token.key}.isdisjoint(units | other):
            self.refuse(f"{token.text!r} has no meaning there")
        hint = nearest(token.key, sorted(word for word in units if len(word) > 2))
        self.refuse(f"unknown unit {token.text!r}{hint}; for a count write the number alone or 'count'")
