"""The list of beliefs narrowed by a click or a search, on a wide screen and on a phone; and played."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from timeline import Timeline

pytestmark = pytest.mark.browser

PATH = "/?as_of=2025-10-15"


def facts(page: Any) -> set[str]:
    """Return the facts that the list shows, once the page rests."""
    page.wait_for_function("() => timelinePage.isAtRest()")
    return set(page.locator("tr[data-fact]").evaluate_all("rows => rows.map(row => row.dataset.fact)"))


@pytest.fixture
def believed(bundled: Timeline) -> list[dict[str, Any]]:
    return bundled.beliefs(as_of="2025-10-15").to_dicts()


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("of", ["subject", "attribute", "source", "origin", "status"])
def test_a_click_narrows_the_list(
    opened: Callable[..., Any], believed: list[dict[str, Any]], of: str, width: int
) -> None:
    page = opened(PATH, width=width)
    page.wait_for_selector("html.scripted")
    counts: dict[str, int] = {}
    for row in believed:
        counts[row[of]] = counts.get(row[of], 0) + 1
    value = min(counts, key=lambda name: (counts[name] == 1, counts[name], name))
    link = f"a[href*='{of}={value}']"
    # Of the folds that have it, one for each width, that which is on the screen.
    fold = page.locator(f"details:has({link}) > summary").locator("visible=true")
    if fold.count():
        fold.first.click()
    page.locator(link).locator("visible=true").first.click()
    page.wait_for_function("value => location.search.includes(value)", arg=f"{of}={value}")
    assert facts(page) == {row["fact"] for row in believed if row[of] == value}
    again = opened(page.url.removeprefix(page.evaluate("location.origin")), width=width)
    assert facts(again) == facts(page)


@pytest.mark.parametrize("where", ["fact", "statement", "name"])
def test_a_search_finds_facts_statements_and_names(
    opened: Callable[..., Any], bundled: Timeline, believed: list[dict[str, Any]], where: str
) -> None:
    names = dict(bundled.sql("SELECT id, name FROM entities").rows())
    if where == "statement":
        # Words that are in a statement and in nothing else that a list shows.
        row = next(row for row in believed if row["statement"] and len(row["statement"].split()) > 6)
        sought = " ".join(row["statement"].split()[2:6])
        expected = {row["fact"] for row in believed if sought.lower() in (row["statement"] or "").lower()}
    elif where == "name":
        sought = names["softbank"]
        expected = {row["fact"] for row in believed if "softbank" in row["fact"]}
    else:
        sought = "nvidia/investment"
        expected = {row["fact"] for row in believed if sought in row["fact"]}
    page = opened(PATH)
    page.wait_for_selector("html.scripted")
    page.locator(".find [type=search]").fill(sought)
    page.locator(".find [type=search]").press("Enter")
    page.wait_for_function("() => location.search.includes('q=')")
    found = facts(page)
    assert expected <= found < {row["fact"] for row in believed}


def test_it_is_played_report_by_report_until_it_is_stopped(opened: Callable[..., Any]) -> None:
    page = opened("/?as_of=2025-01-21")
    page.wait_for_selector("html.scripted")
    day = "form.as_of .day"
    page.evaluate(
        """(day) => {
            window.days = [];
            const note = () => {
                const iso = document.querySelector(day).dataset.iso;
                if (days.at(-1) !== iso) days.push(iso);
            };
            const all = { subtree: true, attributes: true, childList: true };
            new MutationObserver(note).observe(document.getElementById("page"), all);
        }""",
        day,
    )
    page.locator("[data-do=play]").click()
    page.wait_for_function("() => days.length >= 3")
    page.locator("[data-do=play]").click()
    page.wait_for_function("() => timelinePage.isAtRest()")
    assert "▶" in page.locator("[data-do=play]").inner_text()
    days = page.evaluate("days")
    assert days == sorted(set(days))
    reports = page.evaluate(
        "() => JSON.parse(document.getElementById('state').textContent).density.days.map(([day]) => day)"
    )
    later = [report for report in reports if report > "2025-01-21"]
    assert days[: len(later)] == later[: len(days)]
