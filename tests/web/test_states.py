"""What the page shows where something is missing, and its keys."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.web.conftest import Served, stop

FACT = "/fact/nvidia/investment/openai?as_of=2026-01-15"


def test_without_a_server_the_last_answer_stays(
    browser: Any, served: Served, serving: Any, tmp_path: Path
) -> None:
    """What is shown is always the answer for the date that is shown, until the server is back."""

    def rows(page: Any) -> list[str]:
        found: list[str] = page.locator("tr[data-fact]").all_text_contents()
        return found

    def date_of(page: Any) -> str:
        return str(page.locator("form.as_of .day").get_attribute("data-iso"))

    right = browser.new_page()
    right.goto(f"{served.address}/?as_of=2025-02-23")
    right.wait_for_selector("html.scripted")
    shutil.copytree(served.store, tmp_path / "desk")
    server = serving(tmp_path / "desk")
    page = browser.new_page()
    page.goto(f"{server.address}/?as_of=2025-02-22")
    page.wait_for_selector("html.scripted")
    page.wait_for_function("() => timelinePage.knowsDays()")
    stop(server)
    page.wait_for_function("() => document.getElementById('live').textContent.startsWith('Not live since')")
    # A day whose answer was sent already is shown whole, with a word that the server does not answer.
    page.locator("[data-step='+day']").click()
    page.wait_for_selector(".trouble")
    assert page.locator(".trouble").inner_text() == "The server does not answer. Try again"
    assert (date_of(page), rows(page)) == ("2025-02-23", rows(right))
    # What was not sent is not shown: the last answer stays, with its date, and the word about the server.
    page.locator("form.as_of .day").fill("2025-02")
    page.locator("form.as_of .day").press("Enter")
    page.locator(".find [type=search]").fill("nvidia")
    page.locator(".find [type=search]").press("Enter")
    page.wait_for_function("() => timelinePage.isAtRest()")
    assert (date_of(page), rows(page)) == ("2025-02-23", rows(right))
    assert page.locator(".trouble").is_visible()
    # With the server back, what was asked for last is there by one press, and the word is gone.
    serving(tmp_path / "desk", "--port", str(server.port))
    page.locator(".trouble [data-do=again]").click()
    page.wait_for_selector(".trouble", state="detached")
    assert page.locator(".chosen").inner_text().startswith("“nvidia”")
    assert 0 < len(rows(page)) < len(rows(right))
    for each in (page, right):
        each.close()


def test_a_wrong_address_names_what_is_wrong_in_each_language(served: Served) -> None:
    status, _, body = served.get("/?as_of=2025-02-30&lang=fr")
    assert status == 400
    assert "2025-02-30" in body.decode()
    assert "Par exemple 2025-02-22" in body.decode()


def test_why_is_answered_in_sentences(opened: Callable[..., Any]) -> None:
    page = opened(FACT)
    page.keyboard.press("w")
    story = page.locator(".why pre").inner_text()
    assert "Nvidia means to invest up to 100 billion dollars" in story
    assert "Our record was mended" in story


def test_keys_of_a_single_letter_can_be_switched_off(opened: Callable[..., Any]) -> None:
    page = opened(FACT)
    page.keyboard.press("?")
    page.locator("#letters").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.wait_for_selector("html.scripted")
    page.keyboard.press("w")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('form.as_of .day').dataset.iso === '2026-01-16'")
    assert page.locator(".why[open]").count() == 0


def test_a_comparison_names_when_each_row_held_and_repeats_nothing(opened: Callable[..., Any]) -> None:
    page = opened("/?as_of=2026-02-28&compare=2025-10-15")
    rows = page.locator("tr[data-fact='openai/valuation'] .claims")
    assert sorted(row.split("held")[-1].split("\n")[0] for row in rows.all_inner_texts()) == [
        " by 2023",
        " from 2025",
        " in 2024",
    ]
    assert page.locator("tr[data-fact='openai/customer/microsoft'] .was").count() == 0
    assert page.locator(".steps [data-do=play]").count() == 0


@pytest.mark.parametrize("path", [FACT, "/promises?as_of=2026-02-28&compare=2025-10-15"])
def test_a_phone_shows_it_without_a_second_direction(opened: Callable[..., Any], path: str) -> None:
    page = opened(path, width=360)
    page.wait_for_selector("html.scripted")
    wide = page.locator(".scroll:visible").evaluate_all(
        "all => all.map(one => one.scrollWidth - one.clientWidth)"
    )
    assert max(wide, default=0) <= 0
    # One date at a time.
    assert page.locator(".panel:visible").count() == (1 if "promises" in path else 0)


def test_claims_are_in_the_language_of_the_page(opened: Callable[..., Any]) -> None:
    page = opened(f"{FACT}&lang=fr")
    assert page.locator(".card .big").inner_text() == "jusqu\u2019à 100 milliards USD"
    assert "écrit sans engager personne" in page.locator(".card").inner_text()
