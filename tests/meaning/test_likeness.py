"""Names that are likely one: twins, and slips of the finger."""

# Names in this file look like others on purpose.
# ruff: noqa: RUF001

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from timeline.meaning.likeness import alias_key, difference, is_slip, skeletons, trimmed

TWINS = [
    ("NVIDIA", "nvidia", "case"),
    ("ｎｖｉｄｉａ", "nvidia", "width"),
    ("café", "cafe", "accents"),
    ("Łódź", "Lodz", "accents"),
    ("Mærsk", "Maersk", "accents"),
    ("Straße", "STRASSE", "case"),
    ("Москва", "МОСКВА", "case"),
    ("nvidiа", "nvidia", "letters that look alike (U+0430 CYRILLIC SMALL LETTER A)"),
    ("аpple", "apple", "letters that look alike (U+0430 CYRILLIC SMALL LETTER A)"),
    ("ΝVIDIA", "NVIDIA", "letters that look alike (U+039D GREEK CAPITAL LETTER NU)"),
    ("ΝVIDIA", "nvidia", "letters that look alike (U+039D GREEK CAPITAL LETTER NU) and case"),
    ("оpenai", "openai", "letters that look alike (U+043E CYRILLIC SMALL LETTER O)"),
    ("οpenai", "openai", "letters that look alike (U+03BF GREEK SMALL LETTER OMICRON)"),
    ("Iran", "lran", "letters that look alike"),
    # Of the signs that differ those are named that look like others.
    ("nvidiаé", "nvidiae", "letters that look alike (U+0430 CYRILLIC SMALL LETTER A) and accents"),
    ("Novo\u00a0Nordisk", "Novo Nordisk", "width"),
    ("Ｎvidiá", "nvidia", "width, case and accents"),
    (
        "Ｎvidiаé",
        "nvidiae",
        "width, letters that look alike (U+0430 CYRILLIC SMALL LETTER A), case and accents",
    ),
]
APART = [
    *(("nvidia", "nvidea"), ("gate-1", "gate-2"), ("a", "b"), ("ceo", "cfo"), ("日本", "日木"), ("x5", "xs")),
    *(("g00gle", "google"), ("open-ai", "openai")),
]
SLIPS = [
    *(("nvidai", "nvidia"), ("nvida", "nvidia"), ("nvidiaa", "nvidia"), ("nvidea", "nvidia")),
    *(("openia", "openai"), ("open-ai", "openai"), ("jensen-haung", "jensen-huang"), ("acmee", "acme")),
    *(("acm", "acme"), ("Reuter", "Reuters"), ("gate-2026-02-20", "gatte-2026-02-20"), ("Москвa", "Москва")),
    *(
        ("revenues", "revenue"),
        ("softbank group", "softbankgroup"),
        ("https://gate.com/1", "https://gaet.com/1"),
        ("NVIDIA", "NVIDEA"),
    ),
]
NO_SLIPS = [
    *(
        ("t", "f"),
        ("ge", "gm"),
        ("ceo", "cfo"),
        ("AAPL", "AAPC"),
        ("NVDA", "NVDS"),
        ("GOOGL", "GOOGM"),
        ("q3", "q4"),
        ("a", "ab"),
    ),
    *(
        ("gate-2026-02-20", "gate-2026-02-21"),
        ("gate-2026-02-2", "gate-2026-02-21"),
        ("http://x/1", "http://x/2"),
    ),
    *(("http://x/1", "http://x/11"), ("2024", "2025"), ("model-s", "model-x"), ("series-a", "series-b")),
    *(("deepseek-r1", "deepseek-v1"), ("report-en", "report-fr"), ("nvidia", "nvidia"), ("nvidia", "openai")),
    *(("desk-12", "desk-21"), ("gpt-4", "gpt-4o"), ("nyse:t", "nyse:f"), ("entity-0001", "entity-0010")),
]


@pytest.mark.parametrize(("name", "other", "words"), TWINS)
def test_twins(name: str, other: str, words: str) -> None:
    assert skeletons(name) & skeletons(other)
    assert difference(name, other) == words
    assert difference(other, name) == words


@pytest.mark.parametrize(("name", "other"), APART)
def test_names_that_are_no_twins(name: str, other: str) -> None:
    assert not skeletons(name) & skeletons(other)


@pytest.mark.parametrize(("name", "other"), SLIPS)
def test_slips(name: str, other: str) -> None:
    assert is_slip(name, other)
    assert is_slip(other, name)


@pytest.mark.parametrize(("name", "other"), NO_SLIPS)
def test_names_that_differ_for_good_reason(name: str, other: str) -> None:
    assert not is_slip(name, other)
    assert not is_slip(other, name)


_NAMES = st.text("abAIl|-é1оＡ ß", min_size=1, max_size=8)


@given(_NAMES, _NAMES)
def test_twins_and_slips_are_so_both_ways(name: str, other: str) -> None:
    assert bool(skeletons(name) & skeletons(other)) == bool(skeletons(other) & skeletons(name))
    assert is_slip(name, other) == is_slip(other, name)
    assert skeletons(name) & skeletons(name)
    assert not is_slip(name, name)


@given(
    st.text("abcdef", min_size=4, max_size=8), st.integers(0, 7), st.sampled_from("xyz"), st.integers(0, 3)
)
def test_every_slip_is_found_by_what_it_leaves(name: str, at: int, letter: str, kind: int) -> None:
    at = min(at, len(name) - 1)
    swapped = name[:at] + name[at + 1 : at + 2] + name[at] + name[at + 2 :]
    other = [
        name[:at] + letter + name[at:],
        name[:at] + name[at + 1 :],
        name[:at] + letter + name[at + 1 :],
        swapped,
    ][kind]
    assume(other != name)
    assert is_slip(name, other)
    assert {*trimmed(name)} & {*trimmed(other)}


@given(st.text(max_size=10))
def test_aliases_are_compared_in_nfc_without_case(text: str) -> None:
    for form in ("NFC", "NFD"):
        assert alias_key(unicodedata.normalize(form, text)) == alias_key(text)
    assert alias_key(alias_key(text)) == alias_key(text)
