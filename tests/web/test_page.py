"""The page in a real browser: the date by mouse, keys and field, every view, and that nobody is kept out."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.commands import run as run_command
from tests.plot.test_odd_facts import REPORTS
from tests.web.conftest import Served, violations
from timeline import Timeline

pytestmark = pytest.mark.browser

FACT = "/fact/nvidia/investment/openai"
VIEWS = [
    "/?as_of=2025-02-22",
    "/?as_of=2026-02-28&compare=2025-10-15",
    f"{FACT}?as_of=2026-01-15",
    "/promises?as_of=2026-02-28&compare=2025-10-15",
    "/disagreements",
    "/ask?sql=SELECT+fact,+claim+FROM+beliefs+LIMIT+3",
    "/ask?show=chart&sql=SELECT+fact,+amount+FROM+beliefs+LIMIT+9",
    "/?q=nothing-has-this",
]


def believed(page: Any) -> str:
    """Return the date that the page shows."""
    return str(page.locator("form.as_of .day").get_attribute("data-iso"))


def wait_for_day(page: Any, day: str) -> None:
    page.wait_for_function("day => document.querySelector('form.as_of .day').dataset.iso === day", arg=day)


def test_the_first_view_shows_what_was_believed(opened: Callable[..., Any]) -> None:
    page = opened("/?as_of=2025-02-22")
    assert page.locator("form.as_of .day").input_value() == "22 February 2025"
    assert "56 facts from 67 reports of 8 origins, 1 disagreement" in page.locator(".summary").inner_text()
    assert page.locator("tr[data-fact]").count() == 56
    assert page.locator("tr[data-fact='nvidia/investment/openai']").count() == 0
    assert "15–25" in page.locator("tr[data-fact='softbank/investment/openai'] .claim").inner_text()


def test_the_date_is_dragged_stepped_and_typed(opened: Callable[..., Any]) -> None:
    page = opened("/?as_of=2025-10-15")
    assert "up to 100" in page.locator("tr[data-fact='nvidia/investment/openai'] .claim").inner_text()
    box = page.locator(".slider").bounding_box()
    page.mouse.move(*_middle(page.locator(".handle.as-of").bounding_box()))
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + 30, steps=12)
    page.mouse.up()
    page.wait_for_function("() => document.querySelector('form.as_of .day').dataset.iso >= '2026-02-25'")
    claim = "[data-fact='nvidia/investment/openai'] .claim"
    page.wait_for_function("name => document.querySelector(name).innerText.startsWith('30')", arg=claim)
    page.locator(".handle.as-of").focus()
    day = believed(page)
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("day => document.querySelector('form.as_of .day').dataset.iso < day", arg=day)
    day = believed(page)
    page.keyboard.press("p")
    page.wait_for_function("day => document.querySelector('form.as_of .day').dataset.iso < day", arg=day)
    page.keyboard.press("Home")
    wait_for_day(page, "2025-01-21")
    page.keyboard.press("n")
    wait_for_day(page, "2025-01-23")
    page.keyboard.press("Shift+ArrowRight")
    wait_for_day(page, "2025-02-23")
    page.keyboard.press("d")
    page.keyboard.type("2025-10")
    page.keyboard.press("Enter")
    wait_for_day(page, "2025-10-31")
    assert "as_of=2025-10" in page.url
    page.go_back()
    page.wait_for_function("() => document.querySelector('form.as_of .day').dataset.iso !== '2025-10-31'")


def _middle(box: dict[str, float]) -> tuple[float, float]:
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_wrong_date_says_what_is_taken_and_changes_nothing(browser: Any, served: Served) -> None:
    page = browser.new_page()
    page.goto(f"{served.address}/?as_of=2025-02-22")
    page.locator("form.as_of .day").fill("2025-02-30")
    page.locator("form.as_of .day").press("Enter")
    page.wait_for_selector("form.as_of.wrong")
    assert "2025-02-30" in page.locator("form.as_of .help").inner_text()
    assert page.locator("tr[data-fact]").count() == 56
    assert served.get("/?as_of=2025-02-30")[0] == 400
    page.close()


def test_an_address_restores_the_state(opened: Callable[..., Any]) -> None:
    page = opened("/?as_of=2025-02-22&subject=openai&status=forecast")
    rows = page.locator("tr[data-fact]")
    assert rows.count() > 0
    assert all(
        fact.startswith("openai/") for fact in rows.evaluate_all("rows => rows.map(row => row.dataset.fact)")
    )
    page.locator(".find [type=search]").fill("stargate")
    page.locator(".find [type=search]").press("Enter")
    page.wait_for_function("() => location.search.includes('q=stargate')")
    again = opened(page.url.removeprefix(page.evaluate("location.origin")))
    assert again.locator("tr[data-fact]").count() == page.locator("tr[data-fact]").count()


def test_two_dates_are_compared(opened: Callable[..., Any]) -> None:
    page = opened("/?as_of=2026-02-28&compare=2025-10-15")
    row = page.locator("tr[data-fact='nvidia/investment/openai']")
    assert "30 billion USD" in row.inner_text()
    assert "was up to 100 billion USD" in row.inner_text()
    summary = page.locator(".summary").inner_text()
    assert summary.startswith("5 facts changed, 23 appeared, 1 reported again, 57 stayed. 31 reports came")
    page.keyboard.press("x")
    wait_for_day(page, "2025-10-15")


def test_moving_over_the_chart_of_a_fact_is_an_as_of(opened: Callable[..., Any]) -> None:
    page = opened(f"{FACT}?as_of=2026-02-28")
    assert "30 billion USD" in page.locator(".card .big").inner_text()
    box = page.locator(".chart svg").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 120)
    page.wait_for_function("() => document.querySelector('.card .big').innerText.startsWith('up to 100')")
    assert page.locator(".evidence tr.later").count() == 2
    assert "letter of intent" in page.locator(".card").inner_text()


def test_a_promise_shrinks_as_the_date_passes(opened: Callable[..., Any]) -> None:
    page = opened("/promises?as_of=2025-10-15")
    assert "up to 100" in page.locator(".flow").inner_text()
    page.keyboard.press("End")
    page.wait_for_function("() => !document.querySelector('.flow').textContent.includes('up to 100')")


def test_a_question_in_sql_is_answered_or_refused(opened: Callable[..., Any]) -> None:
    page = opened("/ask")
    page.locator("#sql").fill(
        "SELECT claim FROM beliefs FOR REPORTED_TIME AS OF '2025-10-15' "
        "WHERE fact = 'nvidia/investment/openai'"
    )
    page.get_by_role("button", name="Run").click()
    page.wait_for_selector(".answer td")
    assert page.locator(".answer td").inner_text() == "up to 100 billion USD"
    page.locator("#sql").fill("DROP TABLE events")
    page.get_by_role("button", name="Run").click()
    page.wait_for_selector(".problem")
    assert "expected" in page.locator(".problem").inner_text()
    assert page.locator("[data-sql]").count() > 5


def test_what_is_appended_shows_without_reload(
    opened: Callable[..., Any], served: Served, serving: Any, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    shutil.copytree(served.store, project)
    page = opened("/", server=serving(project))
    assert page.locator("tr[data-fact='nvidia/ceo']").count() == 0
    with Timeline.open(project) as tl:
        tl.append(
            [
                {
                    "fact": "nvidia/ceo",
                    "text": "Jensen Huang",
                    "source": "gate-2026-02-20",
                    "reported": "2026-02",
                }
            ],
            register_unknown=True,
        )
    page.wait_for_selector("tr[data-fact='nvidia/ceo']", timeout=10_000)


@pytest.mark.parametrize("path", VIEWS)
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_nobody_is_kept_out(opened: Callable[..., Any], path: str, scheme: str, width: int) -> None:
    page = opened(path, width=width, color_scheme=scheme, reduced_motion="reduce")
    page.wait_for_selector("html.scripted")
    assert violations(page) == []
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0


def test_the_page_reads_without_scripts_and_in_french(opened: Callable[..., Any]) -> None:
    page = opened("/?as_of=2025-02-22&lang=fr", java_script_enabled=False)
    assert page.locator("html").get_attribute("lang") == "fr"
    assert "22 février 2025" in page.locator("form.as_of .day").get_attribute("value")
    assert page.locator("tr[data-fact]").count() == 56
    page.locator("[data-step='+day']").click()
    assert "23 février 2025" in page.locator("form.as_of .day").get_attribute("value")
    page.locator("tr[data-fact='softbank/investment/openai'] .name").click()
    assert "softbank/investment/openai" in page.locator("code").inner_text()


def test_the_browser_draws_what_the_server_sends(opened: Callable[..., Any], served: Served) -> None:
    page = opened(f"{FACT}?as_of=2026-01-15")
    _, _, sent = served.get(f"{FACT}.svg?as_of=2026-01-15")
    drawn = page.evaluate(
        "() => timelinePlot.fact(JSON.parse(document.getElementById('state').textContent).chart, "
        "{ground: true, language: 'en'})"
    )
    assert drawn == sent.decode()


def test_a_page_to_send_needs_no_server(browser: Any, served: Served, tmp_path: Path) -> None:
    written = tmp_path / "story.html"
    command = ["page", "nvidia/investment/openai", "softbank/*", "-o", str(written), "--as-of", "2026-01-15"]
    assert run_command(served.store, command).code == 0
    page = browser.new_page()
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(written.as_uri())
    nvidia = page.locator(".story").first
    assert page.locator("#date").inner_text() == "15 January 2026"
    assert "up to 100" in nvidia.locator(".card").inner_text()
    assert page.locator(".story").count() > 5
    page.locator("#day").focus()
    page.keyboard.press("End")
    page.wait_for_function("() => document.querySelector('.story .big').innerText.startsWith('30')")
    page.keyboard.press("Home")
    page.wait_for_function("() => document.querySelector('.story .nothing-of-it') !== null")
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert not errors
    page.close()


def test_a_page_to_send_reads_without_scripts_on_paper_and_to_everyone(browser: Any, tmp_path: Path) -> None:
    """Over facts of every kind, with texts that are no words."""
    with Timeline.create(tmp_path / "odd") as tl:
        tl.append([{"source": "desk", **event} for event in REPORTS], register_unknown=True)
    written = tmp_path / "story.html"
    command = [
        "page",
        "acme/*",
        "-o",
        str(written),
        "--as-of",
        "2025-02-10",
        "--store",
        str(tmp_path / "odd"),
    ]
    assert run_command(tmp_path, command).code == 0
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

    def opened(**options: Any) -> tuple[Any, list[str]]:
        page = browser.new_context(locale="en-GB", **options).new_page()
        wrong: list[str] = []
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "request", lambda one: None if one.url.startswith(("file:", "data:")) else wrong.append(one.url)
        )
        page.goto(written.as_uri())
        return page, wrong

    page, wrong = opened(java_script_enabled=False)
    assert page.locator("#date").inner_text() == "10 February 2025"
    without = page.locator(".card, .evidence").all_text_contents()
    assert page.locator(".story").count() == len({event["fact"] for event in REPORTS if "fact" in event})
    assert not page.locator("#day").is_visible()
    page.context.close()
    for options in (
        {"viewport": {"width": 1280, "height": 900}},
        {"viewport": {"width": 360, "height": 800}, "color_scheme": "dark"},
    ):
        page, wrong = opened(**options)
        assert page.locator(".card, .evidence").all_text_contents() == without
        page.evaluate(Path(__file__).with_name("axe.min.js").read_text(encoding="utf-8"))
        found = page.evaluate("axe.run(document)")
        assert [(one["id"], one["nodes"][0]["failureSummary"][:300]) for one in found["violations"]] == []
        assert page.evaluate(wide) <= 0
        assert wrong == []
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 740, "height": 1000})
        assert not page.locator("#day").is_visible()
        assert page.evaluate(wide) <= 0
        page.context.close()


def test_the_first_view_is_small(opened: Callable[..., Any], served: Served) -> None:
    page = opened("/?as_of=2025-02-22")
    page.wait_for_selector("html.scripted")
    asked = page.evaluate("performance.getEntriesByType('resource').map(one => new URL(one.name).pathname)")
    names = [path for path in asked if path.startswith("/static/")]
    assert {"/static/plot.js", "/static/page.js", "/static/page.css", "/static/preact.mjs"} <= set(names)
    bodies = [served.get(path)[2] for path in ["/?as_of=2025-02-22", *names]]
    assert sum(len(gzip.compress(body)) for body in bodies) <= 80 * 1024
    # A fact is drawn all the same: what draws it is loaded then.
    page.locator("tr[data-fact='softbank/investment/openai'] .name").click()
    page.wait_for_selector(".chart svg")
