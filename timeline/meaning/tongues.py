"""The words of amounts in every language; those of English, German and Turkish are here."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from timeline.meaning.romance import FRENCH, ITALIAN, PORTUGUESE, SPANISH
from timeline.meaning.tongue import MAJORITY, SUBUNIT, Tongue, numbers, parts, watts
from timeline.meaning.units import each, words

__all__ = ["TONGUES"]

#: The nouns that are counted, in the singular; plurals take an s.
_COUNTED: Final = (
    "accelerator account aircraft app booking car case chip contract customer death delivery device download"
    " employee engineer event factory gpu home installment investor job loan member model order"
    " parameter part"
    " patent patient person plane player position processor property request robot satellite seat server"
    " share"
    " shop site stake staffer step store student subscriber subscription token tranche transaction trip"
    " unit user"
    " vehicle vessel view visit visitor vote voter wafer warehouse worker"
)

_ENGLISH: Final = Tongue(
    before={
        **each(
            "about", "about, around, roughly, nearly, almost, approximately, approx, some, circa, c, ca, ~, ≈"
        ),
        **each("about", "close to, an estimated, estimated, est, in the region of, in the order of, or so"),
        **each(
            "high", "up to, at most, less than, fewer than, under, below, no more than, not more than, max"
        ),
        **each("high", "as much as, as many as, a maximum of, maximum of, not exceeding, <, ≤, <="),
        **each(
            "low", "at least, more than, over, above, no less than, no fewer than, not less than, well over"
        ),
        **each(
            "low", "upwards of, a minimum of, minimum of, in excess of, exceeding, north of, min, >, ≥, >="
        ),
        **each("low", "greater than, higher than, as little as, as few as"),
        **each("high", "lower than, smaller than, south of"),
        **each("high about", "just under, slightly less than, just below, slightly under, slightly below"),
        **each("low about", "just over, slightly more than, slightly over, just above, a little over"),
    },
    after={
        **each(
            "low", "or more, or higher, or above, or greater, plus, - plus, +, and up, and above, and more"
        ),
        **each("low", "or over, at least, minimum, or better, and over"),
        **each("high", "or less, or fewer, or lower, or below, or under, at most, maximum, max, and under"),
        **each("about", "or so, approximately, or thereabouts"),
    },
    ranges={
        "between": words("and"),
        "from": words("to -"),
        "": words("to -"),
    },
    numbers=numbers(
        "zero=0 one=1 two=2 three=3 four=4 five=5 six=6 seven=7 eight=8 nine=9 ten=10 eleven=11 twelve=12"
        " thirteen=13 fourteen=14 fifteen=15 sixteen=16 seventeen=17 eighteen=18 nineteen=19 twenty=20"
        " thirty=30"
        " forty=40 fifty=50 sixty=60 seventy=70 eighty=80 ninety=90"
    )
    | {"a dozen": Decimal(12), "half a dozen": Decimal(6), "two dozen": Decimal(24)},
    articles=words("a an one"),
    several=each("low", "several, a few"),
    many={
        **{"tens": 1, "hundreds": 2, "thousands": 3, "millions": 6, "billions": 9, "trillions": 12},
    },
    shares={
        **each(MAJORITY, "majority, a majority, the majority"),
        **parts(
            half="half, one half, a half, one - half",
            third="a third, one third, one - third",
            thirds="two thirds, two - thirds",
            quarter="one - quarter",
            quarters="three - quarters",
            fifth="a fifth, one fifth, one - fifth",
            fifths2="two fifths, two - fifths",
            fifths3="three fifths, three - fifths",
            fifths4="four fifths, four - fifths",
            tenth="a tenth, one tenth, one - tenth",
        ),
    },
    halves={
        **each(Decimal("0.5"), "half a, half, a half, one half"),
        **each(Decimal("0.25"), "a quarter of a, quarter of a, a quarter"),
        **each(Decimal("0.75"), "three quarters of a, three - quarters of a"),
        **each(Decimal("1.5"), "one and a half"),
    },
    hundreds=each(2, "hundred, hundreds"),
    thousands=each(3, "thousand, thousands, k"),
    scales={
        **each(6, "million, millions, mn, mln, mio, mil"),
        **each(9, "billion, billions, bn, bln, milliard, milliards, md, mds, mrd, mld"),
        **each(12, "trillion, trillions, tn, trn"),
        **each(15, "quadrillion"),
        **each(5, "lakh, lakhs, lac, lacs"),
        **each(7, "crore, crores, cr"),
    },
    of=words("of"),
    minus=words("minus"),
    currencies={
        **each("USD", "dollar, dollars, us dollars, us dollar, u.s. dollars, u.s. dollar, american dollars"),
        **each("CAD", "canadian dollars, canadian dollar"),
        **each("AUD", "australian dollars, australian dollar"),
        **{"hong kong dollars": "HKD", "new zealand dollars": "NZD", "singapore dollars": "SGD"},
        **{"new taiwan dollars": "TWD", "taiwan dollars": "TWD"},
        **{"euro": "EUR", "euros": "EUR", "yen": "JPY", "yens": "JPY", "japanese yen": "JPY"},
        **each("CNY", "yuan, yuans, renminbi, chinese yuan"),
        **each("GBP", "sterling, pounds sterling, pound sterling, british pounds"),
        **each("CHF", "swiss francs, swiss franc"),
        **{
            "indian rupees": "INR",
            "indian rupee": "INR",
            "pakistani rupees": "PKR",
            "sri lankan rupees": "LKR",
        },
        **{"south korean won": "KRW", "korean won": "KRW", "russian rubles": "RUB", "mexican pesos": "MXN"},
        **{
            "argentine pesos": "ARS",
            "colombian pesos": "COP",
            "chilean pesos": "CLP",
            "philippine pesos": "PHP",
        },
        **{"turkish lira": "TRY", "turkish liras": "TRY", "south african rand": "ZAR", "rand": "ZAR"},
        **{
            "swedish kronor": "SEK",
            "swedish krona": "SEK",
            "norwegian kroner": "NOK",
            "danish kroner": "DKK",
        },
        **{"brazilian reais": "BRL", "reais": "BRL", "polish zloty": "PLN", "zloty": "PLN", "zlotys": "PLN"},
        **{"israeli shekels": "ILS", "shekels": "ILS", "baht": "THB", "ringgit": "MYR", "naira": "NGN"},
        **{"hryvnia": "UAH", "forint": "HUF", "dong": "VND", "rupiah": "IDR", "saudi riyals": "SAR"},
        **{"uae dirhams": "AED", "emirati dirhams": "AED"},
    },
    units={
        **each("percent", "per cent, percent, pct"),
        **each("pp", "percentage point, percentage points, ppts, pps, - percentage point"),
        **each("bp", "basis point, basis points"),
        **each("points", "point, points, pts, index points, index point"),
        **each("times", "fold, - fold, times, - times"),
        **each("t", "tonne, tonnes, metric tons, metric ton, metric tonnes"),
        **{"kilogram": "kg", "kilograms": "kg", "kilos": "kg", "grams": "g", "gram": "g", "megatonnes": "Mt"},
        **{"gigatonnes": "Gt", "gigatons": "Gt", "kilotonnes": "kt"},
        **{
            "metre": "m",
            "metres": "m",
            "meter": "m",
            "meters": "m",
            "miles": "mi",
            "mile": "mi",
            "feet": "ft",
        },
        **each("km", "kilometre, kilometres, kilometer, kilometers"),
        **each("m²", "square metres, square meters"),
        **each("km²", "square kilometres, square kilometers"),
        **each("ft²", "square feet, square foot"),
        **each("m³", "cubic metres, cubic meters"),
        **each("bbl", "barrel, barrels, barrels of oil"),
        **each("boe", "barrels of oil equivalent, boe"),
        **each("gal", "gallon, gallons"),
        **each("L", "litre, litres, liter, liters"),
        **each("oz", "ounce, ounces"),
        **each("ozt", "troy ounce, troy ounces"),
        **each("acre", "acre, acres"),
        **{"hectare": "ha", "hectares": "ha", "therms": "therm", "gigabytes": "GB", "terabytes": "TB"},
        **{"petabytes": "PB", "exabytes": "EB", "megabytes": "MB", "qubits": "qubit", "petaflops": "PFLOPS"},
        **{"exaflops": "EFLOPS", "teraflops": "TFLOPS", "gigahertz": "GHz", "megahertz": "MHz"},
        **each("°C", "degrees celsius, degree celsius, celsius, ° celsius"),
        **each("°F", "degrees fahrenheit, fahrenheit"),
        **each("count", "companies, people, deliveries, factories, properties, stories, staff"),
        **watts("watt, watts", "hour|hours| hour| hours| - hour| - hours"),
    },
    counted=words(_COUNTED),
    periods={
        **each("second", "second, seconds, sec, s"),
        **each("minute", "minute, minutes, min"),
        **each("hour", "hour, hours, hr, h"),
        **each("day", "day, days, d"),
        **each("week", "week, weeks"),
        **each("month", "month, months, mo"),
        **each("quarter", "quarter, quarters"),
        **each("year", "year, years, yr"),
    },
    per=words("/ per a an each every"),
    rates={
        **{"hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month", "quarterly": "quarter"},
        **each("year", "yearly, annually, p.a., per annum"),
    },
    ambiguous={
        **each("GBP (or another code) for money, kg for weight", "pound, pounds"),
        **each("INR, PKR, LKR or NPR", "rupee, rupees, rs"),
        **each("CHF, XOF, XAF or FRF", "franc, francs"),
        **each("MXN, ARS, CLP, COP or PHP", "peso, pesos"),
        **each("SEK, NOK, DKK, ISK or CZK", "krona, kronor, krone, kroner, crowns, kr"),
        **each("KRW or KPW", "won"),
        **each("RUB or BYN", "ruble, rubles, rouble, roubles"),
        **each("the ISO 4217 code", "dinar, dinars, dirham, dirhams, riyal, riyals, lira, shillings"),
        **each("t (1000 kg)", "ton, tons"),
        **each(SUBUNIT, "cent, cents, pence, penny, pennies"),
    },
    weak=words("mil cr"),
    dotted=words("c ca approx est pct min max mio mrd mln mld bn mn u.s p.a rs sq no"),
)

_GERMAN: Final = Tongue(
    before={
        **each("about", "etwa, rund, circa, ca, ungefahr, fast, nahezu, beinahe, schatzungsweise, in etwa"),
        **each("high", "bis zu, hochstens, maximal, weniger als, unter, nicht mehr als, max"),
        **each("low", "mindestens, mehr als, uber, wenigstens, nicht weniger als, minimum, min"),
        **each("high about", "knapp"),
        **each("low about", "gut"),
    },
    after={**each("low", "oder mehr, und mehr"), **each("high", "oder weniger")},
    ranges={"zwischen": words("und"), "von": words("bis -"), "": words("bis -")},
    numbers=numbers(
        "null=0 ein=1 eine=1 einen=1 einem=1 einer=1 zwei=2 drei=3 vier=4 funf=5 fuenf=5 sechs=6"
        " sieben=7 acht=8 neun=9"
        " zehn=10 zwolf=12 zwoelf=12 zwanzig=20 dreissig=30 vierzig=40 funfzig=50 hundert=100 tausend=1000"
    ),
    several=each("low", "mehrere, einige"),
    many={"hunderte": 2, "tausende": 3, "millionen": 6, "milliarden": 9},
    shares={
        **each(MAJORITY, "die mehrheit, mehrheit, eine mehrheit"),
        **parts(half="die halfte, halfte", third="ein drittel", thirds="zwei drittel", quarter="ein viertel"),
        **parts(quarters="drei viertel", fifth="ein funftel", tenth="ein zehntel"),
    },
    halves={
        **each(Decimal("0.5"), "eine halbe, einer halben, ein halbe"),
        **each(Decimal("1.5"), "anderthalb, eineinhalb"),
    },
    thousands=each(3, "tausend, tsd"),
    scales={
        **each(6, "million, millionen, mio, mill"),
        **each(9, "milliarde, milliarden, mrd, md, mia"),
        **each(12, "billion, billionen, bio"),
        **each(15, "billiarde, billiarden"),
        **each(18, "trillion, trillionen"),
    },
    of=words("von"),
    minus=words("minus"),
    currencies={
        **each(
            "USD", "dollar, us - dollar, us dollar, us - dollars, amerikanische dollar, amerikanischen dollar"
        ),
        **each("CAD", "kanadische dollar, kanadischen dollar, kanadischer dollar"),
        **each("AUD", "australische dollar, australischen dollar"),
        **each("HKD", "hongkong - dollar, hongkong dollar"),
        **each("EUR", "euro, euros"),
        **{"yen": "JPY", "yuan": "CNY", "renminbi": "CNY"},
        **each("GBP", "pfund sterling, britische pfund, britischen pfund"),
        **each("CHF", "franken, schweizer franken"),
        **each("TRY", "turkische lira"),
        **each("INR", "indische rupien, indischen rupien"),
        **{
            "schwedische kronen": "SEK",
            "norwegische kronen": "NOK",
            "danische kronen": "DKK",
            "zloty": "PLN",
        },
    },
    units={
        **each("percent", "prozent"),
        **each("pp", "prozentpunkt, prozentpunkte, prozentpunkten"),
        **each("bp", "basispunkt, basispunkte, basispunkten"),
        **each("points", "punkt, punkte, punkten, zahler"),
        **each("times", "fach, - fach, mal, - mal"),
        **each("t", "tonne, tonnen"),
        **{"kilogramm": "kg", "kilo": "kg", "gramm": "g", "meter": "m", "kilometer": "km", "hektar": "ha"},
        **{"quadratmeter": "m²", "quadratkilometer": "km²", "kubikmeter": "m³", "liter": "L", "unze": "oz"},
        **each("bbl", "barrel, barrels"),
        **each("oz", "unze, unzen"),
        **each("ozt", "feinunze, feinunzen"),
        **each(
            "count",
            "mitarbeiter, mitarbeitern, mitarbeiterinnen, beschaftigte, beschaftigten, kunden, nutzer,"
            " nutzern, aktien,"
            " aktie, fahrzeuge, fahrzeugen, menschen, personen, arbeitsplatze, arbeitsplatzen, stellen,"
            " stuck, autos,"
            " chips, unternehmen, wohnungen, einwohner, einwohnern, anleger, aktionare, passagiere,"
            " besucher, tokens",
        ),
        **watts("watt", "stunde|stunden"),
    },
    periods={
        **each("second", "sekunde, sekunden"),
        **each("minute", "minute, minuten"),
        **each("hour", "stunde, stunden"),
        **each("day", "tag, tage, tagen"),
        **each("week", "woche, wochen"),
        **each("month", "monat, monate, monaten"),
        **each("quarter", "quartal, quartale, quartalen"),
        **each("year", "jahr, jahre, jahren"),
    },
    per=words("/ pro je"),
    rates={
        **each("year", "jahrlich, im jahr, p.a."),
        **{"monatlich": "month", "im monat": "month", "taglich": "day", "am tag": "day"},
    },
    ambiguous={
        **each("GBP (or another code) for money, kg for weight", "pfund"),
        **each("INR, PKR, LKR or NPR", "rupie, rupien"),
        **each("MXN, ARS, CLP, COP or PHP", "peso, pesos"),
        **each("SEK, NOK, DKK, ISK or CZK", "krone, kronen"),
        **each("RUB or BYN", "rubel"),
        **each(SUBUNIT, "cent, cents, rappen, pfennig"),
    },
    singular=words("billion trillion"),
    singular_below=1,
    weak=words("elf gut mal je max min bin stellen"),
    dotted=words("ca mio mrd mill tsd mia bio max min p.a"),
)

_TURKISH: Final = Tongue(
    before={
        **each("about", "yaklasik, yaklasik olarak, asagi yukari, takriben"),
        **each("high", "en fazla, en cok, azami"),
        **each("low", "en az, asgari"),
    },
    ranges={"": words("- ila ile")},
    numbers=numbers(
        "sifir=0 bir=1 iki=2 uc=3 dort=4 bes=5 alti=6 yedi=7 sekiz=8 dokuz=9 on=10 yuz=100 bin=1000"
    ),
    several=each("low", "birkac"),
    shares={**each(MAJORITY, "cogunluk, cogunlugu"), **parts(half="yarisi, yari")},
    halves={"yarim": Decimal("0.5"), "bir bucuk": Decimal("1.5")},
    hundreds={"yuz": 2},
    thousands=each(3, "bin, b"),
    scales={
        **each(6, "milyon, mn"),
        **each(9, "milyar, mlr"),
        **each(12, "trilyon"),
        **each(15, "katrilyon"),
    },
    minus=words("eksi"),
    currencies={
        **each("USD", "dolar, abd dolari, amerikan dolari"),
        **{"kanada dolari": "CAD", "avustralya dolari": "AUD"},
        **each("EUR", "euro, avro"),
        **each("TRY", "tl, turk lirasi, lira"),
        **each("GBP", "sterlin, ingiliz sterlini"),
        **{"yen": "JPY", "yuan": "CNY", "isvicre frangi": "CHF"},
    },
    units={
        **{"puan": "points", "baz puan": "bp", "yuzde puan": "pp", "ton": "t", "kilogram": "kg", "gram": "g"},
        **{
            "metre": "m",
            "kilometre": "km",
            "metrekare": "m²",
            "kilometrekare": "km²",
            "litre": "L",
            "varil": "bbl",
        },
        **{"ons": "oz", "hektar": "ha", "kat": "times"},
        **each("count", "kisi, calisan, musteri, kullanici, hisse, arac, adet, konut, sirket, yolcu, insan"),
        **watts("vat, watt", "saat| saat"),
    },
    periods={
        **{
            "saniye": "second",
            "dakika": "minute",
            "saat": "hour",
            "gun": "day",
            "hafta": "week",
            "ay": "month",
        },
        **{"ceyrek": "quarter", "yil": "year"},
    },
    per=words("/"),
    ambiguous={**each(SUBUNIT, "kurus"), **each("RUB or BYN", "ruble")},
    weak=words("b on bin bir uc en kat iki bes ay ton lira"),
)

#: By the primary subtag of BCP 47.
TONGUES: Final[Mapping[str, Tongue]] = {
    **{"en": _ENGLISH, "fr": FRENCH, "de": _GERMAN, "es": SPANISH, "it": ITALIAN, "pt": PORTUGUESE},
    "tr": _TURKISH,
}
