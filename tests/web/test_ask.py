"""SQL on the page: its answer as a table, as CSV, and as a chart of two columns."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.web.conftest import Served
from timeline.plot.engine import draw

BY_DAY = "SELECT reported_at::DATE AS day, count(*) AS n FROM events WHERE reported_at IS NOT NULL GROUP BY 1"
VIEW = {"Accept": "application/vnd.timeline.view+json"}


def answer(columns: dict[str, str], rows: list[list[Any]], x: str | None, y: str | None) -> dict[str, Any]:
    """Return an answer as the API gives it, with the two columns that are drawn."""
    return {"columns": list(columns), "types": list(columns.values()), "rows": rows, "x": x, "y": y}


def test_days_and_figures_are_points_that_are_joined() -> None:
    rows: list[list[Any]] = [["2025-03-01", "2.5"], ["2025-01-01", "1"], [None, "7"], ["2025-02-01", None]]
    svg = draw("columns", answer({"day": "DATE", "n": "DECIMAL(38,9)"}, rows, "day", "n"))
    assert svg.count("<circle") == 2
    [line] = [part for part in svg.split("<path")[1:] if 'fill="none"' in part]
    places = [float(place.split(" ")[0]) for place in line.split('"')[1].removeprefix("M").split("L")]
    assert places == sorted(places)
    assert "n by day" in svg


def test_texts_are_rows_with_a_bar_from_zero() -> None:
    rows: list[list[Any]] = [["up", 4], ["down", -2]]
    svg = draw("columns", answer({"way": "VARCHAR", "n": "BIGINT"}, rows, "way", "n"))
    up, down = (part.split("/>")[0] for part in svg.split("<rect")[1:])
    at = {name: float(up.split(f'{name}="')[1].split('"')[0]) for name in ("x", "width")}
    below = {name: float(down.split(f'{name}="')[1].split('"')[0]) for name in ("x", "width")}
    assert at["width"] == pytest.approx(2 * below["width"])
    assert below["x"] + below["width"] == pytest.approx(at["x"])


@pytest.mark.parametrize(
    ("columns", "rows", "x", "y", "says"),
    [
        ({"n": "BIGINT"}, [[1]], "n", "n", "A chart is of two columns"),
        ({"a": "VARCHAR", "n": "BIGINT"}, [], "a", "n", "no rows"),
        ({"a": "VARCHAR", "n": "BIGINT"}, [["a", 1]], "b", "n", "no column “b”"),
        ({"a": "VARCHAR", "b": "VARCHAR"}, [["a", "b"]], None, None, "nothing to draw"),
        (
            {"a": "VARCHAR", "b": "VARCHAR"},
            [["a", "b"]],
            "a",
            "b",
            "“b” holds VARCHAR. Upwards go numbers or",
        ),
        ({"a": "INTEGER[]", "n": "BIGINT"}, [[[1], 1]], "a", "n", "“a” holds INTEGER[]. Across go"),
        ({"a": "VARCHAR", "n": "BIGINT"}, [["a", None], [None, 1]], "a", "n", "No row has a value in both"),
        ({"a": "VARCHAR", "n": "DOUBLE"}, [["a", "inf"]], "a", "n", "No row has a value in both"),
    ],
)
def test_what_cannot_be_drawn_is_answered_in_words(
    columns: dict[str, str], rows: list[list[Any]], x: str | None, y: str | None, says: str
) -> None:
    assert says in draw("columns", answer(columns, rows, x, y))


def test_every_type_of_an_answer_is_drawn_or_refused_in_words(served: Served) -> None:
    sql = (
        "SELECT fact, amount, approximate, reported_at, now() AS now, 1::HUGEINT AS huge, 1.5 AS half, "
        "INTERVAL 2 DAY AS i, [1] AS l, {'a': 1} AS s, 'infinity'::TIMESTAMPTZ AS z, TIME '10:00' AS t, "
        "DATE '0044-03-15 (BC)' AS bc, 'a'::ENUM ('a', 'b') AS e FROM beliefs LIMIT 9"
    )
    _, _, body = served.get(f"/ask?{urlencode({'sql': sql})}", **VIEW)
    found = json.loads(body)["answer"]
    drawn = 0
    for x in found["columns"]:
        for y in found["columns"]:
            svg = draw("columns", found | {"x": x, "y": y})
            assert "NaN" not in svg
            assert "undefined" not in svg
            drawn += f"<title>{y} by {x}</title>" in svg
    # Across go all but the interval, the list, the struct, the time, and dates that no engine has.
    assert drawn == 8 * 5


def test_two_columns_are_chosen_and_the_address_keeps_them(opened: Callable[..., Any]) -> None:
    page = opened(f"/ask?{urlencode({'sql': BY_DAY})}")
    page.locator(".ways a", has_text="Chart").click()
    page.wait_for_selector(".answer .svg circle")
    assert page.locator("select[name=x]").input_value() == "day"
    page.locator("select[name=x]").select_option("n")
    page.locator("select[name=y]").select_option("day")
    page.wait_for_function("() => location.search.includes('y=day')")
    drawn = page.locator(".answer svg title").text_content()
    assert drawn == "day by n"
    again = opened(page.url.removeprefix(page.evaluate("location.origin")))
    assert again.locator(".answer svg title").text_content() == drawn
    assert again.locator("select[name=y]").input_value() == "day"


def test_a_chart_needs_no_scripts(opened: Callable[..., Any]) -> None:
    page = opened(f"/ask?{urlencode({'sql': BY_DAY, 'show': 'chart'})}", java_script_enabled=False)
    assert page.locator(".answer svg title").text_content() == "n by day"
    page.locator("select[name=x]").select_option("n")
    page.locator("select[name=y]").select_option("day")
    page.locator("form.columns button").click()
    assert page.locator(".answer svg title").text_content() == "day by n"


def test_an_answer_is_had_as_csv(opened: Callable[..., Any], served: Served) -> None:
    page = opened(
        f"/ask?{urlencode({'sql': BY_DAY, 'as_of': '2025-02-22'})}",
        permissions=["clipboard-read", "clipboard-write"],
    )
    link = page.locator("a[download]").get_attribute("href")
    status, headers, body = served.get(link)
    assert (status, headers["content-type"].split(";")[0]) == (200, "text/csv")
    assert body.decode().splitlines()[0] == "day,n"
    page.locator("[data-do=copyCsv]").click()
    page.wait_for_function(
        "text => document.querySelector('[data-do=copyCsv]').textContent === text", arg="Copied"
    )
    assert page.evaluate("navigator.clipboard.readText()") == body.decode()


def test_how_an_answer_is_shown_is_checked(served: Served) -> None:
    status, _, body = served.get("/ask?sql=FROM+facts&show=pie", **VIEW)
    assert status == 400
    assert json.loads(body)["detail"] == "show is 'pie'; expected table or chart"
    assert served.get("/ask?sql=FROM+facts&sql=FROM+events")[0] == 400
