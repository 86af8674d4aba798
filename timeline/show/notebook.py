"""Answers as a shell and a notebook show them: each in a line, and as HTML.

The values themselves call these functions, for `repr` and for a notebook's display.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from timeline.represent import block, bullets, counted, cut, folded, one_line, paragraph, record, table
from timeline.show.formats import shown
from timeline.show.layout import printed_width
from timeline.show.words import (
    NOTHING,
    asked_in_words,
    belief_card,
    day,
    fact_of,
    history_view,
    said_of,
    since_of,
    story,
    story_of,
    valid_of,
)

if TYPE_CHECKING:
    from timeline.ask.answers import AsOf, Belief, Rows, Why

__all__ = [
    "answer_html",
    "answer_line",
    "belief_html",
    "belief_line",
    "why_html",
    "why_line",
    "why_text",
]

#: A notebook shows so many rows and columns of a table, and counts the rest.
ROWS_AT_MOST: Final = 20
_COLUMNS_AT_MOST: Final = 40


# A belief


def belief_line(belief: Belief) -> str:
    """Return a belief as one line: its fact, claim and status, and since when it is believed."""
    return one_line("Belief", f"{cut(fact_of(asdict(belief)))}: {_believed(asdict(belief))}")


def _believed(row: dict[str, Any]) -> str:
    parts = [cut(said_of(row))]
    if valid := valid_of(row):
        parts.append(f"valid {valid}")
    if since := since_of(row):
        parts.append(f"believed since {since}")
    return ", ".join(filter(None, parts))


def belief_html(belief: Belief) -> str:
    """Return a belief as HTML: everything about it, as names and values."""
    row = asdict(belief)
    fact = fact_of(row)
    return block([paragraph(fact, strong=True), record(belief_card(None, row))], fact)


# The evidence


def why_line(why: Why) -> str:
    """Return the evidence for a belief as one line: what is believed, and how much there is."""
    believed = _believed(dict(why.beliefs[0])) if why.beliefs else "nothing believed"
    if len(why.beliefs) > 1:
        believed += f" and {counted(len(why.beliefs) - 1, 'more belief')}"
    found = f"{counted(len(why.history), 'event')}, {counted(len(why.sources), 'source')}"
    return one_line("Why", f"{cut(fact_of({'fact': why.fact}))}: {believed}; {found}")


def why_text(why: Why) -> str:
    """Return the evidence for a belief as the text that `timeline why` prints."""
    return "\n".join(story(why, printed_width()))


def why_html(why: Why) -> str:
    """Return the evidence for a belief as HTML: the story, and every event behind it folded away."""
    found = story_of(why)
    parts = [paragraph(found.caption), paragraph(found.fact, strong=True)]
    parts += [record(card) for card in found.cards] or [paragraph(NOTHING)]
    for heading, entries in found.sections:
        parts += [paragraph(heading, strong=True), bullets(entries)]
    view = history_view(why.asked, why.history)
    rows = table([column.header for column in view.columns], view.rows[:ROWS_AT_MOST])
    return block([*parts, folded(view.footer, rows + _more(len(view.rows)))], f"Why: {found.fact}")


def _more(rows: int) -> str:
    return paragraph(f"… and {rows - ROWS_AT_MOST:,} more") if rows > ROWS_AT_MOST else ""


# Rows


def answer_line(shape: tuple[int, int] | None, asked: AsOf | None) -> str:
    """Return an answer as one line; `shape` is its rows and columns, None where it was not fetched yet."""
    size = "not fetched yet" if shape is None else _counts(*shape)
    return one_line("Answer:", size if asked is None or asked.as_of is None else f"{size}, {_as_of(asked)}")


def _as_of(asked: AsOf) -> str:
    assert asked.as_of is not None
    return f"as of {day(asked.as_of)}"


def _counts(rows: int, columns: int) -> str:
    return f"{counted(rows, 'row')}, {counted(columns, 'column')}"


def answer_html(rows: Rows, asked: AsOf | None) -> str:
    """Return an answer as HTML: a table of its first rows, and how many there are."""
    columns = rows.columns[:_COLUMNS_AT_MOST]
    first = [row[:_COLUMNS_AT_MOST] for row in rows.rows[:ROWS_AT_MOST]]
    figures = [_are_figures([row[n] for row in first]) for n in range(len(columns))]
    footer = _counts(len(rows.rows), len(rows.columns))
    hidden = [
        counted(number - most, what)
        for number, most, what in (
            (len(rows.rows), ROWS_AT_MOST, "row"),
            (len(rows.columns), _COLUMNS_AT_MOST, "column"),
        )
        if number > most
    ]
    if hidden:
        footer += f"; {' and '.join(hidden)} not shown"
    caption = [] if asked is None else [paragraph(_asked(asked))]
    cells = [[shown(value) for value in row] for row in first]
    return block([*caption, table(columns, cells, figures), paragraph(f"{footer}.")], "Answer")


def _asked(asked: AsOf) -> str:
    # A question without an as-of date may be of two dates, or name others in its SQL.
    reported = "" if asked.as_of is None else f"{_as_of(asked)} (reported)"
    text = asked_in_words(asked, reported=reported).removeprefix(", ")
    return text[:1].upper() + text[1:]


def _are_figures(values: Sequence[Any]) -> bool:
    found = [value for value in values if value is not None]
    return bool(found) and all(
        isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in found
    )
