"""Under French, no word of the interface is English: what is data stays as it was reported."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

import pytest
import quickjs

from tests.web.conftest import Served
from timeline.meaning.columns import STATUSES
from timeline.show.phrases import PHRASES
from timeline.web.render import _KEYS

VIEWS = (
    "/?as_of=2025-02-22",
    "/?as_of=2020-01-01",
    "/?q=nothing-has-this",
    "/?recorded_as_of=%231&valid_at=2025-01-01",
    "/?as_of=2026-02-28&compare=2025-10-15",
    "/fact/nvidia/investment/openai?as_of=2026-02-28",
    "/fact/nvidia/investment/openai?as_of=2026-01-15",
    "/fact/nvidia/investment/openai?as_of=2020-01-15",
    "/fact/openai/cash-burn@2027",
    "/promises?as_of=2025-10-15&compare=2026-02-28",
    "/promises?as_of=2020-01-01",
    "/disagreements",
    "/disagreements?as_of=2020-01-01",
    "/ask",
    "/ask?sql=SELECT+1",
    "/ask?sql=DROP+TABLE+x",
    "/ask?sql=SELECT+1+AS+a&show=chart",
)
#: Names of things, equal in both languages, or what a fact, an attribute or a value of the reports is.
SAME = {"Date", "SQL", "CSV", "SVG", "PNG", "Timeline", "mars"}


def words() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the words of the page and of its pictures, by language."""
    context = quickjs.Context()
    for room, name in (("plot", "js/words.js"), ("web", "static/words.js")):
        context.eval(files(f"timeline.{room}").joinpath(name).read_text(encoding="utf-8"))
    page, pictures = json.loads(context.eval("JSON.stringify([timelinePage.words, timelinePlot.words])"))
    return page, pictures


def texts(value: Any) -> set[str]:
    """Return the texts in words, which may be in lists and in tables."""
    if isinstance(value, str):
        return {value}
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return set().union(*map(texts, parts))


class Shown(HTMLParser):
    """Everything that a page shows or has read out."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._is_shown = True
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_shown = tag not in ("script", "style")
        given = dict(attrs)
        for name in ("aria-label", "title", "placeholder", "alt", "aria-valuetext"):
            self.found.append(given.get(name) or "")

    def handle_data(self, data: str) -> None:
        if self._is_shown:
            self.found += data.split("\n")


@pytest.mark.parametrize("view", VIEWS)
def test_no_word_of_the_interface_is_english(served: Served, view: str) -> None:
    _, _, body = served.get(view, Accept_Language="fr-FR,fr;q=0.9,en;q=0.5")
    shown = {text.strip() for text in Shown(body.decode()).found}
    page, pictures = words()
    english = (
        texts([page["en"], pictures["en"]]) | set(PHRASES["fr"]) | set(STATUSES) | set(STATUSES.values())
    )
    english |= {status.replace("-", " ") for status in STATUSES} | {what for _, what in _KEYS["en"]}
    french = (
        texts([page["fr"], pictures["fr"]]) | set(PHRASES["fr"].values()) | {what for _, what in _KEYS["fr"]}
    )
    wrong = {text for text in shown & (english - french) if re.search("[A-Za-z]{2}", text)} - SAME
    assert not wrong
    # Sentences with names or numbers in them.
    whole = "\n".join(shown)
    for phrase in (
        "Believed as of",
        "recorded as of",
        "It displaced",
        "Our record was mended",
        "What others say",
    ):
        assert phrase not in whole
    assert not re.search(r"\b\d+ (reports?|facts?|origins?|rows?)\b", whole)
    if not view.startswith("/fact/"):
        # What a fact's evidence quotes is as it was reported.
        assert not re.search(r"\b(billion|million|up to|more than|about) ", whole)


def test_why_is_in_french_where_the_page_is(served: Served) -> None:
    _, _, body = served.get("/fact/nvidia/investment/openai?as_of=2026-02-28&lang=fr")
    shown = "\n".join(Shown(body.decode()).found)
    for phrase in (
        "Cru au 2026-02-28 (rapporté)",
        "Elle a remplacé",
        "Nos données ont été corrigées",
        "en négociation",
    ):
        assert phrase in shown
    # What was reported stays in its words.
    assert "Nvidia is in final negotiations to put 30 billion dollars" in shown


def test_a_status_has_one_name_in_french() -> None:
    _, pictures = words()
    assert {status: PHRASES["fr"][status] for status in STATUSES} == pictures["fr"]["statuses"]


def test_a_phrase_has_the_same_parts_in_both_languages() -> None:
    for english, french in PHRASES["fr"].items():
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", french)), english
