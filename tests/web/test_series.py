"""The heat map of a series that was revised, on the page of each of its facts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.web.conftest import violations
from timeline import Timeline

#: What each vintage reports of each quarter.
VINTAGES = {
    "2024-04-30": {"2024-Q1": 100},
    "2024-07-30": {"2024-Q1": 104, "2024-Q2": 110},
    "2024-10-30": {"2024-Q1": 104, "2024-Q2": 99, "2024-Q3": 120},
    "2025-01-30": {"2024-Q3": 126},
}


@pytest.fixture
def series(tmp_path: Path) -> Path:
    with Timeline.create(tmp_path / "desk") as tl:
        reports = [
            {
                "fact": f"us/gdp@{quarter}",
                "amount": figure,
                "unit": "USD",
                "source": f"s-{day}",
                "reported": day,
            }
            for day, figures in VINTAGES.items()
            for quarter, figure in figures.items()
        ]
        alone = {"fact": "us/debt@2024", "amount": 7, "unit": "USD", "source": "s", "reported": "2025"}
        tl.append([*reports, alone], register_unknown=True)
    return tmp_path / "desk"


def test_a_series_of_many_vintages_is_drawn(opened: Callable[..., Any], serving: Any, series: Path) -> None:
    server = serving(series)
    page = opened("/fact/us/gdp@2024-Q2", server=server)
    drawn = page.locator(".vintages svg")
    assert [text for text in drawn.locator("text").all_text_contents() if text.startswith("Q")] == [
        "Q1 2024",
        "Q2 2024",
        "Q3 2024",
    ]
    assert drawn.locator("text[font-weight='600']").text_content() == "Q2 2024"
    page.locator(".vintages summary").click()
    rows = [row.split("\t") for row in page.locator(".vintages tbody tr").all_inner_texts()]
    assert ["Q2 2024", "30 October 2024", "99", "\u221210 %"] in rows
    assert violations(page) == []
    # As of an earlier date it shows what was public by then, and too little is no heat map.
    early = opened("/fact/us/gdp@2024-Q2?as_of=2024-08-01", server=server)
    assert early.locator(".vintages").count() == 0
    assert opened("/fact/us/debt@2024", server=server).locator(".vintages").count() == 0
    page.locator(".vintages tbody a").first.click()
    page.wait_for_function("() => document.querySelector('code').innerText.includes('2024-01/2024-03')")
