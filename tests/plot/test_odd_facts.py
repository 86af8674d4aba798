"""Facts of every kind, with texts of every kind, are drawn on a terminal and as files, in any room."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import quickjs
from hypothesis import example, given
from hypothesis import strategies as st

from tests.commands import run
from tests.examples import costly
from timeline import Timeline
from timeline.plot.engine import draw, scripts
from timeline.plot.files import stacked
from timeline.plot.one_fact import fact_data
from timeline.plot.terminal import chart
from timeline.printable import visible
from timeline.show.layout import width_of

EVIL = 'a\x1b[31mred\x07\n<b>&amp;</b> "q" \u202egnol\u202c \ufffe ]]> --> </script>'
WILD = st.text(max_size=30) | st.sampled_from([EVIL, "\ud800", "\x00", "英伟达 مثال 👩\u200d👧", "x" * 3_000])
REPORTS: list[dict[str, Any]] = [
    {"fact": "acme/price", "claim": "5 USD", "reported": "2025-01-01"},
    {"fact": "acme/share/beta", "claim": "12.5 %", "reported": "2025-01-01", "status": "estimated"},
    {"fact": "acme/share/beta", "claim": "10-15 %", "reported": "2025-03-01", "status": "estimated"},
    {"fact": "acme/launch", "date": "2026-03", "reported": "2025-01-01", "status": "planned"},
    {"fact": "acme/launch", "date": "2027", "reported": "2025-12-01", "status": "forecast"},
    {"fact": "acme/founded", "date": "0044-03", "reported": "2025-12-01"},
    {"fact": "acme/aim", "text": f"first {EVIL}", "reported": "2025-01-01", "statement": EVIL},
    {"fact": "acme/aim", "text": "مرحبا بالعالم 🚀", "reported": "2025-02-01"},
    {"fact": "acme/aim", "text": "英伟达想投资一千亿美元于公开的人工智能", "reported": "2025-03-01"},
    {"fact": "acme/profitable", "answer": "yes", "reported": "2025-01-01"},
    {"fact": "acme/profitable", "answer": "no", "reported": "2025-06-01", "status": "denied"},
    {"fact": "acme/ceo", "entity": "ada", "reported": "2024-01-01"},
    {"fact": "acme/loss", "claim": "-5 million USD", "reported": "2025-01-01"},
    {"fact": "acme/loss", "claim": "-25 million USD", "reported": "2025-03-01"},
    {"fact": "acme/tiny", "claim": "0.000001 USD", "reported": "2025-01-01"},
    {"fact": "acme/tiny", "claim": "0.000003 USD", "reported": "2025-01-05"},
    {"fact": "acme/huge", "claim": "more than 1000000000000000000 USD", "reported": "2025-02-01"},
    {"fact": "acme/valid", "claim": "5 USD", "reported": "2025-01-01", "valid_to": "2025-06-01"},
    {"fact": "acme/valid", "claim": "9 USD", "reported": "2025-01-02", "valid_from": "2025-06-01"},
    {"fact": "acme/mixed", "claim": "5 USD", "reported": "2025-01-01"},
    {"fact": "acme/mixed", "claim": "9 EUR", "reported": "2025-03-01"},
    {"fact": "acme/gone", "claim": "6 USD", "reported": "2025-01-01", "key": "gone"},
    {"type": "retracted", "target": "gone", "reported": "2025-02-01", "reason": "A joke."},
]


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Timeline]:
    with Timeline.create(tmp_path_factory.mktemp("odd") / "store") as tl:
        tl.append([{"source": "desk", **event} for event in REPORTS], register_unknown=True)
        yield tl


@pytest.fixture(scope="module")
def all_data(odd: Timeline) -> dict[str, dict[str, Any]]:
    snapshot = odd.snapshot()
    dates = snapshot.dates("2025-02-15")
    return {fact: fact_data(snapshot, fact, dates) for fact in snapshot.facts()}


def printed(data: Any, width: int = 80) -> str:
    return "\n".join(chart(data, width))


@pytest.mark.parametrize("width", [14, 20, 33, 40, 41, 80, 200])
def test_every_line_fits_and_only_prints(all_data: dict[str, dict[str, Any]], width: int) -> None:
    for data in all_data.values():
        lines = list(chart(data, width))
        # The first line is the fact, to be copied.
        assert max(map(width_of, lines[1:])) <= width
        assert lines == [visible(line) for line in lines]
        for axis in (lines[n + 1] for n, line in enumerate(lines) if "└" in line):
            dates = axis.split()
            assert dates
            assert all(re.fullmatch(r"\d{4}-\d{2}-\d{2}", date) for date in dates)
            assert len(set(dates)) == len(dates)


def test_colours_change_nothing_but_colours(all_data: dict[str, dict[str, Any]]) -> None:
    for data in all_data.values():
        coloured = chart(data, 60, lambda _, text: f"\x1b[1m{text}\x1b[0m")
        assert [re.sub(r"\x1b\[\dm", "", line) for line in coloured] == list(chart(data, 60))


def test_the_list_says_what_the_chart_cannot(all_data: dict[str, dict[str, Any]]) -> None:
    assert "⊘ 2025-02-01  nothing believed any more" in printed(all_data["acme/gone"])
    assert "5 USD, announced (desk)  in another unit, not drawn" in printed(all_data["acme/mixed"])
    assert "9 EUR, announced (desk)  not yet public" in printed(all_data["acme/mixed"])
    for fact in ("acme/price", "acme/huge", "acme/valid", "acme/share/beta"):
        assert "in another unit" not in printed(all_data[fact])
        assert "nothing believed" not in printed(all_data[fact])


def test_small_figures_are_in_digits(all_data: dict[str, dict[str, Any]]) -> None:
    assert " 0.000003┤" in printed(all_data["acme/tiny"])


def test_very_many_beliefs_are_a_line_and_the_last_of_a_list(all_data: dict[str, dict[str, Any]]) -> None:
    days = [datetime(2010, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(5_001)]
    span = all_data["acme/price"]["spans"][0]
    spans = [
        span
        | {
            "from": f"{one:%Y-%m-%dT00:00:00Z}",
            "to": f"{next:%Y-%m-%dT00:00:00Z}",
            "high": n % 7,
            "low": n % 7,
        }
        for n, (one, next) in enumerate(pairwise(days))
    ]
    spans[-1]["to"] = None
    data = all_data["acme/price"] | {
        "spans": spans,
        "domain": ("2009-12-01T00:00:00Z", "2023-12-01T00:00:00Z"),
    }
    text = printed(data | {"as_of": None})
    assert "… 4,940 earlier beliefs" in text
    assert text.count("5 USD, announced") == 60
    drawing = text[: text.index("└")]
    assert "◔" not in drawing
    assert "╌" in drawing


@pytest.mark.parametrize(("theme", "language"), [("light", "en"), ("dark", "fr")])
def test_every_picture_is_well_formed(all_data: dict[str, dict[str, Any]], theme: str, language: str) -> None:
    for data in all_data.values():
        svg = draw("fact", data, theme=theme, language=language)
        ElementTree.fromstring(svg)
        assert not re.search("NaN|undefined|Infinity", svg)


def test_every_file_holds_them_all(odd: Timeline, tmp_path: Path) -> None:
    picture = odd.plot("acme/*", as_of="2025-02-15")
    ElementTree.fromstring(picture.svg)
    assert picture.save(tmp_path / "all.png").stat().st_size > 1_000
    assert "\x1b" not in picture.html()
    assert repr(picture) == visible(repr(picture))


@costly(25)
@given(WILD, WILD)
@example("<b>", EVIL)
def test_no_text_breaks_a_picture(name: str, claim: str) -> None:
    domain = ["2025-01-01T00:00:00Z", "2025-02-01T00:00:00Z"]
    span: dict[str, Any] = dict.fromkeys(
        ("low", "high", "date_from", "date_to", "to", "maybe", "source", "statement")
    )
    span |= {"claim": claim, "in_words": True, "approximate": False, "status": claim, "valid": name}
    span |= {"from": "2025-01-05T00:00:00Z", "event_id": "ab", "origin": name}
    data: dict[str, Any] = {
        "fact": name,
        "name": name,
        "meaning": claim,
        "kind": "text",
        "domain": domain,
        "as_of": None,
    }
    data |= {
        "axis": {"label": name, "unit": None, "divisor": "1", "percent": False},
        "reports": [],
        "spans": [span],
    }
    svg = draw("fact", data, width=400, ground=True)
    root = ElementTree.fromstring(stacked([svg, svg], [name, claim]))
    assert "b" not in {element.tag.rpartition("}")[2] for element in root.iter()}
    lines = list(chart(data, 50))
    assert lines == [visible(line) for line in lines]


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        (["plot", "acme/pric"], 5, "nothing was ever reported of 'acme/pric'; did you mean 'acme/price'"),
        (["plot", "ACME/Price"], 5, "did you mean 'acme/price'"),
        (["plot", "zzz/*"], 5, "no fact matches zzz/*"),
        (["plot"], 2, "name a fact to draw"),
        (["plot", "acme/price", "-o", "x.jpg"], 2, "expected .svg, .png or .html"),
        (["plot", "acme/price", "-o", "."], 2, "expected .svg, .png or .html"),
        (["plot", "acme/price", "-o", "nowhere/x.svg"], 2, "there is no folder"),
        (["plot", "acme/price", "--as-of", "never"], 2, "never"),
        (["page", "acme/pric", "-o", "x.html"], 5, "did you mean 'acme/price'"),
        (["page", "acme/price", "-o", "x.pdf"], 2, "expected a name that ends in .html"),
        (["page", "acme/price", "-o", "nowhere/x.html"], 2, "there is no folder"),
    ],
)
def test_what_cannot_be_drawn_says_why_and_writes_nothing(
    odd: Timeline, command: list[str], code: int, message: str, tmp_path: Path
) -> None:
    done = run(tmp_path, [*command, "--store", str(odd.path)])
    assert done.code == code
    assert message in done.err
    assert done.out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_replaced(odd: Timeline, tmp_path: Path) -> None:
    for command, name in ((["plot"], "x.svg"), (["page"], "x.html")):
        (tmp_path / name).write_text("old")
        done = run(tmp_path, [*command, "acme/price", "-o", name, "--store", str(odd.path)])
        assert (done.code, done.out, done.err) == (0, "", "")
        assert "acme" in (tmp_path / name).read_text()


def test_nothing_public_yet_is_drawn_as_such(odd: Timeline, tmp_path: Path) -> None:
    done = run(tmp_path, ["plot", "acme/price", "--as-of", "1990", "--store", str(odd.path)])
    assert "5 USD, announced (desk)  not yet public" in done.out


def test_a_label_is_cut_without_reading_all_of_a_long_text() -> None:
    context = quickjs.Context()
    for script in scripts():
        context.eval(script)
    # The engine gives up by itself: a text that is measured again for each sign it loses takes minutes.
    context.set_time_limit(2)
    assert context.eval("timelinePlot.cut('長'.repeat(1e5), 60, 10)") == "長長長長長…"
    assert context.eval("timelinePlot.cut('長', 10, 10) + timelinePlot.cut('長', 9, 10)") == "長"
    assert context.eval("timelinePlot.cut('ab 長', 20, 10)") == "ab…"
