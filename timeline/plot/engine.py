"""Run the drawing module: JavaScript that takes data and returns SVG.

The browser loads the same files in the same order (`scripts`), so that a picture is the same to the byte
wherever it is drawn.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

__all__ = ["draw", "fact_scripts", "few_scripts", "more_scripts", "scripts"]

#: The parts of D3 that are used, in the order in which they need each other; then what draws.
_VENDORED: Final = (
    *("d3-array", "d3-color", "d3-format", "d3-interpolate", "d3-time"),
    *("d3-time-format", "d3-scale"),
)
#: What a list of beliefs needs, and what draws the larger pictures.
_FEW: Final = ("words", "marks", "density", "value")
_MORE: Final = ("step", "flow", "vintages", "columns")

#: As JSON, since the binding does not take a text that the engine still keeps in pieces.
_CALL: Final = (
    "(name, data, options) => JSON.stringify(timelinePlot[name](JSON.parse(data), JSON.parse(options)))"
)


def scripts() -> tuple[str, ...]:
    """Return the text of every script that drawing needs, in order."""
    return few_scripts() + more_scripts()


@lru_cache(maxsize=1)
def few_scripts() -> tuple[str, ...]:
    """Return the text of the scripts that draw a list of beliefs, in order."""
    return _read(*(f"vendor/{name}.min.js" for name in _VENDORED), *(f"js/{name}.js" for name in _FEW))


@lru_cache(maxsize=1)
def more_scripts() -> tuple[str, ...]:
    """Return the text of the other scripts, which draw the larger pictures and need those."""
    return _read(*(f"js/{name}.js" for name in _MORE))


@lru_cache(maxsize=1)
def fact_scripts() -> tuple[str, ...]:
    """Return the text of the scripts that draw a fact and nothing else, in order."""
    own = ("words", "marks", "value", "step")
    return _read(*(f"vendor/{name}.min.js" for name in _VENDORED), *(f"js/{name}.js" for name in own))


def _read(*names: str) -> tuple[str, ...]:
    room = files("timeline.plot")
    return tuple(room.joinpath(name).read_text(encoding="utf-8") for name in names)


class _Engines(threading.local):
    """An engine for each thread: one belongs to the thread that made it."""

    call: Any = None


_engines = _Engines()


def draw(name: str, data: Mapping[str, Any], **options: Any) -> str:
    """Return a picture as SVG text.

    `name` is of a function of the drawing module: fact, density or flow. `data` is what `timeline.plot.data`
    returns for it; `options` are `width` and `height` in pixels, `theme` (light or dark), `language` (en or
    fr), and `ground`, which fills the background. The same arguments give the same bytes.

    >>> data = {"name": "acme/ceo", "kind": "entity", "domain": ["2025-01-01", "2025-02-01"], "as_of": None}
    >>> draw("fact", data | {"spans": [], "reports": []}, width=400)[:37]
    '<svg xmlns="http://www.w3.org/2000/sv'
    """
    if _engines.call is None:
        # Loaded where it is used: most commands draw nothing.
        import quickjs

        context = quickjs.Context()
        for script in scripts():
            context.eval(script)
        _engines.call = context.eval(_CALL)
    return str(json.loads(_engines.call(name, json.dumps(data), json.dumps(options))))
