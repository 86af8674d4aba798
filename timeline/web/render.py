"""Pages as HTML: the components that the browser has, run in QuickJS, within a document."""

from __future__ import annotations

import html
import json
import re
import threading
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from timeline.plot.engine import few_scripts, more_scripts

__all__ = ["SCRIPTS", "bare", "page", "static_files"]

_CALL: Final = """
((html) => {
    const view = timelinePage.make(html);
    return (data) => JSON.stringify(timelinePage.textOf(view(JSON.parse(data))));
})(htm.bind(timelinePage.asText))
"""

#: The scripts that draw a page, in the order in which they need each other.
SCRIPTS: Final = ("plot.js", "pictures.js", "htm.js", "words.js", "components.js")
#: Views of rows alone, which draw no larger picture: `page.js` loads the script when another view is opened.
_PLAIN: Final = ("beliefs", "compare", "disagreements", "problem")


@lru_cache(maxsize=1)
def static_files() -> dict[str, tuple[bytes, str]]:
    """Return the files that pages load, by name, with their types."""
    room = files("timeline.web")
    script = "text/javascript; charset=utf-8"

    def read(name: str) -> bytes:
        return room.joinpath(name).read_bytes()

    return {
        "plot.js": ("\n;".join(few_scripts()).encode(), script),
        "pictures.js": ("\n;".join(more_scripts()).encode(), script),
        "htm.js": (read("vendor/htm.umd.js"), script),
        "preact.mjs": (read("vendor/preact.mjs"), script),
        "words.js": (bare(read("static/words.js")), script),
        "components.js": (bare(read("static/components.js")), script),
        "page.js": (bare(read("static/page.js")), script),
        "page.css": (read("static/page.css"), "text/css; charset=utf-8"),
        "cite.css": (read("static/cite.css"), "text/css; charset=utf-8"),
    }


#: A comment that has its lines to itself. Those of vendored files stay: they name licences.
_COMMENT: Final = re.compile(r"^[ \t]*(?:// .*|/\*\* .*?\*/)\n", re.MULTILINE)


def bare(script: bytes) -> bytes:
    """Return a script of ours without its comments, a tenth of what the first view loads of them.

    >>> bare(b"// What it is for.\\n\\nconst a = 'b // c';\\n")
    b"\\nconst a = 'b // c';\\n"
    """
    return _COMMENT.sub("", script.decode()).encode()


class _Engines(threading.local):
    """An engine for each thread: one belongs to the thread that made it."""

    call: Any = None


_engines = _Engines()


def page(data: Mapping[str, Any], *, title: str) -> str:
    """Return a view as a whole document, which reads without scripts."""
    if _engines.call is None:
        # Loaded where it is used: the API alone needs none.
        import quickjs

        context = quickjs.Context()
        for name in SCRIPTS:
            context.eval(static_files()[name][0].decode())
        _engines.call = context.eval(_CALL)
    text = json.dumps(data, ensure_ascii=False)
    body = json.loads(_engines.call(text))
    # In a script, only `</` and `<!--` would end the text.
    state = text.replace("<", "\\u003c")
    language = data.get("language", "en")
    names = [name for name in SCRIPTS if name != "pictures.js" or data["view"] not in _PLAIN]
    loaded = "".join(f'<script src="/static/{name}" defer></script>' for name in names)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="/static/page.css"><link rel="icon" href="data:,">'
        f'</head><body><div id="page">{body}</div>'
        '<p id="live" class="notice" role="status" hidden></p>'
        f"{_keys(language)}"
        f'<script type="application/json" id="state">{state}</script>'
        f'{loaded}<script type="module" src="/static/page.js"></script></body></html>'
    )


_KEYS: Final = {
    "en": (
        ("← →", "a day"),
        ("⇧ ← →", "a month"),
        ("⌥ ← →", "a year"),
        ("Home, End", "oldest, now"),
        ("n, p", "next and previous report"),
        ("space", "play"),
        ("d", "type a date"),
        ("c", "compare"),
        ("x", "swap the dates"),
        ("[ ]", "move the earlier date"),
        ("/", "find"),
        ("j, k", "row"),
        ("↵", "open"),
        ("w", "why"),
        ("t", "as a table"),
        ("Esc", "back"),
    ),
    "fr": (
        ("← →", "un jour"),
        ("⇧ ← →", "un mois"),
        ("⌥ ← →", "un an"),
        ("Début, Fin", "début, maintenant"),
        ("n, p", "rapport suivant, précédent"),
        ("espace", "lire"),
        ("d", "saisir une date"),
        ("c", "comparer"),
        ("x", "échanger les dates"),
        ("[ ]", "déplacer la date antérieure"),
        ("/", "chercher"),
        ("j, k", "ligne"),
        ("↵", "ouvrir"),
        ("w", "pourquoi"),
        ("t", "en tableau"),
        ("Échap", "retour"),
    ),
}


def _keys(language: str) -> str:
    rows = "".join(f"<div><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div>" for key, what in _KEYS[language])
    title, close, theme, letters = (
        ("Touches", "Fermer", "Sombre ou clair", "Touches d\u2019une seule lettre")
        if language == "fr"
        else ("Keys", "Close", "Dark or light", "Keys of a single letter")
    )
    return (
        f'<dialog id="keys" aria-label="{title}"><h2>{title}</h2><dl>{rows}</dl>'
        f'<p><label><input type="checkbox" id="letters" checked> {letters}</label></p>'
        f'<form method="dialog"><button>{close}</button> '
        f'<button type="button" data-do="theme">{theme}</button></form></dialog>'
    )
