"""A page to send shows what the page of the server shows, in fewer bytes than its events have."""

from __future__ import annotations

import json
import zlib
from base64 import b64decode
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import quickjs
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import some
from tests.web.conftest import Served
from timeline import Timeline
from timeline.web.packed import Packer, squeezed
from timeline.web.story import story

FACT = "acme/revenue"
#: About midnight in each of the zones, about a change of the clocks, and two of a date alone.
MOMENTS = (
    *("2025-03-07", "2025-03-09T03:30:00Z", "2025-03-09T04:59:59Z", "2025-03-09T05:00:00Z"),
    *("2025-03-10T03:59:59.999Z", "2025-03-10T04:00:00Z", "2025-03-11T09:59:59Z", "2025-03-11T10:00:00Z"),
    *("2025-03-14", "2025-11-02T04:30:00Z", "2025-11-03T04:59:59Z"),
)
DAYS = ("2025-03-06", "2025-03-08", "2025-03-09", "2025-03-10", "2025-03-11", "2025-11-01", "2025-11-03")
STATE = "timelinePage.unpacked(timelineUnpacked.state)"


def report(number: int, reported: str) -> dict[str, object]:
    return {
        "fact": FACT,
        "claim": f"{number + 1} million USD",
        "status": ("rumored", "estimated", "actual")[number % 3],
        "reported": reported,
        "source": f"paper-{number % 40}",
        "origin": f"desk-{number % 7}",
        "statement": f"Report {number} of many about what Acme took in, which none of the others repeats.",
    }


def written(folder: Path, moments: list[str], zone: str = "UTC") -> Path:
    """Return a project with one fact, whose reports are of these moments."""
    (folder / "timeline.toml").write_text(f'[project]\ntimezone = "{zone}"\n')
    with Timeline.create(folder / ".timeline") as tl:
        tl.append([report(*each) for each in enumerate(moments)], register_unknown=True)
    return folder / ".timeline"


def page_of(store: Path, **dates: str) -> str:
    with Timeline.open(store) as tl:
        snapshot = tl.snapshot()
        return story(snapshot, [FACT], snapshot.dates(**dates))


def chosen(page: Any, day: date) -> None:
    """Choose a day on a page to send."""
    number = (day - date(1970, 1, 1)).days
    page.evaluate(
        "(number) => { const field = document.getElementById('day'); field.value = number; "
        "field.dispatchEvent(new Event('input')); }",
        number,
    )
    shown = f"{day.day} {day:%B} {day.year}"
    page.wait_for_function("(day) => document.getElementById('date').textContent === day", arg=shown)


def texts(page: Any) -> list[str]:
    found: list[str] = page.locator(
        ".card .belief, .card .nothing-of-it, .evidence h2, .evidence table"
    ).all_text_contents()
    return found


@pytest.mark.parametrize("zone", some(["America/New_York", "Pacific/Kiritimati"], 2))
def test_it_shows_what_the_page_of_the_server_shows_on_the_same_days(
    browser: Any, serving: Callable[..., Served], tmp_path: Path, zone: str
) -> None:
    store = written(tmp_path, list(MOMENTS), zone)
    path = tmp_path / "story.html"
    path.write_text(page_of(store), encoding="utf-8")
    served = serving(store)
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    sent, asked = context.new_page(), context.new_page()
    sent.goto(path.as_uri())
    sent.wait_for_selector("html.scripted")
    drawn = "timelinePlot.fact({}, {{width: 800, language: 'en', id: 'x'}})"
    there = drawn.format("JSON.parse(document.getElementById('state').textContent).chart")
    here = drawn.format("timelinePage.factOn(all, all.facts[0], number).chart")
    try:
        for day in map(date.fromisoformat, DAYS):
            chosen(sent, day)
            asked.goto(f"{served.address}/fact/{FACT}?as_of={day}")
            assert texts(sent) == texts(asked), day
            # Before and behind all reports, the server makes room for the date.
            if DAYS[0] < f"{day}" < DAYS[-1]:
                number = (day - date(1970, 1, 1)).days
                script = f"(number) => {{ const all = {STATE}; return {here}; }}"
                assert sent.evaluate(script, number) == asked.evaluate(f"() => {there}"), day
    finally:
        context.close()


def test_of_many_reports_those_about_the_date_are_shown_until_all_are_asked_for(
    browser: Any, tmp_path: Path
) -> None:
    days = [date(2020, 1, 1) + timedelta(days=number) for number in range(250)]
    store = written(tmp_path, [f"{day}" for day in days])
    path = tmp_path / "story.html"
    path.write_text(page_of(store), encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    page.wait_for_selector("html.scripted")
    chosen(page, days[30])
    rows = page.locator(".evidence tbody tr:not(.line)")
    assert rows.count() == 200
    assert "31 of 250 reports" in page.locator(".evidence h2").inner_text()
    assert "Report 0 of" in rows.first.inner_text()
    chosen(page, days[-1])
    assert "Report 249 of" in rows.last.inner_text()
    assert rows.count() == 200
    page.locator("[data-whole]").focus()
    page.keyboard.press("Enter")
    assert rows.count() == 250
    assert page.locator("[data-whole]").count() == 0
    assert page.evaluate("document.activeElement.closest('.evidence') !== null")
    page.close()


def test_a_report_costs_no_more_bytes_than_what_it_says(tmp_path: Path) -> None:
    """Each is in it once: in the chart, as a belief and as evidence by reference."""
    days = [f"{date(2005, 1, 1) + timedelta(days=number)}" for number in range(1_000)]
    store = written(tmp_path, days)
    text = page_of(store)
    packed = text.partition('id="packed">')[2].partition("<")[0]
    state = json.dumps(json.loads(zlib.decompress(b64decode(packed)))["state"], ensure_ascii=False)
    assert state.count("Report 512 of many") == 1
    assert len(squeezed(state)) < 60 * len(days)
    # Scripts, what reads without them, and the reports.
    assert len(text.encode()) < 600_000


@cache
def unpacking() -> Any:
    context = quickjs.Context()
    context.eval(files("timeline.web").joinpath("static/unpack.js").read_text(encoding="utf-8"))
    return context.eval(
        "(text) => { const { shared, table } = JSON.parse(text); "
        "return JSON.stringify(timelineUnpacked.rows(shared, table)); }"
    )


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from(["", "1", "true", "null", "é"]),
    st.lists(st.sampled_from(["", "1", None]), max_size=2),
)


@given(st.lists(st.fixed_dictionaries({"a": VALUES, "b": VALUES}), max_size=6))
def test_rows_come_back_as_they_were(rows: list[dict[str, Any]]) -> None:
    packer = Packer()
    packer.table([{"a": 1, "b": "1"}])
    table = packer.table(rows)
    text = json.dumps({"shared": packer.shared, "table": table})
    assert json.loads(unpacking()(text)) == rows
