"""A picture of one fact for a terminal: its beliefs over reported time, in characters that line up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from timeline.meaning.times import day_in, parse_as_of
from timeline.printable import visible
from timeline.show.layout import Style, width_of, wrapped

__all__ = ["chart"]

Data = Mapping[str, Any]

_ROWS: Final = 11
#: So many beliefs are listed below a chart.
_LISTED_AT_MOST: Final = 60
#: How firm a claim is, as a shape: the terminal's share of the glyphs of the other pictures.
_GLYPHS: Final = {
    **dict.fromkeys(("rumored", "alleged"), "◌"),
    "considered": "○",
    **dict.fromkeys(("planned", "announced"), "◔"),
    **dict.fromkeys(("letter-of-intent", "in-negotiation"), "◑"),
    **dict.fromkeys(("committed", "agreed"), "◕"),
    "completed": "●",
    **dict.fromkeys(("suspended", "cancelled", "denied"), "⊘"),
    "forecast": "□",
    "estimated": "◧",
    "actual": "■",
}
_BINDING: Final = frozenset(("committed", "agreed", "completed", "actual", "estimated"))


def chart(data: Data, width: int, style: Style | None = None, zone: str | None = None) -> Iterator[str]:
    """Yield the lines of a chart of what `fact_data` returned, `width` columns wide at most.

    Figures and dates are drawn as steps; below them, and for anything else, is a line for each belief. What
    became public after the as-of date is dim, and marked so. The days of beliefs are those of a zone.
    """
    title = visible(f"{data['fact']}, {data['axis']['label']}" if data["axis"]["label"] else data["fact"])
    yield style("fact", title) if style else title
    if not data["spans"]:
        yield "  nothing believed"
        return
    if (values := _values(data)) and width >= 40:
        yield ""
        yield from _steps(data, values, width, style)
    yield ""
    yield from _legend(data, width, style, zone)


def _values(data: Data) -> list[tuple[float | None, float | None]]:
    """Return the bounds of each span as numbers; nothing where they are words."""
    if data["kind"] == "amount":
        return [(span["low"], span["high"]) for span in data["spans"]]
    if data["kind"] == "date":
        return [(_bound(span["date_from"]), _bound(span["date_to"])) for span in data["spans"]]
    return []


def _bound(text: str | None) -> float | None:
    return None if text is None else _number(text)


def _steps(
    data: Data, values: Sequence[tuple[float | None, float | None]], width: int, style: Style | None
) -> Iterator[str]:
    known = [value for bounds in values for value in bounds if value is not None]
    if not known:
        return
    low, high = min(known), max(known)
    if data["kind"] == "amount":
        low, high = min(0.0, low), max(0.0, high)
    if low == high:
        low, high = low - 1, high + 1
    labels = {0: _label(data, high), _ROWS // 2: _label(data, (low + high) / 2), _ROWS - 1: _label(data, low)}
    margin = max(map(len, labels.values())) + 1
    columns = width - margin - 2
    first, last = (_number(text) for text in data["domain"])

    def column(moment: float) -> int:
        return min(columns - 1, max(0, round((moment - first) / (last - first) * (columns - 1))))

    def row(value: float) -> int:
        return round((high - value) / (high - low) * (_ROWS - 1))

    grid = [[" "] * columns for _ in range(_ROWS)]
    before: tuple[int, int] | None = None
    starts = []
    for span, (least, most) in zip(data["spans"], values, strict=True):
        headline = most if most is not None else least
        if headline is None:
            continue
        start = column(_number(span["from"]))
        end = columns if span["to"] is None else column(_number(span["to"]))
        at = row(headline)
        line = "─" if span["status"] in _BINDING else "╌"
        for x in range(start, end):
            grid[at][x] = line
            for y in _shaded(least, most, row):
                if grid[y][x] == " ":
                    grid[y][x] = "░"
        if before is not None and before[1] == start and before[0] != at:
            for y in range(min(at, before[0]) + 1, max(at, before[0])):
                grid[y][start] = "│"
        before = (at, end)
        starts.append((at, start, _GLYPHS.get(span["status"], "○")))
    # Where they would hide the line, only the line is drawn.
    for at, start, glyph in starts if len(starts) <= columns // 2 else ():
        grid[at][start] = glyph
    as_of = None if data["as_of"] is None else column(_number(data["as_of"]))
    for y, cells in enumerate(grid):
        text = "".join(cells).rstrip()
        if as_of is not None and style is not None and len(text) > as_of + 1:
            text = text[: as_of + 1] + style(None, text[as_of + 1 :])
        yield f"{labels.get(y, ''):>{margin}}{'┤' if y in labels else '│'}{text}".rstrip()
    edge = ["─"] * columns
    if as_of is not None:
        edge[as_of] = "▲"
    yield f"{'':>{margin}}└{''.join(edge)}"
    yield f"{'':>{margin}} {_months(first, last, columns)}".rstrip()


def _shaded(least: float | None, most: float | None, row: Any) -> range:
    """Return the rows that a value may lie in: between its bounds, or below the only upper one."""
    if least is not None and most is not None and least != most:
        return range(row(most) + 1, row(least) + 1)
    return range(row(most) + 1, _ROWS) if least is None and most is not None else range(0)


#: The columns of a date.
_DATE: Final = 10


def _label(data: Data, value: float) -> str:
    if data["kind"] == "date":
        return _moment(value).strftime("%Y-%m")
    if abs(value) >= 100 or value == round(value):
        return f"{value:,.0f}"
    # In digits, as reports have it; `g` alone would write 3e-06.
    return f"{Decimal(f'{value:.3g}'):f}"


def _moment(seconds: float) -> datetime:
    # Not fromtimestamp, which some years are too early or too late for.
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=min(max(seconds, _FIRST), _LAST))


#: The seconds of the first and the last day that a datetime can be of.
_FIRST: Final = (datetime(1, 1, 1) - datetime(1970, 1, 1)).total_seconds()  # noqa: DTZ001
_LAST: Final = (datetime(9999, 12, 31) - datetime(1970, 1, 1)).total_seconds()  # noqa: DTZ001


def _number(text: str) -> float:
    return (datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()


def _months(first: float, last: float, columns: int) -> str:
    """Return the line of dates below the axis: as many as have room, each once."""
    line = before = ""
    for place in range(0, columns - _DATE + 1, _DATE + 4):
        moment = _moment(first + (last - first) * place / max(1, columns - 1))
        # Not strftime, which leaves out the zeros of early years.
        text = moment.date().isoformat()
        if text != before:
            line = line.ljust(place) + text
        before = text
    return line


def _legend(data: Data, width: int, style: Style | None, zone: str | None) -> Iterator[str]:
    """Yield a line for each belief: since when it was believed, what it claims, how firm it is, by whom.

    Of very many, the last.
    """
    spans = data["spans"]
    if len(spans) > _LISTED_AT_MOST:
        text = f"… {len(spans) - _LISTED_AT_MOST:,} earlier beliefs"
        yield style(None, text) if style else text
    for span in spans[-_LISTED_AT_MOST:]:
        later = data["as_of"] is not None and span["from"] > data["as_of"]
        glyph = _GLYPHS.get(span["status"], "○")
        valid = f", valid {span['valid']}" if span["valid"] else ""
        since = day_in(parse_as_of(span["from"]), zone)
        text = f"{since}  {span['claim']}, {span['status']}{valid} ({span['origin']})"
        text += _not_drawn(data, span)
        text += "  not yet public" if later else ""
        yield from _listed(glyph, text, width, style if later else None)
        if (end := _end(data, span)) is not None:
            later = data["as_of"] is not None and end > data["as_of"]
            day = day_in(parse_as_of(end), zone)
            text = f"{day}  nothing believed any more{'  not yet public' if later else ''}"
            yield from _listed("⊘", text, width, style if later else None)


def _listed(glyph: str, text: str, width: int, style: Style | None) -> Iterator[str]:
    for number, line in enumerate(wrapped(visible(text), max(10, width - 2))):
        shown = f"{glyph} {line}" if number == 0 else f"{' ' * (width_of(glyph) + 1)}{line}"
        yield style(None, shown) if style else shown


def _end(data: Data, span: Data) -> str | None:
    """Return when a belief ended that no other took the place of."""
    end: str | None = span["to"]
    followed = end is None or any(
        other["from"] <= end and (other["to"] is None or end < other["to"]) for other in data["spans"]
    )
    return None if followed else end


def _not_drawn(data: Data, span: Data) -> str:
    """Return a note where a figure is in another unit than the axis."""
    drawn = data["kind"] != "amount" or span["low"] is not None or span["high"] is not None
    return "" if drawn or span["in_words"] else "  in another unit, not drawn"
