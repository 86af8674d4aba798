"""Citations on the page: pasted or as a link, each is judged as `timeline cite --check` judges it."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from tests.web.conftest import Served, violations
from timeline import BadInput, Timeline
from timeline.citations import Citation, judge
from timeline.web.citation import citation_page
from timeline.web.confined import Bounds, Confined

EVENTS: list[dict[str, Any]] = [
    {"fact": "acme/ceo", "text": "<b>Ann</b>", "source": "a", "reported": "2025-01-01", "key": "ann"},
    {"fact": "acme/staff", "amount": 5, "unit": "count", "source": "a", "reported": "2025-01-02"},
]
LATER = {"fact": "acme/ceo", "text": "Bob", "source": "a", "reported": "2025-02-01"}


def outcomes(tl: Timeline, elsewhere: Timeline) -> dict[str, str]:
    """Return a line for each outcome: the store grows, and one event is erased, on the way."""
    tl.append(EVENTS, register_unknown=True)
    touched = tl.cite("history acme/ceo").line
    tl.append([LATER])
    found = {"grown": tl.cite("show acme/*", as_of="2025-01-15").line}
    # Tables without a date rest on whatever is there.
    found["later"] = tl.cite("SELECT count(*) FROM belief_spans", as_of="2025-01-01").line
    tl.append([EVENTS[1] | {"reported": "2025-03-01"}])
    found["grown"] = tl.cite("show acme/staff", as_of="2025-01-15").line
    tl.append([EVENTS[1] | {"reported": "2025-03-02"}])
    tl.erase("ann", reason="asked for")
    found["erased"] = touched
    found["intact"] = tl.cite(["sql", "SELECT '<i>&' AS word"], as_of="2025-01-15").line
    found["changed"] = found["grown"].replace("acme", "acne")
    elsewhere.append([LATER], register_unknown=True)
    found["elsewhere"] = elsewhere.cite("show").line
    return found


def test_each_outcome_as_the_command_has_it(
    tmp_path: Path, desk: Timeline, serving: Any, opened: Callable[..., Any]
) -> None:
    with desk, Timeline.create(tmp_path / "elsewhere") as elsewhere:
        lines = outcomes(desk, elsewhere)
        server: Served = serving(desk.path)
        for outcome, line in lines.items():
            found = server.json(f"/api/citation?{urlencode({'line': line})}")
            expected = judge(desk, line)
            assert (found["outcome"], expected.outcome) == (outcome, outcome), found
            assert found["words"] == [word.replace(str(desk.path), "the store") for word in expected.words]
            assert str(tmp_path) not in str(found)
            if expected.checked is not None:
                text = "".join(f"{row}\n" for row in found["lines"])
                assert hashlib.sha256(text.encode()).hexdigest() == expected.checked.citation.answer
                assert tuple(found["certified"]) == expected.checked.certified != ()
            text = citation_page("en", line, found)
            assert ("<b>Ann" in text, "<i>&" in text) == (False, False)
            assert all(row in unescape(text) for row in found["lines"])
        [line, other] = lines["grown"], lines["changed"]
        for odd, words in (
            ("timeline-cite:1?<script>alert(1)</script>", "has no meaning there"),
            ("nothing", "expected a line that begins with"),
            ("x" * 55_000, "more than 50,000 bytes"),
        ):
            status, _, body = server.get(f"/cite?{urlencode({'line': odd})}")
            assert status == 400
            assert words in body.decode()
            assert "<script" not in body.decode()
        assert server.get("/api/citation?line=nothing")[0] == 400
        assert server.get("/api/citation")[0] == 400

        # Pasted, with the keyboard alone; what follows is a page of its own.
        page = opened("/?as_of=2025-02-22", server=server)
        page.wait_for_selector("html.scripted")
        page.locator("nav a", has_text="Check").click()
        page.locator("textarea").fill(f"“{line[:40]}\n  {line[40:]}”")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector(".outcome")
        assert page.title() == "Intact, and the store has grown since · Check a citation · Timeline"
        assert page.locator("[role=status] p").all_text_contents() == judge(desk, line).words
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        page.locator("main a").click()
        page.wait_for_selector("html.scripted")
        assert page.evaluate("location.pathname") == "/fact/acme/staff"
        # As a link, by which somebody else opens it, on a phone, in French. Some programs rewrite links.
        link = Citation(**server.json(f"/api/citation?{urlencode({'line': line})}")["citation"]).link
        assert link.removeprefix("/cite?") == line.removeprefix("timeline-cite:1?")
        again = link.replace(":", "%3A") + "&lang=fr&utm_source=mail"
        phone = opened(again, server=server, width=320, java_script_enabled=False)
        assert phone.title().startswith("Intacte, et l\u2019entrepôt a grandi depuis")
        assert "événements enregistrés depuis" in phone.locator("[role=status]").text_content()
        assert phone.locator("html").get_attribute("lang") == "fr"
        assert opened(f"/cite?line={quote(other)}&lang=fr", server=server).locator(".changed").count() == 1
        sealed = serving(desk.path, "--sealed-as-of", "2025-01-15")
        status, _, body = sealed.get(link)
        assert status == 400
        assert "cite from the store itself" in body.decode()


def test_a_check_has_bounds_and_leaves_nothing(
    tmp_path: Path, desk: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    with desk:
        desk.append(EVENTS, register_unknown=True)
        line = desk.cite("show").line
        confined = Confined(desk.address)
        assert confined.check(line, certify=True)["outcome"] == "intact"
        slow = "SELECT count(*) FROM range(1000000) a, range(1000000) b, range(1000) c"
        given = desk.cite("show")
        forged = replace(given, question=shlex.join(["sql", slow]), answer="0" * 64).line
        with pytest.raises(BadInput, match="took more"):
            Confined(desk.address, Bounds(check_seconds=2)).check(forged, certify=True)
        assert [*(tmp_path / "temporary").glob("timeline-check-*")] == []
        confined.close()


def test_every_word_of_the_page_is_there_in_both_languages() -> None:
    found = {
        "outcome": "grown",
        "words": ["w"],
        "citation": None,
        "view": None,
        "certified": [],
        "recorded_since": None,
        "erased_since": [],
        "lines": ["{}"],
        "cut": True,
    }
    for language in ("en", "fr"):
        for outcome in ("intact", "grown", "erased", "later", "changed", "elsewhere"):
            text = citation_page(language, "line", found | {"outcome": outcome})
            assert f'class="outcome {outcome}"' in text
        assert '<section class="outcome none"' in citation_page(language, "x", problem="p\x1b")
        assert "\x1b" not in citation_page(language, "x", problem="p\x1b")
        assert "outcome" not in citation_page(language)
