"""CSV as Python's own writer makes it reads back equal; what RFC 4180 does not have is refused."""

from __future__ import annotations

import csv
import io
from typing import Literal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from timeline.errors import BadInput, BadRows, Place
from timeline.intake.files import _read

_HEADER = ["fact", "text", "reason"]
_TEXTS = st.text(alphabet="\",;\n\r\t\\ axé'|", max_size=8)


def _rows(content: str) -> list[list[str | None]]:
    found = _read("a.csv", content.encode(), "csv", False).table
    assert isinstance(found, pa.Table)
    return [list(row.values()) for row in found.to_pylist()]


@given(
    rows=st.lists(st.tuples(st.text("ab/", min_size=1, max_size=3), _TEXTS, _TEXTS), max_size=6),
    delimiter=st.sampled_from([",", ";", "\t"]),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
)
def test_what_is_written_reads_back_equal(
    rows: list[tuple[str, str, str]], delimiter: str, end: str, quoting: Literal[0, 1, 2]
) -> None:
    out = io.StringIO(newline="")
    bare = quoting == csv.QUOTE_MINIMAL
    # Python's writer does not quote line ends other than its own.
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n" if bare else end, quoting=quoting)
    writer.writerows([_HEADER, *rows])
    expected = [[None if bare and text == "" else text for text in row] for row in rows]
    assert _rows(out.getvalue()) == expected


def _by_the_rules(content: str) -> list[list[str | None]] | None:
    """Return the rows of a text by RFC 4180, sign by sign, without empty lines; None where it is no CSV."""
    rows: list[list[str | None]] = []
    row: list[str | None] = []
    at = 0
    while at < len(content):
        if not row and content[at] in "\r\n":
            at += 1
            continue
        text: str | None = ""
        if content[at] == '"':
            text, at, is_open = "", at + 1, True
            while is_open:
                if at >= len(content):
                    return None
                if content.startswith('""', at):
                    text, at = text + '"', at + 2
                elif content[at] == '"':
                    at, is_open = at + 1, False
                else:
                    text, at = text + content[at], at + 1
            if at < len(content) and content[at] not in ",\r\n":
                return None
        else:
            start = at
            while at < len(content) and content[at] not in ",\r\n":
                if content[at] == '"':
                    return None
                at += 1
            text = content[start:at] or None
        row.append(text)
        if at < len(content) and content[at] == ",":
            at += 1
            if at == len(content) or content[at] in "\r\n":
                row.append(None)
            else:
                continue
        rows.append(row)
        row = []
        at += 1
    return rows


@given(body=st.text(alphabet='"",,\n\\ax ', max_size=30))
def test_quotes_are_strict(body: str) -> None:
    content = f"fact,text,reason\n{body}"
    expected = _by_the_rules(content)
    if expected is None:
        with pytest.raises(BadInput, match=r"a\.csv:\d+:\d+: not CSV: "):
            _rows(content)
    elif any(len(row) != 3 for row in expected):
        with pytest.raises(BadInput, match="where the header has 3 columns"):
            _rows(content)
    else:
        assert _rows(content) == expected[1:]


@given(
    rows=st.lists(st.tuples(_TEXTS, _TEXTS), min_size=1, max_size=6),
    at=st.integers(min_value=0, max_value=10_000),
)
def test_one_quote_too_many_is_refused(rows: list[tuple[str, str]], at: int) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerows([_HEADER, *(("a/b", *row) for row in rows)])
    content = out.getvalue()
    first = content.index("\n") + 1
    at = first + at % (len(content) - first)
    # No reading of an odd number of quotes is valid.
    with pytest.raises(BadInput, match="not CSV: "):
        _rows(content[:at] + '"' + content[at:])


@given(
    rows=st.lists(
        st.tuples(st.text(";\\ axé'|", max_size=8), st.text("xy ", max_size=8)), min_size=1, max_size=6
    ),
    at=st.integers(min_value=0, max_value=10_000),
)
def test_one_quote_among_fields_without_is_refused_with_its_line(
    rows: list[tuple[str, str]], at: int
) -> None:
    content = "".join(f"{','.join(row)}\n" for row in [_HEADER, *(("a/b", *row) for row in rows)])
    at %= len(content)
    line = content.count("\n", 0, at) + 1
    with pytest.raises(BadInput, match=rf"^a\.csv:{line}(:\d+)?: not CSV: "):
        _rows(content[:at] + '"' + content[at:])


@given(
    rows=st.lists(st.lists(st.text("ab ", min_size=1, max_size=4), min_size=1, max_size=5), max_size=8),
    bare=st.sets(st.integers(0, 8), max_size=3),
)
def test_no_row_is_lost(rows: list[list[str]], bare: set[int]) -> None:
    lines = [",".join(row) for row in rows]
    for nth in bare:
        lines.insert(nth, "")
    content = "\n".join(["fact,text,reason", *lines, ""])
    wrong = [nth for nth, line in enumerate(lines, start=2) if line and line.count(",") != 2]
    if wrong:
        with pytest.raises(BadRows) as caught:
            _rows(content)
        assert [problem.place for problem in caught.value.problems] == [
            Place("a.csv", line) for line in wrong
        ]
    else:
        assert _rows(content) == rows


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            b'a/b,"a \\"x\\" b",s\n',
            "a.csv:2:9: not CSV: text after the quote that closes the field begun on line 2",
        ),
        (b'a/b,"a\\"",s\n', "a.csv:2:5: not CSV: a quote that is never closed"),
        (b'a/b,5" pipe,s\nc/d,7" pipe,s\n', "a.csv:2:6: not CSV: a quote within a field that does not begin"),
        (b"a/b,x,s\na/b,x\0y,s\n", "a.csv:3:6: not CSV: a NUL character"),
    ],
)
def test_what_is_not_csv_is_refused_with_its_place(body: bytes, words: str) -> None:
    with pytest.raises(BadInput) as caught:
        _read("a.csv", b"fact,text,reason\n" + body, "csv", False)
    assert str(caught.value).startswith(words)


@given(
    count=st.integers(2, 5),
    column=st.integers(0, 3),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_rows_between_two_quotes_give_a_warning(count: int, column: int, end: str) -> None:
    lines = [["a/b", f"text {nth}", "r", "s"] for nth in range(count)]
    lines[0][column] = f'"{lines[0][column]}'
    lines[-1][column] += '"'
    content = end.join(["fact,text,reason,source", *map(",".join, lines), "a/b,x,y,z", ""])
    batch = _read("a.csv", content.encode(), "csv", False)
    assert batch.table is not None
    assert batch.table.num_rows == 2
    [warning] = batch.warnings
    name = ["fact", "text", "reason", "source"][column]
    assert warning.startswith(f"a.csv: row 1: {name} is in quotes over {count} lines that look like rows")


def test_a_text_of_several_lines_gives_no_warning() -> None:
    content = b'fact,text,reason\na/b,"one, two\nthree\nfour",x\n'
    assert _read("a.csv", content, "csv", False).warnings == []
