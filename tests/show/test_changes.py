"""A comparison has a sign for each change, and marks on the words that differ, whatever room there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.commands import run
from timeline.ask.answers import AsOf
from timeline.cli.output import style_for
from timeline.show.layout import Column, Marked, table_lines
from timeline.show.words import changes_view, differences

ASKED = AsOf(None, 1_772_442_000_250_000, True, None, "latest", "certain")
CLAIMS = st.lists(
    st.sampled_from(
        ["up to", "about", "30", "100", "billion", "USD", "yes", "no", "英伟达", "e\u0301", "\x1b[1m"]
    ),
    max_size=8,
).map(" ".join)
STATUSES = st.sampled_from([None, "planned", "agreed", "cancelled"])


def change(
    kind: str, before: tuple[str | None, str | None], after: tuple[str | None, str | None]
) -> dict[str, Any]:
    row = {"fact": "acme/stake/beta", "change": kind, "valid_from": None, "valid_to": None}
    for side, (claim, status) in (("_from", before), ("_to", after)):
        row |= {f"claim{side}": claim, f"status{side}": status}
    return row


ROWS = [
    change("appeared", (None, None), ("5 million USD", "planned")),
    change("gone", ("6 million USD", "agreed"), (None, None)),
    change("changed", ("up to 100 billion USD", "planned"), ("30 billion USD", "planned")),
    change("changed", ("yes", "agreed"), ("yes", "agreed")),
]


def lines(width: int | None = None, style: Any = None, rows: Any = ROWS) -> list[str]:
    return list(changes_view(ASKED, rows, 0, 1).lines(width, style))


def named(column: str | None, text: str) -> str:
    """Put what a text is styled as around it."""
    return f"<{column}:{text}>" if column in ("appeared", "gone", "changed") else text


def test_each_change_has_a_sign_without_colours() -> None:
    printed = [re.sub(r"^acme/stake/beta +", "", line) for line in lines() if "acme" in line]
    assert printed == [
        "+ appeared  5 million USD, planned",
        "\N{MINUS SIGN} gone      6 million USD, agreed",
        "~ changed   up to 100 billion USD, planned → 30 billion USD, planned",
        "= repeated  yes, agreed (same claim again)",
    ]


def test_the_words_that_differ_are_marked() -> None:
    printed = "\n".join(lines(style=named))
    assert "<appeared:5 million USD, planned>" in printed
    assert "<gone:6 million USD, agreed>" in printed
    assert "<gone:up to 100> billion USD, planned → <appeared:30> billion USD, planned" in printed


def test_other_formats_have_neither() -> None:
    printed = "\n".join(changes_view(ASKED, ROWS, 0, 1).markdown())
    assert "| appeared | 5 million USD, planned |" in printed
    assert "| gone | 6 million USD, agreed |" in printed
    assert "| repeated | " in printed


class Terminal:
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("column", ["status", "effect"])
def test_what_a_status_is_called_has_a_colour_of_its_own(
    column: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    style = style_for(Terminal())  # type: ignore[arg-type]
    assert style is not None
    assert style(column, "cancelled") == "\x1b[31mcancelled\x1b[0m"
    assert style("change", "\N{MINUS SIGN} gone") == "\x1b[31m\N{MINUS SIGN} gone\x1b[0m"
    assert style("change", "= repeated") == "= repeated"
    assert style("appeared", "30") == "\x1b[32m30\x1b[0m"


@given(
    st.lists(st.tuples(st.sampled_from(["appeared", "gone", "changed"]), CLAIMS, STATUSES, CLAIMS, STATUSES)),
    st.integers(1, 120) | st.none(),
)
@example([("changed", "e\u0301 100", "agreed", "英伟达 100", None)], 12)
def test_colours_change_no_sign_at_any_width(changes: Any, width: int | None) -> None:
    rows = [change(kind, (one, was), (other, now)) for kind, one, was, other, now in changes]
    plain = lines(width, None, rows)
    coloured = lines(width, lambda _, text: f"\x1b[1m{text}\x1b[0m", rows)
    assert [re.sub(r"\x1b\[\dm", "", line) for line in coloured] == plain


@given(CLAIMS, st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=4), st.integers(1, 60))
def test_marks_stay_on_their_words_where_lines_break(text: str, given: Any, width: int) -> None:
    marks, at = [], 0
    for gap, length in given:
        start, end = at + gap, min(at + gap + length, len(text))
        if start < end:
            marks.append((start, end, "appeared"))
            at = end
    wanted = "".join(text[start:end] for start, end, _ in marks)
    seen: list[str] = []

    def style(column: str | None, part: str) -> str:
        seen.extend([part] if column == "appeared" else [])
        return part

    list(table_lines([Column("claim")], [[Marked.of(text, marks)]], width, style=style))
    found, expected = ("".join(each.split()) for each in ("".join(seen), wanted))
    assert found == expected.replace("\x1b", "\ufffd")


@given(CLAIMS, CLAIMS)
@example("a " * 400, "b " * 400)
def test_what_is_not_marked_is_the_same_on_both_sides(one: str, other: str) -> None:
    def rest(text: str, spans: list[tuple[int, int]]) -> list[str]:
        for start, end in reversed(spans):
            assert text[start:end].strip() == text[start:end] != ""
            text = f"{text[:start]} {text[end:]}"
        return text.split()

    gone, appeared = differences(one, other)
    assert rest(one, gone) == rest(other, appeared)
    assert (gone, appeared) == ([], []) or one.split() != other.split()


def test_a_file_and_a_pipe_have_signs_and_no_colours(recorded_project: Path, tmp_path: Path) -> None:
    command = ["diff", "2025-10-15", "2026-02-28", "nvidia/*"]
    piped = run(recorded_project, command, COLUMNS="400")
    assert run(recorded_project, [*command, "--output", str(tmp_path / "diff.txt")]).code == 0
    written = (tmp_path / "diff.txt").read_text(encoding="utf-8")
    for text in (piped.out, written):
        assert "\x1b" not in text
        assert "~ changed   up to 100 billion USD, letter-of-intent → 30 billion USD, in-negotiation" in text
    for form in ("markdown", "json", "jsonl", "csv"):
        other = run(recorded_project, [*command, "--format", form]).out
        assert "appeared" in other
        assert "+ appeared" not in other
