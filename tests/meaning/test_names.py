"""Names: what they may be made of, in Python and in SQL."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from timeline.errors import BadInput
from timeline.index.catalog import sql_object
from timeline.meaning import names
from timeline.meaning.event import event_from
from timeline.meaning.names import check_visible, parse_id, parse_segment

#: Every format character (Cf) of Unicode as Python has it, and what renderers are to ignore, as of 15.1.
FORMAT = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Cf"]
IGNORED = [
    chr(code)
    for first, last in (
        *((0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F)),
        *((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F)),
        *((0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A)),
        (0xE0000, 0xE0FFF),
    )
    for code in range(first, last + 1)
]
IN_LIFE = [
    *("https://www.gate.com/news/detail?id=1&x=[2]*", "10.1000/xyz?a=b*[1]", "@SECGov", "Novo Nordisk A/S"),
    *("日本経済新聞", "a", "x" * 500, "mailto:a@b.org", "Société Générale", "AT&T", "r/wallstreetbets"),
]


@given(
    st.sampled_from([*FORMAT, *IGNORED]),
    st.text("abé日-/", max_size=5),
    st.text("abé日-/", max_size=5),
    st.sampled_from([parse_segment, parse_id, check_visible]),
)
def test_an_invisible_character_is_refused_wherever_it_is(
    sign: str, before: str, behind: str, check: Callable[[str, str], str]
) -> None:
    with pytest.raises(BadInput, match=rf"U\+{ord(sign):04X} "):
        check(f"a{before.replace('/', '')}{sign}{behind.replace('/', '')}b", "name")


@pytest.mark.parametrize(
    "keys",
    [
        {"fact": "nvi\u200bdia/ceo"},
        {"fact": "nvidia/c\u202eeo"},
        {"fact": "nvidia/ceo/x\u00ad"},
        {"subject": "nvi\ufeffdia", "attribute": "ceo"},
        *({"fact": "nvidia/ceo", name: "a\u2060b"} for name in ("source", "origin", "speaker", "key")),
        {"fact": "nvidia/ceo", "text": None, "entity": "jensen\u3164huang"},
        {"fact": "nvidia/ceo", "text": None, "amount": "5", "unit": "U\u200dSD"},
        *({"type": f"{kind}-described", "id": "a\ufe0fb"} for kind in ("source", "entity", "attribute")),
        {"type": "source-described", "id": "a", "origin": "o\U000e0041"},
    ],
)
def test_every_name_of_an_event_is_looked_at(keys: dict[str, object]) -> None:
    event = keys if "type" in keys else {"text": "x", "source": "a"} | keys
    [sign] = [
        sign for value in keys.values() if isinstance(value, str) for sign in value if not sign.isascii()
    ]
    with pytest.raises(BadInput, match=rf"holds U\+{ord(sign):04X} {unicodedata.name(sign)}"):
        event_from({name: value for name, value in event.items() if value is not None}).columns()


def test_texts_and_statements_may_hold_them() -> None:
    row = event_from({"fact": "a/b", "text": "a\u200bb", "statement": "\U0001f468\u200d\U0001f469"}).columns()
    assert (row["text"], row["statement"]) == ("a\u200bb", "\U0001f468\u200d\U0001f469")


@pytest.mark.parametrize("name", IN_LIFE)
def test_an_id_is_what_it_is_in_life(name: str) -> None:
    assert parse_id(name, "source") == name
    row = event_from(
        {"fact": "a/b", "entity": name, "source": name, "origin": name, "speaker": name}
    ).columns()
    assert [row[key] for key in ("source", "origin", "speaker", "text")] == [name] * 4
    for kind in ("source", "entity"):
        assert event_from({"type": f"{kind}-described", "id": name}).columns()["subject"] == name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "is 0 characters long; expected 1 to 500"),
        ("x" * 501, "is 501 characters long; expected 1 to 500"),
        (" x", "begins or ends with a space"),
        ("x\u00a0", "begins or ends with a space"),
        ("a\tb", "holds a control character"),
        ("a\u2028b", "holds a control character"),
    ],
)
def test_ids_that_are_refused(name: str, words: str) -> None:
    with pytest.raises(BadInput, match=re.escape(words)):
        parse_id(name, "source")


def test_only_the_parts_of_a_fact_are_narrow() -> None:
    for keys in ({"fact": "a*/b"}, {"subject": "a/b", "attribute": "c"}, {"fact": "a/b/c?"}):
        with pytest.raises(BadInput, match=r"none of / @ \* \? \[ \] may be in it"):
            event_from(keys | {"text": "x", "source": "s"}).columns()
    with pytest.raises(BadInput, match="holds '/'"):
        event_from({"type": "attribute-described", "id": "a/b"}).columns()


def test_sql_judges_every_character_as_python_does() -> None:
    def fits(check: Callable[[str, str], str], text: str) -> bool:
        try:
            check(text, "name")
        except BadInput:
            return False
        return True

    texts = [
        text
        for code in range(1, 0x110000)
        if not 0xD800 <= code < 0xE000
        for text in ((chr(code), f"a{chr(code)}b") if code < 0x10000 else (f"a{chr(code)}b",))
    ]
    texts += ["", "x" * 200, "x" * 201, "é" * 500, "é" * 501, "a\nb\u200b", "\u200b\n"]
    with duckdb.connect() as con:
        for macro in ("is_visible", "is_id", "is_segment"):
            con.execute(sql_object(f"intake/{macro}"))
        con.register("texts", pa.table({"name": texts}))
        found = con.execute(
            "SELECT name, is_visible(name), is_id(name), is_segment(name) FROM texts"
        ).fetchall()
    checks = (check_visible, parse_id, parse_segment)
    for name, *judged in found:
        assert judged == [fits(check, name) for check in checks], ascii(name)


def test_what_is_hidden_is_what_unicode_has_as_such() -> None:
    missed = [sign for sign in {*FORMAT, *IGNORED} if not names._HIDDEN.search(sign)]
    assert missed == []
    seen = [
        chr(code)
        for code in range(0x110000)
        if names._HIDDEN.search(chr(code))
        and unicodedata.category(chr(code)) in ("Ll", "Lu", "Nd", "Po", "Sm")
    ]
    assert seen == []
