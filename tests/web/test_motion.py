"""What moves on the page: marks fade where the date is stepped, bands change their height, nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.browser

#: Keeps what is animated, and how.
WATCH = """() => {
    window.moved = [];
    const animate = Element.prototype.animate;
    Element.prototype.animate = function (frames, lasts) {
        window.moved.push([this.tagName, Object.keys(frames).join(), lasts]);
        return animate.call(this, frames, lasts);
    };
}"""


def known(page: Any) -> Any:
    """Return a page that knows what it shows on every day."""
    page.wait_for_selector("html.scripted")
    page.wait_for_function("() => timelinePage.knowsDays()")
    page.evaluate(WATCH)
    return page


def at(page: Any, day: str) -> None:
    page.wait_for_function("day => document.querySelector('form.as_of .day').dataset.iso === day", arg=day)
    page.wait_for_function("() => timelinePage.isAtRest()")


def test_marks_that_change_fade_by_a_step(opened: Callable[..., Any]) -> None:
    page = known(opened("/?as_of=2025-10-15"))
    page.locator(".handle.as-of").focus()
    page.keyboard.press("p")
    at(page, "2025-09-30")
    page.keyboard.press("p")
    at(page, "2025-02-22")
    moved = page.evaluate("moved")
    assert moved
    assert {tuple(one) for one in moved} == {("svg", "opacity", 120)}
    # Rows that are the same keep their marks.
    assert len(moved) < page.locator(".beliefs svg").count()


def test_nothing_fades_while_the_handle_is_held_or_where_motion_is_not_wanted(
    opened: Callable[..., Any],
) -> None:
    page = known(opened("/?as_of=2025-10-15"))
    box = page.locator(".slider").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 20, box["y"] + 20, steps=4)
    page.mouse.up()
    page.wait_for_function("() => timelinePage.isAtRest()")
    assert page.evaluate("moved") == []
    still = known(opened("/?as_of=2025-10-15", reduced_motion="reduce"))
    still.keyboard.press("Home")
    at(still, "2025-01-21")
    assert still.evaluate("moved") == []


def test_bands_of_promises_change_their_height(opened: Callable[..., Any]) -> None:
    page = opened("/promises?as_of=2025-10-15")
    assert "Not added: Nvidia tranche → OpenAI, 10 billion USD." in page.locator(".foot").inner_text()
    page.wait_for_selector("html.scripted")
    page.evaluate(WATCH)
    page.keyboard.press("End")
    page.wait_for_function("() => !document.querySelector('.flow').textContent.includes('up to 100')")
    assert {tuple(one) for one in page.evaluate("moved")} == {("path", "d", 200)}
