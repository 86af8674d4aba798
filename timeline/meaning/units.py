"""Units as they are kept, and what else they are called in every language."""

from __future__ import annotations

from typing import Final, TypeVar

__all__ = ["AMBIGUOUS", "DENOMINATORS", "MASSES", "PERIODS", "SPELLED", "SYMBOLS", "WORDS", "each", "words"]

_Found = TypeVar("_Found")


def each(value: _Found, phrases: str) -> dict[str, _Found]:
    """Return a table in which each of the phrases, separated by commas, has that value.

    >>> each("t", "tonne, metric tons")
    {'tonne': 't', 'metric tons': 't'}
    """
    return dict.fromkeys(phrases.split(", "), value)


def words(text: str) -> frozenset[str]:
    """Return the set of the words of a text."""
    return frozenset(text.split())


#: What is weighed, alone or as so much of a gas.
MASSES: Final = ("g", "kg", "t", "kt", "Mt", "Gt")
#: Units as they are kept, case and all.
SYMBOLS: Final = words(
    # shares and figures
    "percent pp bp times count points index ppm ppb"
    # power and energy
    " W kW MW GW TW Wh kWh MWh GWh TWh PWh J kJ MJ GJ TJ PJ EJ kWp MWp GWp kVA MVA Btu MMBtu toe Mtoe"
    " boe therm"
    # mass, and what is emitted
    " g kg t kt Mt Gt mg µg lb oz ozt CO2 CO2e"
    # length, area, volume
    " nm µm mm cm m km mi ft m² km² ha acre ft² m³ km³ L mL bbl gal Mcf Bcf Tcf"
    # frequency, data, computing
    " Hz kHz MHz GHz kB MB GB TB PB EB kbit Mbit Gbit Tbit FLOP FLOPS GFLOPS TFLOPS PFLOPS EFLOPS TOPS qubit"
    # time, temperature, pressure and others
    " ms µs s min h d week month quarter year °C °F Pa kPa MPa hPa bar dB TEU dwt"
    # what markets trade besides money
    " BTC ETH SOL XRP USDT USDC"
) | frozenset(f"{mass}{gas}" for mass in MASSES for gas in ("CO2", "CO2e"))
#: Units that stand in a rate alone: by themselves these are counted.
DENOMINATORS: Final = frozenset(("share",))

#: Other ways to write a symbol, case and all.
SPELLED: Final = {
    **{"MWH": "MWh", "Mwh": "MWh", "MHZ": "MHz", "Mhz": "MHz", "GJ.": "GJ", "KG": "kg", "mmBtu": "MMBtu"},
    **{
        "MMBTU": "MMBtu",
        "Mbps": "Mbit/second",
        "Gbps": "Gbit/second",
        "Tbps": "Tbit/second",
    },
    **{"\u03bcm": "µm", "\u03bcg": "µg", "\u03bcs": "µs", "um": "µm", "ug": "µg"},
    **{"° C": "°C", "° F": "°F", "m2": "m²", "m3": "m³", "km2": "km²", "km3": "km³", "ft2": "ft²"},
    **{"\u2103": "°C", "\u2109": "°F", "ºC": "°C", "ºF": "°F", "mt CO2": "tCO2"},
}
#: The same in any case: no other unit is spelled like them.
WORDS: Final = {
    **each("percent", "%, pct"),
    **each("bp", "bps, bp"),
    **each("times", "x, ×"),
    **{"w": "W", "kw": "kW", "gw": "GW", "tw": "TW", "wh": "Wh", "kwh": "kWh", "gwh": "GWh", "twh": "TWh"},
    **{
        "kwp": "kWp",
        "gwp": "GWp",
        "btu": "Btu",
        "mtoe": "Mtoe",
        "kg": "kg",
        "km": "km",
        "cm": "cm",
        "hz": "Hz",
    },
    **{
        "khz": "kHz",
        "ghz": "GHz",
        "l": "L",
        "ml": "mL",
        "mmbtu": "MMBtu",
        "sq ft": "ft²",
        "sq m": "m²",
        "sq km": "km²",
        "lbs": "lb",
        "lb": "lb",
        "teu": "TEU",
        "teus": "TEU",
    },
    **{"flops": "FLOPS", "gflops": "GFLOPS", "tflops": "TFLOPS", "pflops": "PFLOPS", "eflops": "EFLOPS"},
    **{"ppm": "ppm", "ppmv": "ppm", "ppb": "ppb", "sqm": "m²", "sqft": "ft²", "dwt": "dwt", "ha": "ha"},
    **each("BTC", "btc, bitcoin, bitcoins"),
    **each("ETH", "eth, ether"),
    **{"bpd": "bbl/day", "boepd": "boe/day", "usdt": "USDT", "usdc": "USDC", "xrp": "XRP"},
}

#: How periods are kept in a rate.
PERIODS: Final = {"second": "s", "minute": "min", "hour": "h", "day": "d"}

#: Refused, with what to write instead: in another case, or another country, they are something else.
AMBIGUOUS: Final = {
    **each("MW or MWh if mega is meant", "mw, mwh"),
    **{"mhz": "MHz if mega is meant", "mj": "MJ if mega is meant", "mpa": "MPa if mega is meant"},
    **{"kb": "kB (bytes) or kbit", "mb": "MB (bytes) or Mbit", "gb": "GB (bytes) or Gbit"},
    **{"tb": "TB (bytes) or Tbit", "pb": "PB (bytes)", "mt": "t (1000 kg) or Mt (a million of them)"},
    **{"gt": "Gt (a billion tonnes)", "ppt": "pp (percentage points)", "mwp": "MWp if mega is meant"},
}
