"""A page that stands by itself, to mail or to embed: charts, a slider and the evidence, and no server."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from datetime import date
from importlib.resources import files
from typing import TYPE_CHECKING

from timeline.ask.answers import AsOf
from timeline.meaning.columns import STATUSES
from timeline.web.fact_view import story_view
from timeline.web.render import SCRIPTS, static_files
from timeline.web.values import day_of

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
    chosen = last if dates.as_of is None else max(first, min(last, _number(day_of(dates.as_of))))
    state = json.dumps(
        {"facts": found, "language": language, "statuses": dict(STATUSES)}, ensure_ascii=False
    ).replace("<", "\\u003c")
    style = static_files()["page.css"][0].decode()
    scripts = [static_files()[name][0].decode() for name in SCRIPTS]
    scripts.append(files("timeline.web").joinpath("static/story.js").read_text(encoding="utf-8"))
    title = ", ".join(facts)
    words = {"en": "What was believed on", "fr": "Ce que l\u2019on croyait le"}[language]
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">\n'
        f"<title>{html.escape(title)}</title>\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:\">\n"
        f'<style>{style}</style></head><body><main><section class="head"><p>{words}</p>'
        f'<h1 id="date"></h1><label class="only-read" for="day">{words}</label>'
        f'<input id="day" class="range" type="range" min="{first}" max="{last}" value="{chosen}" step="1">'
        "</section>"
        '<div id="shown"></div></main>\n'
        f'<script type="application/json" id="state">{state}</script>\n'
        + "".join(f"<script>{_inline(script)}</script>\n" for script in scripts)
        + "</body></html>\n"
    )


def _number(day: str) -> int:
    """Return a day as days since 1970."""
    return (date.fromisoformat(day) - date(1970, 1, 1)).days


def _inline(script: str) -> str:
    """Return a script as it may stand in HTML, where `</script` would end it."""
    return script.replace("</script", "<\\/script")
