"""Currencies: codes, signs, and which of them mean several things."""

from __future__ import annotations

from typing import Final

from timeline.meaning.units import words

__all__ = ["CODES", "FAMILIES", "FOLDED", "HUNDREDTHS", "PREFIXES", "SIGNS", "TWINS", "WITHOUT_CENTS"]

# ISO 4217: active codes, then some withdrawn ones, for what was reported while they were in use.
CODES: Final = words(
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD"
    " CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP"
    " GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR"
    " KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN"
    " MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD"
    " SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX"
    " USD USN UYI UYU UYW UZS VED VES VND VUV WST XAD XAF XAG XAU XCD XCG XDR XOF XPD XPF XPT XSU XUA"
    " YER ZAR ZMW ZWG ANG ATS BEF BGN CUC CYP DEM EEK ESP FIM FRF GRD HRK IEP ITL LTL LUF LVL MTL NLG"
    " PTE SIT SKK SLL VEF ZWL"
)
#: Nobody writes decimals of these: they have no smaller unit, or none that is in use.
WITHOUT_CENTS: Final = words(
    "BIF CLP COP CRC DJF GNF HUF IDR IQD IRR ISK ITL JPY KHR KMF KPW KRW LAK LBP MGA MMK MNT PTE PYG"
    " RSD RWF SLL SOS SYP TZS UGX UZS VND VUV XAF XOF XPF YER"
)
#: What exchanges quote in hundredths, by the case of a letter or by codes of their own.
HUNDREDTHS: Final = {"GBp": "GBP", "GBX": "GBP", "ZAc": "ZAR", "ZAC": "ZAR", "ILA": "ILS"}
#: In another case these may be the currency or its hundredth.
TWINS: Final = {
    "gbp": "GBP (pounds) or GBp (pence)",
    "zac": "ZAR (rand) or ZAc (cents)",
    "gbx": "GBX (pence)",
}
#: Codes that mean the same however they are written: no hundredth, unit or word is spelled like them.
FOLDED: Final = {
    code.lower(): code
    for code in (
        *("USD", "EUR", "JPY", "CNY", "CHF", "CAD", "AUD", "INR", "HKD", "NZD", "SGD", "KRW", "TWD", "BRL"),
        *("MXN", "NOK", "SEK", "DKK", "PLN", "CZK", "HUF", "RUB", "ZAR", "AED", "THB", "IDR", "VND"),
    )
}
#: Before or after a number, by their text in lower case.
SIGNS: Final = {
    **{
        "$": "USD",
        "us$": "USD",
        "us $": "USD",
        "usd$": "USD",
        "u$s": "USD",
        "u$d": "USD",
        "€": "EUR",
        "£": "GBP",
    },
    **{"c$": "CAD", "ca$": "CAD", "can$": "CAD", "a$": "AUD", "au$": "AUD", "hk$": "HKD", "nz$": "NZD"},
    **{"s$": "SGD", "nt$": "TWD", "r$": "BRL", "mx$": "MXN", "rmb": "CNY", "cn¥": "CNY", "jp¥": "JPY"},
    **{"₹": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY", "₫": "VND", "₴": "UAH", "₪": "ILS", "₦": "NGN"},
    **{"฿": "THB", "₱": "PHP", "₵": "GHS", "₸": "KZT", "₡": "CRC", "zł": "PLN"},
}
#: Before a number alone: elsewhere they are other things.
PREFIXES: Final = {"R": "ZAR"}
#: Which currencies a sign may be of, where a code beside it says which.
FAMILIES: Final = {
    "$": words(
        "USD CAD AUD NZD HKD SGD TWD MXN ARS CLP COP UYU DOP CUP BBD BZD BMD BSD BND FJD GYD JMD KYD LRD"
        " NAD SBD SRD TTD XCD ZWL BRL"
    ),
    "£": words("GBP EGP GIP FKP SHP SYP LBP SSP IEP"),
    "¥": frozenset(("JPY", "CNY")),
    "rs": words("INR PKR LKR NPR MUR SCR"),
}
