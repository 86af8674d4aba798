"""How a value shows itself: as one line in a shell, and as HTML in a notebook.

The HTML takes its colours from the notebook around it, so that it reads in light and dark; it loads nothing
and runs nothing. Every text that is handed over is escaped here, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from timeline.printable import visible

__all__ = [
    "block",
    "bullets",
    "counted",
    "cut",
    "folded",
    "one_line",
    "paragraph",
    "record",
    "table",
]

#: A line in a shell shows so many signs of a text, a cell in a notebook so many.
_IN_LINE: Final = 72
_IN_CELL: Final = 80

_STYLE: Final = (
    ".timeline-value{font:14px/1.45 system-ui,sans-serif;color:inherit;max-width:100%;overflow-x:auto}"
    ".timeline-value p,.timeline-value ul{margin:.3em 0}"
    ".timeline-value table{border-collapse:collapse;margin:.3em 0;font-variant-numeric:tabular-nums}"
    ".timeline-value tr{background:none!important}"
    ".timeline-value th,.timeline-value td{padding:2px 14px 2px 0;border:0;"
    "border-bottom:1px solid rgba(128,128,128,.35);text-align:left;vertical-align:top;"
    "max-width:44em;white-space:normal;overflow-wrap:break-word}"
    ".timeline-value th{font-weight:600;white-space:nowrap}"
    ".timeline-value .rows td{white-space:nowrap}"
    ".timeline-value .figure{text-align:right}"
)


# One line


def one_line(name: str, text: str) -> str:
    r"""Return the line that stands for a value in a shell.

    >>> one_line("Belief", "acme/ceo: ada\nlovelace")
    '<Belief acme/ceo: ada lovelace>'
    """
    return f"<{name} {visible(text)}>"


def cut(text: str, most: int = _IN_LINE) -> str:
    """Return a text that has `most` signs at most; one that had more ends in `…`.

    >>> cut("nvidia/investment/openai", 10)
    'nvidia/in…'
    """
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number of things.

    >>> counted(1, "belief"), counted(2, "belief")
    ('1 belief', '2 beliefs')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


# HTML. Functions return HTML and take plain text, `block` alone takes HTML.


def block(parts: Iterable[str], label: str) -> str:
    """Return parts that are HTML as what a notebook shows; `label` names it for a screen reader."""
    # What is wider than the notebook scrolls, by the keyboard as well.
    return (
        f'<div class="timeline-value" tabindex="0" role="region" aria-label="{_html(label)}">'
        f"<style>{_STYLE}</style>{''.join(parts)}</div>"
    )


def paragraph(text: str, *, strong: bool = False) -> str:
    """Return a text as a paragraph.

    >>> paragraph("5 < 6", strong=True)
    '<p dir="auto"><strong>5 &lt; 6</strong></p>'
    """
    shown = f"<strong>{_html(text)}</strong>" if strong else _html(text)
    return f'<p dir="auto">{shown}</p>'


def bullets(texts: Iterable[str]) -> str:
    """Return texts as a list."""
    entries = "".join(f'<li dir="auto">{_html(text)}</li>' for text in texts)
    return f"<ul>{entries}</ul>"


def folded(summary: str, part: str) -> str:
    """Return a part, which is HTML, that shows once its summary is chosen."""
    return f"<details><summary>{_html(summary)}</summary>{part}</details>"


def record(facts: Iterable[tuple[str, str]]) -> str:
    """Return names and values as a table of two columns.

    >>> record([("claim", "<b>")])
    '<table><tr><th scope="row">claim</th><td dir="auto">&lt;b&gt;</td></tr></table>'
    """
    rows = (
        f'<tr><th scope="row">{_html(name)}</th><td dir="auto">{_html(value)}</td></tr>'
        for name, value in facts
    )
    return f"<table>{''.join(rows)}</table>"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], figures: Sequence[bool] = ()) -> str:
    """Return a table with a header, long texts cut; `figures` says which columns are flushed right."""
    kinds = [' class="figure"' if right else ' dir="auto"' for right in figures or [False] * len(columns)]
    head = "".join(
        f'<th scope="col"{kind}>{_html(cut(name, _IN_CELL))}</th>'
        for name, kind in zip(columns, kinds, strict=True)
    )
    lines = (
        "<tr>"
        + "".join(
            f"<td{kind}>{_html(cut(cell, _IN_CELL))}</td>" for cell, kind in zip(row, kinds, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    body = "".join(lines)
    return f'<table class="rows"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _html(text: str) -> str:
    return escape(visible(text))
