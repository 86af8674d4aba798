"""Tables lose nothing and fit, and every format says exactly what the row says."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from timeline.ask.answers import Answer, AsOf, plain
from timeline.meaning.fact import fact_key
from timeline.printable import visible
from timeline.show.formats import (
    csv_lines,
    document,
    json_lines,
    markdown_lines,
    shown,
    write_parquet,
)
from timeline.show.layout import Column, pairs, table_lines, width_of, wrapped

TEXT = st.text(
    alphabet=st.one_of(
        st.characters(codec="utf-8", exclude_characters="\r\n"),
        st.sampled_from(" /-@é英伟达\u0301\u202e\x1b"),
    ),
    max_size=40,
)
END_OF_DAY = datetime.fromisoformat("2025-09-30T23:59:59.999999")


# Values


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("25000000000.000000000"), "25000000000"),
        (Decimal("0.500000000"), "0.5"),
        (Decimal("0E-9"), "0"),
        (Decimal("12345678901234567890123456789.123456789"), "12345678901234567890123456789.123456789"),
        (Decimal("-100"), "-100"),
        (END_OF_DAY, "2025-09-30T23:59:59.999999Z"),
        (END_OF_DAY.replace(tzinfo=UTC), "2025-09-30T23:59:59.999999Z"),
        (datetime.fromisoformat("2025-09-01T00:00"), "2025-09-01T00:00:00Z"),
        (date(2025, 9, 1), "2025-09-01"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (1.5, 1.5),
        (True, True),
        (None, None),
        ([Decimal(1), None], ["1", None]),
        ({"at": END_OF_DAY}, {"at": "2025-09-30T23:59:59.999999Z"}),
        (b"\x00\xff", "00ff"),
        (timedelta(days=1), "1 day"),
    ],
)
def test_json_keeps_every_digit(value: object, expected: object) -> None:
    assert plain(value) == expected


def test_people_see_the_last_instant_of_a_day_as_that_day() -> None:
    assert shown(END_OF_DAY) == "2025-09-30"
    assert shown(datetime.fromisoformat("2025-09-30T00:00")) == "2025-09-30T00:00:00Z"
    assert shown(END_OF_DAY - timedelta(microseconds=1)) == "2025-09-30T23:59:59.999998Z"


# Formats

ASKED = AsOf(0, 1, False, None, "latest", "certain")
NAMES = ["fact", "amount", "claim"]
ROWS = [("a/b", Decimal("1.500000000"), 'say "no", or\nyes'), ("c/d", None, "")]


def test_a_document_names_every_axis_and_is_json() -> None:
    read = json.loads("\n".join(document(ASKED, NAMES, ROWS, {"within": None})))
    assert list(read) == ["as_of", "recorded_as_of", "valid_at", "basis", "policy", "within", "rows"]
    assert read["as_of"] == "1970-01-01T00:00:00Z"
    assert read["rows"] == [
        {"fact": "a/b", "amount": "1.5", "claim": 'say "no", or\nyes'},
        {"fact": "c/d", "amount": None, "claim": ""},
    ]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_document_of_any_length_is_json(count: int) -> None:
    assert len(json.loads("\n".join(document(None, NAMES, ROWS[:count])))["rows"]) == count


def test_json_lines_are_one_a_row() -> None:
    assert [json.loads(line)["fact"] for line in json_lines(NAMES, ROWS)] == ["a/b", "c/d"]


def test_csv_distinguishes_an_empty_text_from_none() -> None:
    lines = list(csv_lines(["text", "none"], [("", None), (" x", "é")]))
    assert lines == ["text,none", '"",', '" x",é']


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
def test_csv_reads_back(rows: list[tuple[str, str]]) -> None:
    text = "".join(f"{line}\n" for line in csv_lines(["one", "two"], rows))
    assert [tuple(row) for row in csv.reader(io.StringIO(text, newline=""), strict=True)][1:] == rows


def test_markdown_stays_a_table() -> None:
    lines = list(markdown_lines(["fact"], [("a|b\n*c*",)]))
    assert lines == ["| fact |", "| --- |", "| a\\|b \\*c\\* |"]


def test_parquet_keeps_types(tmp_path: Path) -> None:
    query = (
        "SELECT 'a/b' AS fact, 1.5::DECIMAL(38, 9) AS amount, true AS sure, ['x', NULL] AS aliases, "
        "TIMESTAMP '2025-09-30 23:59:59.999999' AS reported_at, 3 AS n, NULL::VARCHAR AS none, "
        "DATE '2025-09-01' AS day, {'a': 1} AS other UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, "
        "NULL, NULL, NULL, NULL"
    )
    con = duckdb.connect()
    con.execute(query)
    described = con.description or []
    table = Answer.of([c[0] for c in described], [str(c[1]) for c in described], con.fetchall())
    write_parquet(table, tmp_path / "x.parquet")
    schema = {field.name: str(field.type) for field in pq.read_schema(tmp_path / "x.parquet")}
    assert schema == {
        "fact": "string",
        "amount": "decimal128(38, 9)",
        "sure": "bool",
        "aliases": "list<element: string>",
        "reported_at": "timestamp[us]",
        "n": "int32",
        "none": "string",
        "day": "date32[day]",
        "other": "string",
    }
    con.execute(f"SELECT * EXCLUDE (other) FROM '{tmp_path / 'x.parquet'}'")
    assert con.fetchall() == [row[:-1] for row in table.rows]


def test_parquet_of_no_rows_still_has_its_columns(tmp_path: Path) -> None:
    write_parquet(Answer.of(["fact", "amount"], ["VARCHAR", "DECIMAL(38,9)"], []), tmp_path / "x.parquet")
    assert pq.read_table(tmp_path / "x.parquet").column_names == ["fact", "amount"]


# Tables


@given(TEXT, st.integers(2, 30))
@example(" 00000", 5)
def test_wrapping_fits_and_loses_nothing(text: str, width: int) -> None:
    lines = wrapped(visible(text), width)
    assert all(width_of(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(visible(text).split())


@given(st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=6), st.integers(40, 90), st.integers(0, 2))
def test_a_table_fits_and_loses_nothing(rows: list[tuple[str, str, str]], width: int, headed: int) -> None:
    columns = [Column("fact"), Column("claim", whole=True), Column("sum", right=True)]
    lines = list(table_lines(columns, rows, width, headed=headed))
    assert all(width_of(line) <= width for line in lines)
    signs = sorted("".join("".join(lines).split()))
    for row in rows:
        for cell in row[headed:]:
            for sign in set("".join(visible(cell).split())):
                assert signs.count(sign) >= visible(cell).count(sign)


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=4))
def test_colour_changes_nothing_but_colour(rows: list[tuple[str, str]]) -> None:
    columns = [Column("fact"), Column("claim")]

    def style(column: str | None, text: str) -> str:
        return f"<{text}>"

    coloured = list(table_lines(columns, rows, 40, style=style, headed=1))
    bare = list(table_lines(columns, rows, 40, headed=1))
    # The angle brackets of the texts themselves are removed on both sides.
    without = str.maketrans("", "", "<>")
    assert [line.translate(without) for line in coloured] == [line.translate(without) for line in bare]


def test_wide_signs_line_up() -> None:
    lines = list(table_lines([Column("name"), Column("x")], [("英伟达", "1"), ("nvidia", "2")]))
    assert lines == ["name    x", "英伟达  1", "nvidia  2"]


def test_a_fact_heads_its_rows_where_they_do_not_fit_beside_it() -> None:
    columns = [Column("fact"), Column("claim"), Column("origin")]
    rows = [("nvidia/investment/openai", "30 billion USD", "gate"), ("nvidia/investment/openai", "no", "ft")]
    assert list(table_lines(columns, rows, 30, headed=1)) == [
        "fact",
        "  claim           origin",
        "nvidia/investment/openai",
        "  30 billion USD  gate",
        "  no              ft",
    ]


def test_what_does_not_fit_at_all_has_a_line_a_cell() -> None:
    columns = [Column(f"column_{n}") for n in range(9)]
    lines = list(table_lines(columns, [[str(n) for n in range(9)]] * 2, 60))
    assert lines[:3] == ["column_0  0", "column_1  1", "column_2  2"]
    assert lines[9] == ""


def test_an_empty_table_is_its_header() -> None:
    assert list(table_lines([Column("fact"), Column("claim")], [], 80)) == ["fact  claim"]


def test_no_control_character_reaches_a_terminal() -> None:
    every = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0), 0x202E, 0x2066, 0xD800]))
    lines = [*table_lines([Column("fact")], [(every,)], 80), *pairs([("claim", every)], 80)]
    assert all(line.isprintable() for line in lines)


def test_combining_signs_take_no_room() -> None:
    assert [width_of(text) for text in ("e\u0301", "\u200b", "👩", "ｱ", "")] == [1, 0, 2, 1, 0]


# Facts as people type them


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        (None, None),
        ("nvidia/ceo", "nvidia/ceo"),
        ("nvidia/revenue@2024-01/2024-12", "nvidia/revenue@2024"),
        ("nvidia/revenue@2024-33", "nvidia/revenue@2024-01/2024-03"),
        ("nvidia/*@2024-01/2024-12", "nvidia/*@2024-01/2024-12"),
        ("nvidia/revenue@soon", "nvidia/revenue@soon"),
        ("zoe\u0308/ceo", "zo\u00eb/ceo"),
    ],
)
def test_a_fact_is_looked_up_in_its_one_form(typed: str | None, known: str | None) -> None:
    assert fact_key(typed) == known


def test_signs_that_are_shown_as_one_line_up() -> None:
    family, flag, accent = "👨\u200d👩\u200d👧\u200d👦", "🇫🇷", "e\u0301"
    assert [width_of(text) for text in (family, flag, accent, "⚠\ufe0f")] == [2, 2, 1, 2]
    rows = [[family, "x"], [flag, "x"], [accent, "x"], ["plain", "x"]]
    lines = list(table_lines([Column("name"), Column("b")], rows, width=40))
    assert {width_of(line.rpartition("x")[0]) for line in lines if "x" in line} == {len("plain") + 2}
    # A character is never split where a word has to be broken.
    assert wrapped(family * 3, 4) == [family * 2, family]


def test_a_text_of_a_megabyte_is_wrapped_and_fitted() -> None:
    long = "x" * 999_999 + "y"
    lines = wrapped(f"note: {long}", 80, "  ")
    assert lines[0] == "note: " + "x" * 74
    assert max(map(len, lines)) == 80
    assert "".join(line.removeprefix("  ") for line in lines[1:]) == long[74:]
    table = list(table_lines([Column("fact"), Column("claim")], [["acme/note", long]], 60))
    assert max(map(len, table)) <= 60
    assert "".join(line.split()[-1] for line in table if "x" in line or "y" in line) == long
