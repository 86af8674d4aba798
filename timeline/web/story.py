"""A page that stands by itself, to mail or to embed: charts, a slider and the evidence, and no server."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from datetime import date, timedelta
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from timeline.ask.answers import AsOf
from timeline.meaning.columns import STATUSES
from timeline.meaning.times import DAY
from timeline.printable import visible
from timeline.web.fact_view import story_view
from timeline.web.render import SCRIPTS, static_files

if TYPE_CHECKING:
    from timeline.ask.snapshot import Snapshot

__all__ = ["story"]


def story(snapshot: Snapshot, facts: Sequence[str], dates: AsOf, *, language: str = "en") -> str:
    """Return some facts as one HTML document that loads nothing, on the date of `dates` at first.

    Every other date can be chosen on it. What was recorded by then is in it, and nothing else of the store.
    """
    found = [story_view(snapshot, dates, fact) for fact in facts]
    moments = [moment[:10] for data in found for moment in data["chart"]["domain"]]
    first, last = _number(min(moments)), _number(max(moments))
    # On the page a day ends in UTC: the last one that had ended by then, so that nothing later is shown.
    asked = last if dates.as_of is None else (dates.as_of + 1) // DAY - 1
    chosen = max(first, min(last, asked))
    text = json.dumps({"facts": found, "language": language, "statuses": dict(STATUSES)}, ensure_ascii=False)
    scripts = [static_files()[name][0].decode() for name in SCRIPTS]
    scripts.append(files("timeline.web").joinpath("static/story.js").read_text(encoding="utf-8"))
    drawn = _drawn(scripts, text, _iso(chosen))
    style = static_files()["page.css"][0].decode()
    title = ", ".join(facts)
    words = {"en": "What was believed on", "fr": "Ce que l\u2019on croyait le"}[language]
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
        f'<div id="shown">{drawn["facts"]}</div></main>\n'
        f'<script type="application/json" id="state">{text.replace("<", _LESS)}</script>\n'
        + "".join(f"<script>{_inline(script)}</script>\n" for script in scripts)
        + "</body></html>\n"
    )


#: In a script, only `</` and `<!--` would end the text.
_LESS: Final = "\\u003c"


def _drawn(scripts: Sequence[str], state: str, day: str) -> dict[str, str]:
    """Return what the scripts draw on a day: the facts as HTML, and the day in words."""
    # Loaded where it is used: most commands draw nothing.
    import quickjs

    context = quickjs.Context()
    for script in scripts:
        context.eval(script)
    draw = context.eval("(state, day) => JSON.stringify(timelinePage.storyOn(JSON.parse(state), day))")
    drawn: dict[str, str] = json.loads(draw(state, day))
    return drawn


def _iso(day: int) -> str:
    """Return the date of a number of days since 1970."""
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()


def _number(day: str) -> int:
    """Return a day as days since 1970."""
    return (date.fromisoformat(day) - date(1970, 1, 1)).days


def _inline(script: str) -> str:
    """Return a script as it may stand in HTML, where `</script` would end it."""
    return script.replace("</script", "<\\/script")
