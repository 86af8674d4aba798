"""What a page shows while its date is moved, worked out in one pass: what the server says of each day."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
import quickjs
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.examples import LONG, some
from tests.plot.test_odd_facts import REPORTS
from tests.web.conftest import Served
from timeline import Timeline
from timeline.meaning.times import DAY, asked_day, day_of, parse_as_of
from timeline.web.render import SCRIPTS, static_files

#: As the seed of the steps, so that a failure can be repeated.
SEED = int(os.environ.get("TIMELINE_SEED", random.SystemRandom().randrange(10**6)))
LIGHT = ("groups", "axis", "total", "shown", "offset", "summary", "as_of", "is_now", "asked")


@pytest.fixture(scope="module")
def on_day() -> Callable[[Any, Any, str], Any]:
    """Return what the page calls to show another day."""
    context = quickjs.Context()
    for name in SCRIPTS:
        context.eval(static_files()[name][0].decode())
    call = context.eval(
        "(data, days, day) => JSON.stringify(timelinePage.onDay(JSON.parse(data), "
        "timelinePage.withDays(JSON.parse(days)), day))"
    )
    return lambda data, days, day: json.loads(call(json.dumps(data), json.dumps(days), day))


def seen(served: Served, path: str, **asked: str) -> Any:
    """Return the data of a view."""
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    status, _, body = served.get(f"{path}?{query}", Accept="application/vnd.timeline.view+json")
    assert status == 200, body
    return json.loads(body)


@pytest.mark.parametrize(
    "narrowed", [{}, {"q": "nvidia"}, {"status": "forecast"}, {"subject": "openai", "q": "e"}]
)
def test_each_day_is_as_the_server_shows_it(
    served: Served, on_day: Callable[..., Any], narrowed: dict[str, str]
) -> None:
    data = seen(served, "/", as_of="2025-06-01", **narrowed)
    days = seen(served, "/days", as_of="2025-06-01", **narrowed)
    assert (days["from"], days["until"], days["commit"]) == (None, None, data["commit"])
    froms = [date.fromisoformat(state["from"]) for state in days["states"]]
    near = sorted({day + timedelta(step) for day in froms for step in (-1, 0, 1)})
    for day in near if not narrowed else near[::5]:
        shown = seen(served, "/", as_of=f"{day}", **narrowed)
        found = on_day(data, days, f"{day}")
        assert {name: found[name] for name in LIGHT} == {name: shown[name] for name in LIGHT}, day
        assert found["facets"]["status"] == shown["facets"]["status"]


def test_odd_facts_on_each_day(serving: Any, on_day: Callable[..., Any], tmp_path: Path) -> None:
    with Timeline.create(tmp_path / "odd") as tl:
        tl.append([{"source": "desk", **event} for event in REPORTS], register_unknown=True)
    server = serving(tmp_path / "odd")
    data, days = seen(server, "/"), seen(server, "/days")
    for state in days["states"][1:]:
        shown = seen(server, "/", as_of=state["from"])
        found = on_day(data, days, state["from"])
        assert {name: found[name] for name in LIGHT} == {name: shown[name] for name in LIGHT}, state["from"]


#: Clocks of the last show 00:01 and then 23:01 of the day before; those of the two before it skip a day.
ZONES = ("America/Los_Angeles", "Asia/Tokyo", "Pacific/Apia", "Pacific/Kwajalein", "America/St_Johns")


@pytest.mark.parametrize("zone", ZONES)
def test_each_day_in_a_zone(serving: Any, on_day: Callable[..., Any], tmp_path: Path, zone: str) -> None:
    (tmp_path / "timeline.toml").write_text(f'[project]\ntimezone = "{zone}"\n')
    # Days, and moments about the ends of days there.
    moments = ["2025-03-01", "2025-03-09", "2025-03-02T07:59:59Z", "2025-03-02T08:00:00Z", "2025-11-02"]
    moments += [
        "2009-11-01T02:30:30Z",
        "2009-11-01T02:45:00Z",
        "2009-10-31",
        "2011-12-29",
        "2011-12-31",
        "1993-08-20",
    ]
    with Timeline.create(tmp_path / ".timeline", project=tmp_path) as tl:
        tl.append(
            [
                {"fact": f"a{number % 3}/b", "text": f"x{number}", "source": "s", "reported": moment}
                for number, moment in enumerate(moments)
            ],
            register_unknown=True,
        )
    server = serving(tmp_path / ".timeline")
    days = seen(server, "/days", as_of="2025-06-01")
    data = seen(server, "/", as_of="2025-06-01")
    froms = [date.fromisoformat(state["from"]) for state in days["states"]]
    for day in sorted({day + timedelta(step) for day in froms for step in (-1, 0, 1)}):
        shown, found = seen(server, "/", as_of=f"{day}"), on_day(data, days, f"{day}")
        # A day that was skipped is shown as another one, which ends with it.
        same = [name for name in LIGHT if name != "as_of"]
        assert {name: found[name] for name in same} == {name: shown[name] for name in same}, day


@settings(deadline=None)
@given(st.integers(-3_000_000_000_000_000, 4_000_000_000_000_000), st.sampled_from((None, *ZONES)))
@example(1_257_042_630_000_000, "America/St_Johns")
def test_the_day_asked_with_is_the_first_that_ends_then_or_later(instant: int, zone: str | None) -> None:
    day = asked_day(instant, zone)
    assert parse_as_of(day_of(day * DAY), zone) >= instant > parse_as_of(day_of((day - 1) * DAY), zone)


VIEWS = {
    "promises": ("/promises", {}),
    "promises on two dates": ("/promises", {"compare": "2025-10-15"}),
    "changes": ("/", {"compare": "2025-02-22"}),
    "disagreements": ("/disagreements", {}),
    "another rule": ("/", {"policy": "by-origin", "q": "nvidia"}),
    "another basis": ("/", {"basis": "possible"}),
    "record": ("/", {"recorded_as_of": "%235"}),
    "fact": ("/fact/nvidia/investment/openai", {}),
    "fact of words": ("/fact/microsoft/role/openai", {}),
}


@pytest.mark.parametrize("of", some([*VIEWS], 3))
def test_each_day_of_other_views(served: Served, on_day: Callable[..., Any], of: str) -> None:
    print(f"TIMELINE_SEED={SEED}")
    path, asked = VIEWS[of]
    data = seen(served, path, as_of="2025-06-01", **asked)
    days = seen(served, f"/days{path.rstrip('/')}", as_of="2025-06-01", **asked)
    assert (days["from"], days["until"], days["commit"]) == (None, None, data["commit"])
    froms = [date.fromisoformat(state["from"]) for state in days["states"]]
    near = sorted({day + timedelta(step) for day in froms for step in (-1, 0, 1, 9)})
    for day in near if LONG else random.Random(SEED).sample(near, 8):
        shown, found = seen(served, path, as_of=f"{day}", **asked), on_day(data, days, f"{day}")
        # The page draws the bars of reports by its own date.
        parts = [name for name in shown if name != "density"]
        for view in (shown, found):
            if "chart" in view:
                # To the tenth of a second: a browser counts in milliseconds.
                moments = [datetime.fromisoformat(at) for at in view["chart"]["domain"]]
                view["chart"]["domain"] = [round(at.timestamp(), 1) for at in moments]
        assert {name: found.get(name) for name in parts} == {name: shown[name] for name in parts}, day


def test_what_is_not_worked_out_ahead(served: Served, serving: Any, tmp_path: Path) -> None:
    assert seen(served, "/days", policy="first", offset="100") is None
    assert served.get("/days?as_of=soon")[0] == 400
    assert served.get("/days/fact/no/such")[0] == 404
    for path in ("/days", "/days/promises", "/days?compare=2025-02-22"):
        _, headers, _ = served.get(path)
        assert served.get(path, If_None_Match=headers["etag"])[0] == 304
    documents = serving(served.store, "--documents", str(tmp_path))
    assert seen(documents, "/days/fact/nvidia/investment/openai") is None


def as_shown(page: Any) -> list[str]:
    """Return what the page shows, a line a node: fields as they are filled, styles as they are read."""
    lines: list[str] = page.evaluate(
        """() => {
            const shown = (node) => {
                if (node.nodeType === Node.TEXT_NODE) return [node.data];
                const of = Object.fromEntries([...node.attributes].map(({ name, value }) => [name, value]));
                if (of.style) of.style = node.style.cssText;
                if (node.value !== undefined) of.value = node.value;
                const attributes = Object.entries(of).sort().map((pair) => pair.join("="));
                return [[node.tagName, ...attributes].join(" "), ...[...node.childNodes].flatMap(shown)];
            };
            return [...document.getElementById("page").childNodes].flatMap(shown);
        }"""
    )
    return lines


@pytest.mark.browser
@pytest.mark.parametrize(
    "path",
    some(
        [
            "/",
            "/?subject=openai&subject=nvidia",
            "/?compare=2025-02-22",
            "/promises",
            "/disagreements",
            "/fact/nvidia/investment/openai",
        ],
        2,
    ),
)
def test_after_any_steps_the_page_is_as_if_loaded_there(opened: Callable[..., Any], path: str) -> None:
    print(f"TIMELINE_SEED={SEED}")
    steps = random.Random(SEED)
    page = opened(path)
    page.wait_for_selector("html.scripted")
    # The page of a fact has no slider: moving over its chart is the same.
    slider = page.locator(".slider, .chart")
    for _ in range(4):
        for _ in range(steps.randrange(1, 12)):
            if steps.random() < 0.5:
                keys = ("ArrowLeft", "ArrowRight", "Shift+ArrowLeft", "Shift+ArrowRight", "n", "p", "Home")
                page.keyboard.press(steps.choice(keys))
                continue
            if path == "/promises":
                # Where nothing is promised yet, the date is above the slider.
                page.wait_for_function("() => timelinePage.isAtRest()")
            box = slider.bounding_box()
            page.mouse.move(box["x"] + box["width"] * steps.random(), box["y"] + 20)
            page.mouse.down()
            for _ in range(steps.randrange(4)):
                page.mouse.move(box["x"] + box["width"] * steps.random(), box["y"] + 20)
            page.mouse.up()
        page.wait_for_function("() => timelinePage.isAtRest()")
        found, address = as_shown(page), page.url.removeprefix(page.evaluate("location.origin"))
        afresh = opened(address)
        afresh.wait_for_selector("html.scripted")
        differ = [pair for pair in zip_longest(found, as_shown(afresh)) if pair[0] != pair[1]]
        assert differ == [], address
        afresh.close()


@pytest.mark.browser
def test_what_is_shown_at_once_is_what_the_server_says(opened: Callable[..., Any], served: Served) -> None:
    """Before anything more is asked for: the rows that are on the screen, and the counts."""
    print(f"TIMELINE_SEED={SEED}")
    steps = random.Random(SEED)
    page = opened("/")
    page.locator(".slider").hover()
    page.wait_for_function("() => timelinePage.knowsDays()")
    page.wait_for_function("() => document.querySelector('.summary b')")
    rows = "() => [...document.querySelectorAll('tbody tr')].map(row => row.innerText)"
    box = page.locator(".slider").bounding_box()
    # What is asked for from now on is not answered.
    page.route("**/*", lambda route: None)
    page.mouse.down()
    shown = []
    for _ in range(8):
        page.mouse.move(box["x"] + box["width"] * steps.random(), box["y"] + 20)
        day = page.locator("form.as_of .day").get_attribute("data-iso")
        shown.append((day, page.locator(".summary").inner_text(), page.evaluate(rows)))
    page.close()
    for day, summary, lines in shown:
        afresh = opened(f"/?as_of={day}")
        assert afresh.locator(".summary").inner_text() == summary
        assert afresh.evaluate(rows)[: len(lines)] == lines
        assert lines or afresh.locator("tbody tr").count() == 0
        afresh.close()


@pytest.mark.browser
def test_a_mouse_that_moves_many_times_a_frame_is_followed_once_a_frame(opened: Callable[..., Any]) -> None:
    page = opened("/")
    page.locator(".slider").hover()
    page.wait_for_function("() => timelinePage.knowsDays()")
    page.evaluate(
        """() => {
            window.shown = [];
            new MutationObserver(() => shown.push(window.frame)).observe(
                document.getElementById("page"), { subtree: true, attributeFilter: ["aria-valuenow"] });
            const count = () => { window.frame = (window.frame ?? 0) + 1; requestAnimationFrame(count); };
            count();
        }"""
    )
    box = page.locator(".slider").bounding_box()
    page.mouse.down()
    last = page.evaluate(
        """([left, width]) => {
            const slider = document.querySelector(".slider");
            for (let at = 0; at <= 200; at += 1) slider.dispatchEvent(new PointerEvent("pointerrawupdate",
                { bubbles: true, clientX: left + width * (0.2 + at / 500), clientY: 40 }));
            const share = 0.6, [from, to] = [slider.dataset.from, slider.dataset.to].map(Date.parse);
            return new Date(from + share * (to - from - 864e5)).toISOString().slice(0, 10);
        }""",
        [box["x"], box["width"]],
    )
    page.wait_for_function("day => document.querySelector('form.as_of .day').dataset.iso === day", arg=last)
    frames = page.evaluate("shown")
    assert len(frames) == len(set(frames)) <= 3
    page.mouse.up()
