"""Tables that fit a terminal: widths of text, wrapping, columns and records."""

from __future__ import annotations

import math
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from timeline.printable import visible

if TYPE_CHECKING:
    pass

__all__ = ["Column", "Marked", "pairs", "printed_width", "table_lines", "width_of", "wrapped"]

_GAP: Final = "  "
#: A longer word may be torn where room is short: an id, a digest, an address.
_LONG_WORD: Final = 20


def printed_width() -> int:
    """Return the columns to fit answers into: COLUMNS, else those of the terminal, else 80."""
    return shutil.get_terminal_size().columns


#: Signs of one column each, which most texts are made of.
_NARROW: Final = re.compile("[\\x00-\u02ff\u2010-\u2027\u2190-\u2193]*+")


def width_of(text: str) -> int:
    """Return how many columns of a terminal a text takes.

    >>> width_of("OpenAI"), width_of("英伟达"), width_of("e\\u0301"), width_of("👨\\u200d👩\\u200d👧")
    (6, 6, 1, 2)
    """
    if _NARROW.fullmatch(text):
        return len(text)
    # Loaded for the texts that need it.
    from rich.cells import cell_len

    return cell_len(text)


_WORDS: Final = re.compile(r" +|[^ /]+/*|/+")
_PARTS: Final = re.compile(r"[^-@]+[-@]*|[-@]+")


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """Return a text in lines that fit, nothing left out.

    Broken at spaces and behind `/`, then `-`, then anywhere.

    Lines from the second on begin with `indent`.

    >>> wrapped("nvidia/investment/openai", 18)
    ['nvidia/investment/', 'openai']
    """
    lines: list[str] = []
    line, used = "", 0
    most = max(width - len(indent), 1)
    for piece, size in _pieces(text, most):
        at = 0
        while size - at > most and piece.isascii() and len(piece) > 1:
            # A long one of signs that take one column each goes on wherever the line is full.
            room = min(size - at, max(width - used, 0 if line.strip() else 1))
            line += piece[at : at + room]
            used, at = used + room, at + room
            if at < size:
                lines.append(line.rstrip())
                line, used = indent, len(indent)
        piece, size = (piece[at:], size - at) if at else (piece, size)
        if used + size > width:
            if line.strip():
                lines.append(line.rstrip())
            # Of a line that is blank so far, the blanks give way.
            line, used = (indent, len(indent)) if lines else ("", 0)
            if piece.isspace():
                continue
        line += piece
        used += size
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _pieces(text: str, width: int) -> Iterator[tuple[str, int]]:
    for word in _WORDS.findall(text):
        size = width_of(word)
        if size <= width:
            yield word, size
            continue
        for part in _PARTS.findall(word):
            size = width_of(part)
            if size <= width or (part.isascii() and not part.isspace()):
                yield part, size
            else:
                yield from ((sign, width_of(sign)) for sign in _graphemes(part))


def _graphemes(text: str) -> Iterator[str]:
    """Yield the parts of a text that a terminal shows as one sign."""
    if _NARROW.fullmatch(text):
        yield from text
        return
    from rich.cells import split_graphemes

    spans, _ = split_graphemes(text)
    yield from (text[start:end] for start, end, _ in spans)


@dataclass(frozen=True, slots=True)
class Column:
    """How a column of a table for people looks: `right` is for figures, `whole` avoids breaks at hyphens."""

    header: str
    right: bool = False
    whole: bool = False


#: Colours a text, given the header of its column or the name of a mark; None means the headers themselves.
Style = Callable[[str | None, str], str]

#: Where a part of a text begins and ends, and the name of its mark.
Mark = tuple[int, int, str]


class Marked(str):
    """A text with marks on parts of it, which have a style of their own; the rest has none."""

    marks: tuple[Mark, ...]

    @classmethod
    def of(cls, text: str, marks: Sequence[Mark]) -> Marked:
        """Return a text with marks, in order and apart from each other."""
        made = cls(text)
        made.marks = tuple(marks)
        return made


def _printable(text: str) -> str:
    """Return a text that a terminal only prints, with its marks."""
    # Each sign stays one sign.
    return Marked.of(visible(text), text.marks) if isinstance(text, Marked) else visible(text)


def _lines_of(text: str, width: int) -> list[str]:
    """Return a text as `wrapped` does, each line with the marks of its part."""
    lines = wrapped(text, width)
    if not isinstance(text, Marked):
        return lines
    found: list[str] = []
    at = 0
    for line in lines:
        # Nothing but blanks is left out between lines.
        at = text.index(line, at) if line else at
        marks = [(max(start - at, 0), min(end - at, len(line)), name) for start, end, name in text.marks]
        found.append(Marked.of(line, [mark for mark in marks if mark[0] < mark[1]]))
        at += len(line)
    return found


def _styled(style: Style, header: str | None, text: str) -> str:
    if not isinstance(text, Marked):
        return style(header, text)
    parts, at = [], 0
    for start, end, name in text.marks:
        parts += [text[at:start], style(name, text[start:end])]
        at = end
    return "".join([*parts, text[at:]])


def table_lines(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    width: int | None = None,
    *,
    style: Style | None = None,
    headed: int = 0,
) -> Iterator[str]:
    """Yield a table for people, `width` columns of a terminal wide at most; None is as wide as it takes.

    Cells are wrapped, never cut. A table that does not fit unwrapped has its first `headed` columns on lines
    of their own, each above the rows that it is the same for, and if need be the first whatever `headed` is.
    One that does not fit even so has a line for each cell.

    >>> columns = [Column("fact"), Column("sum", right=True)]
    >>> rows = [("gold/price", "1"), ("tin/price", "20")]
    >>> list(table_lines(columns, rows))
    ['fact        sum', 'gold/price    1', 'tin/price    20']
    >>> list(table_lines(columns, rows, 14, headed=1))
    ['fact', '  sum', 'gold/price', '    1', 'tin/price', '   20']
    """
    columns = [replace(column, header=visible(column.header)) for column in columns]
    cells = [[_printable(cell) for cell in row] for row in rows]
    widths = _widest(columns, cells)
    if width is None or _taken(widths) <= width:
        yield _line(columns, widths, [column.header for column in columns], style, header=True)
        for row in cells:
            yield _line(columns, widths, row, style)
        return
    indent = _GAP if headed else ""
    fitted = _fitted(columns[headed:], [row[headed:] for row in cells], width - len(indent))
    if fitted is None:
        if headed == 1 or len(columns) == 1:
            yield from _records(columns, cells, width, style)
        else:
            yield from table_lines(columns, rows, width, style=style, headed=1)
        return
    lead, rest = columns[:headed], columns[headed:]
    if lead:
        yield _GAP.join(style(None, column.header) if style else column.header for column in lead)
    yield indent + _line(rest, fitted, [column.header for column in rest], style, header=True)
    above: list[str] = []
    for row in cells:
        if headed and row[:headed] != above:
            above = row[:headed]
            headers = _GAP.join(filter(None, above))
            for line in wrapped(headers, width, _GAP):
                yield style(lead[0].header, line) if style else line
        for line in _row(rest, fitted, row[headed:], style):
            yield indent + line


def _records(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int, style: Style | None
) -> Iterator[str]:
    for nth, row in enumerate(rows):
        if nth:
            yield ""
        yield from pairs(
            [(column.header, cell) for column, cell in zip(columns, row, strict=True)], width, style
        )


def _row(
    columns: Sequence[Column], widths: Sequence[int], row: Sequence[str], style: Style | None
) -> Iterator[str]:
    split = [_lines_of(cell, size) for cell, size in zip(row, widths, strict=True)]
    for nth in range(max(map(len, split), default=0)):
        yield _line(columns, widths, [lines[nth] if nth < len(lines) else "" for lines in split], style)


def _line(
    columns: Sequence[Column],
    widths: Sequence[int],
    cells: Sequence[str],
    style: Style | None,
    *,
    header: bool = False,
) -> str:
    padded: list[str] = []
    last = max((n for n, cell in enumerate(cells) if cell), default=-1)
    for n, cell in enumerate(cells[: last + 1]):
        space = " " * (widths[n] - width_of(cell))
        coloured = _styled(style, None if header else columns[n].header, cell) if style and cell else cell
        if columns[n].right:
            padded.append(space + coloured)
        else:
            padded.append(coloured if n == last else coloured + space)
    return _GAP.join(padded)


def _taken(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _widest(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[int]:
    return [
        max(width_of(column.header), *(width_of(row[n]) for row in rows)) if rows else width_of(column.header)
        for n, column in enumerate(columns)
    ]


#: From how much more than it must have a column is made narrower, where it would be wider than that.
_NATURAL_AT_MOST: Final = 10_000


def _fitted(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> list[int] | None:
    """Return the width of each column: what it takes where that fits.

    Else taken from where it makes fewest lines.

    None where words would have to be torn.
    """
    chosen = _widest(columns, rows)
    excess = _taken(chosen) - width
    if excess <= 0:
        return chosen
    least = [_least(column, [row[n] for row in rows]) for n, column in enumerate(columns)]
    if _taken(least) > width:
        return None
    sizes = [Counter(width_of(row[n]) for row in rows) for n in range(len(columns))]
    # It goes down by one at a time.
    chosen = [min(size, _NATURAL_AT_MOST + least[n]) for n, size in enumerate(chosen)]
    excess = max(0, _taken(chosen) - width)

    def lines(n: int, at: int) -> int:
        return sum(count * -(-size // at) for size, count in sizes[n].items())

    def price(n: int) -> float:
        """Return how many lines more it takes to have a column narrower by one."""
        return math.inf if chosen[n] <= least[n] else lines(n, chosen[n] - 1) - lines(n, chosen[n])

    prices = [price(n) for n in range(len(columns))]
    for _ in range(excess):
        n = min(range(len(columns)), key=lambda n: (prices[n], -chosen[n]))
        chosen[n] -= 1
        prices[n] = price(n)
    return chosen


def _least(column: Column, cells: Sequence[str]) -> int:
    """Return the width below which words of a column would be torn, or that of its header.

    Words that are long may be torn.
    """
    longest = 0
    for cell in cells:
        if width_of(cell) > longest:
            words = _WORDS.findall(cell)
            parts = words if column.whole else [part for word in words for part in _PARTS.findall(word)]
            longest = max(longest, *map(width_of, parts))
    return max(min(longest, _LONG_WORD), width_of(column.header))


def pairs(
    facts: Sequence[tuple[str, str]], width: int | None = None, style: Style | None = None
) -> Iterator[str]:
    """Yield names and values, one pair a line, the values under each other and wrapped.

    >>> list(pairs([("claim", "30 billion USD"), ("status", "agreed")]))
    ['claim   30 billion USD', 'status  agreed']
    """
    facts = [(visible(name), value) for name, value in facts]
    left = max((width_of(name) for name, _ in facts), default=0) + len(_GAP)
    for name, value in facts:
        text = _printable(value)
        lines = [text] if width is None else _lines_of(text, max(width - left, _LONG_WORD))
        for nth, line in enumerate(lines):
            label = name if nth == 0 else ""
            space = " " * (left - width_of(label))
            if style:
                label, line = style(None, label) if label else "", _styled(style, name, line) if line else ""
            yield f"{label}{space}{line}".rstrip()
