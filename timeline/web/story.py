"""A page that stands by itself, to mail or to embed: charts, a slider and the evidence, and no server."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Sequence
from datetime import date, timedelta
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from timeline.ask.answers import AsOf
from timeline.meaning.columns import STATUSES
from timeline.meaning.times import DAY, parse_as_of, wall_clock
from timeline.plot.engine import fact_scripts
from timeline.plot.files import Picture
from timeline.printable import visible
from timeline.web.fact_view import story_view
from timeline.web.packed import Packer, squeezed
from timeline.web.render import bare, static_files

if TYPE_CHECKING:
    from timeline.ask.snapshot import Snapshot

__all__ = ["story"]

#: A picture of more characters is written as PNG, where that is shorter.
_LARGE: Final = 100_000


def story(snapshot: Snapshot, facts: Sequence[str], dates: AsOf, *, language: str = "en") -> str:
    """Return some facts as one HTML document that loads nothing, on the date of `dates` at first.

    Every other date can be chosen on it. What was recorded by then is in it, and nothing else of the store.
    Days are those of the zone that dates are asked with.
    """
    found = [story_view(snapshot, dates, fact) for fact in facts]
    moments = [parse_as_of(moment) for data in found for moment in data["chart"]["domain"]]
    first, last = (wall_clock(end(moments), snapshot.zone) // DAY for end in (min, max))
    # The last day that had ended by then, so that nothing later is shown.
    asked = last if dates.as_of is None else wall_clock(dates.as_of + 1, snapshot.zone) // DAY - 1
    chosen = max(first, min(last, asked))
    state = json.dumps(
        {
            **_packed(found),
            "language": language,
            "statuses": dict(STATUSES),
            "ends": _ends(first, last, snapshot.zone),
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
    unpack, scripts = _scripts()
    drawn = _drawn([unpack, *scripts], state, chosen)
    style = static_files()["page.css"][0].decode()
    title = ", ".join(facts)
    words = {"en": "What was believed on", "fr": "Ce que l\u2019on croyait le"}[language]
    packed = squeezed(f'{{"scripts":{json.dumps(scripts, ensure_ascii=False)},"state":{state}}}')
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">\n'
        f"<title>{html.escape(visible(title))}</title>\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:\">\n"
        f'<style>{style}</style></head><body><main><section class="head"><p>{words}</p>'
        f'<h1 id="date">{html.escape(drawn["day"])}</h1>'
        f'<label class="only-read needs-script" for="day">{words}</label>'
        '<input id="day" class="range needs-script" type="range" '
        f'min="{first}" max="{last}" value="{chosen}" step="1">'
        "</section>"
        f'<div id="shown">{_smaller(drawn["facts"])}</div></main>\n'
        f'<script type="text/plain" id="packed">{packed}</script>\n'
        f"<script>{unpack}</script>\n"
        "</body></html>\n"
    )


def _scripts() -> tuple[str, list[str]]:
    """Return the script that unpacks all else, and those that draw a page: facts, and no other picture."""
    room = files("timeline.web")

    def read(name: str) -> str:
        return bare(room.joinpath(f"static/{name}").read_bytes()).decode()

    drawing = [bare(script.encode()).decode() for script in fact_scripts()]
    htm = static_files()["htm.js"][0].decode()
    return read("unpack.js"), [*drawing, htm, read("words.js"), read("components.js"), read("story.js")]


def _packed(found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return facts with their rows as columns of one packer, and what these have in common."""
    packer = Packer()
    facts = []
    for data in found:
        tables = {name: packer.table(data[name]) for name in ("cards", "evidence")}
        drawn = {name: packer.table(data["chart"][name]) for name in ("spans", "reports")}
        facts.append({**data, **tables, "chart": {**data["chart"], **drawn}})
    return {"facts": facts, "shared": packer.shared}


def _ends(first: int, last: int, zone: str | None) -> list[tuple[int, int]]:
    """Return by how many milliseconds days end later than those of UTC: a day, and the shift from it on."""
    if zone is None:
        return [(first, 0)]
    found: list[tuple[int, int]] = []
    for day in range(first, last + 1):
        end = parse_as_of(date(1970, 1, 1) + timedelta(days=day), zone)
        shift = (end + 1 - (day + 1) * DAY) // 1000
        if not found or found[-1][1] != shift:
            found.append((day, shift))
    return found


def _drawn(scripts: Sequence[str], state: str, day: int) -> dict[str, str]:
    """Return what the scripts draw on a day: the facts as HTML, and the day in words."""
    # Loaded where it is used: most commands draw nothing.
    import quickjs

    context = quickjs.Context()
    for script in scripts:
        context.eval(script)
    draw = context.eval(
        "(state, day) => JSON.stringify(timelinePage.storyOn(timelinePage.unpacked(JSON.parse(state)), day))"
    )
    drawn: dict[str, str] = json.loads(draw(state, day))
    return drawn


def _smaller(drawn: str) -> str:
    """Return what is drawn with large pictures as PNG, and each mark of a status kept once."""
    drawn = _LARGE_PICTURE.sub(_as_png, drawn)
    marks: dict[str, str] = {}

    def refer(found: re.Match[str]) -> str:
        opening, title, mark = found.groups()
        name = marks.setdefault(mark, f"mark{len(marks)}")
        return f'{opening}>{title}<use href="#{name}"/></svg>'

    drawn = _MARK.sub(refer, drawn)
    kept = "".join(f'<g id="{name}">{mark}</g>' for mark, name in marks.items())
    return f'{drawn}<svg class="only-read" aria-hidden="true"><defs>{kept}</defs></svg>' if kept else drawn


_LARGE_PICTURE: Final = re.compile(
    rf'<svg [^>]*class="timeline-plot"(?:(?!</svg>).){{{_LARGE},}}</svg>', re.DOTALL
)
#: A mark within a line of text: what it begins with, but for the font; its name; what is drawn.
_MARK: Final = re.compile(
    r'(<svg [^>]*width="14" height="14"[^>]*?) font-family="[^"]*" font-size="[^"]*" style="[^"]*">'
    r"(<title>[^<]*</title>)((?:(?!</svg>).)*)</svg>",
    re.DOTALL,
)


def _as_png(found: re.Match[str]) -> str:
    """Return a picture as the shorter of SVG and PNG."""
    png = base64.b64encode(Picture(found[0], "").png(zoom=1)).decode()
    named = re.search("<title>(.*?)</title>", found[0], re.DOTALL)
    words = "" if named is None else named[1]
    image = f'<img style="max-width:100%;height:auto" alt="{words}" src="data:image/png;base64,{png}">'
    return min(found[0], image, key=len)
