"""Which picture answers what was asked for: of facts over time, of promises, or of a revised series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from timeline.ask.answers import AsOf
from timeline.errors import BadInput, NotFound, brief
from timeline.meaning.fact import fact_key, is_glob
from timeline.plot.engine import draw
from timeline.plot.files import Picture, stacked
from timeline.plot.many_facts import flow_data, vintages_data
from timeline.plot.one_fact import fact_data

if TYPE_CHECKING:
    from timeline.ask.snapshot import Snapshot

__all__ = ["FACTS_AT_MOST", "Kind", "facts_named", "picture"]

Kind = Literal["fact", "flow", "vintages"]
_KINDS: Final = ("fact", "flow", "vintages")

#: As many facts are drawn below each other as one can look at.
FACTS_AT_MOST: Final = 24


def picture(
    snapshot: Snapshot,
    facts: Sequence[str],
    dates: AsOf,
    *,
    kind: str = "fact",
    compare: AsOf | None = None,
    theme: str = "light",
    language: str = "en",
    width: int = 800,
) -> Picture:
    """Return the picture of some facts, which may be globs.

    `kind` is fact: what was believed of each over time; flow: who promised what to whom, with the date
    `compare` beside the other; or vintages: how the figures of a series were revised. `width` is in pixels.
    Raises BadInput for facts that are none, or that no such picture takes, NotFound where there is nothing
    to draw.
    """
    if kind not in _KINDS:
        raise BadInput(f"no such kind of picture: {kind!r}; expected one of {', '.join(_KINDS)}")
    for name, given, known in (("theme", theme, ("light", "dark")), ("language", language, ("en", "fr"))):
        if given not in known:
            raise BadInput(f"no such {name}: {given!r}; expected {' or '.join(known)}")
    options: dict[str, Any] = {"theme": theme, "language": language, "width": width, "ground": True}
    for fact in facts:
        if not isinstance(fact, str):
            raise BadInput(f"{brief(fact)} is no fact; expected a text such as nvidia/investment/openai")
    if kind == "fact":
        names = facts_named(snapshot, facts)[:FACTS_AT_MOST]
        found = [fact_data(snapshot, fact, dates) for fact in names]
        drawn = [draw("fact", data, id=f"t{number}", **options) for number, data in enumerate(found)]
        svg = drawn[0] if len(drawn) == 1 else stacked(drawn, [data["name"] for data in found])
        return Picture(svg, ", ".join(names), language)
    if len(facts) > 1 or (kind == "vintages" and not facts):
        raise BadInput(f"a picture of {kind} takes one fact or glob, got {len(facts)}")
    if kind == "vintages":
        return Picture(draw(kind, vintages_data(snapshot, facts[0], dates), **options), facts[0], language)
    data = flow_data(
        snapshot, [dates] if compare is None else [compare, dates], fact=facts[0] if facts else None
    )
    return Picture(draw(kind, data, **options), f"who promised what to whom: {data['attribute']}", language)


def facts_named(snapshot: Snapshot, facts: Sequence[str]) -> list[str]:
    """Return the facts that keys and globs name, in their order; raises NotFound where there is none."""
    if not facts:
        raise BadInput("name a fact to draw, such as nvidia/investment/openai")
    found: dict[str, None] = {}
    for fact in facts:
        key = fact_key(fact) or fact
        if is_glob(key):
            found |= dict.fromkeys(snapshot.facts(key))
        else:
            found[snapshot.check_known(key)] = None
    if not found:
        raise NotFound(f"no fact matches {', '.join(facts)}")
    return list(found)
