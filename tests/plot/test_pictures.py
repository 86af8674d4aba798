"""Pictures: that they show what is believed, are the same wherever they are drawn, and are whole files."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from timeline import BadInput, NotFound, Timeline
from timeline.plot.engine import draw, scripts
from timeline.plot.files import Picture
from timeline.plot.many_facts import density_data, flow_data, vintages_data
from timeline.plot.one_fact import fact_data
from timeline.plot.terminal import chart
from timeline.show.layout import width_of

ROOT = Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Timeline]:
    with Timeline.create(tmp_path_factory.mktemp("desk") / "store") as tl:
        tl.ingest(ROOT / "events")
        yield tl


def texts_of(svg: str) -> list[str]:
    return ["".join(text.itertext()) for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_the_letter_of_intent_stays_and_what_was_not_public_is_grey(bundled: Timeline) -> None:
    svg = bundled.plot("nvidia/investment/openai", as_of="2026-01-15").svg
    texts = texts_of(svg)
    assert "up to 100 letter of intent" in texts
    assert "not yet public" in texts
    assert "30 in negotiation" in texts
    # Our own slip is shown as what it was, above the plot.
    assert any(text.startswith("1\u2009000 in our record until commit #9") for text in texts)
    ghost = "#8b919b"
    assert svg.count(ghost) > bundled.plot("nvidia/investment/openai").svg.count(ghost)


def test_a_promise_shrinks_in_place(bundled: Timeline) -> None:
    snapshot = bundled.snapshot()
    data = flow_data(snapshot, [snapshot.dates("2025-10-15"), snapshot.dates("2026-02-28")])
    nvidia = [
        [(flow["low"], flow["high"], flow["group"]) for flow in panel["flows"] if flow["giver"] == "nvidia"]
        for panel in data["panels"]
    ]
    assert nvidia == [[(None, 100.0, "open")], [(30.0, 30.0, "open")]]
    texts = texts_of(draw("flow", data, width=1200))
    assert "30 was up to 100" in texts
    assert any(text.startswith("≠ 19, Reuters") for text in texts)


@pytest.fixture(scope="module")
def all_data(bundled: Timeline) -> list[tuple[str, dict[str, Any]]]:
    """What there is to draw of the bundled reports, with the function that draws it."""
    snapshot = bundled.snapshot()
    dates = snapshot.dates("2025-10-15")
    return [
        *(("fact", fact_data(snapshot, fact, dates)) for fact in snapshot.facts()),
        ("flow", flow_data(snapshot, [dates, snapshot.dates()])),
        ("density", density_data(snapshot, dates)),
    ]


def test_every_fact_is_drawn_as_well_formed_svg(all_data: list[tuple[str, dict[str, Any]]]) -> None:
    for name, data in all_data:
        for options in ({}, {"theme": "dark", "language": "fr", "width": 360}):
            tree = ElementTree.fromstring(draw(name, data, **options))
            assert tree.tag == f"{SVG}svg"
            numbers = [value for one in tree.iter() for value in one.attrib.values()]
            assert not [value for value in numbers if "NaN" in value or "undefined" in value], data


def test_node_draws_the_same_bytes(all_data: list[tuple[str, dict[str, Any]]], tmp_path: Path) -> None:
    """The engine of Node is that of a browser: what it draws is what a page shows."""
    node = shutil.which("node")
    assert node is not None, "Node is needed to compare pictures with those of a browser"
    cases = all_data
    (tmp_path / "cases.json").write_text(json.dumps(cases), encoding="utf-8")
    (tmp_path / "scripts.json").write_text(json.dumps(scripts()), encoding="utf-8")
    # Run as a page runs them: there D3 finds no modules of Node.
    (tmp_path / "draw.js").write_text(
        """
        const read = (name) => JSON.parse(require("fs").readFileSync(require("path").join(__dirname, name)));
        for (const script of read("scripts.json")) require("vm").runInThisContext(script);
        const drawn = read("cases.json").map(([name, data]) => timelinePlot[name](data, {}));
        process.stdout.write(JSON.stringify(drawn));
        """,
        encoding="utf-8",
    )
    ran = subprocess.run([node, str(tmp_path / "draw.js")], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == [draw(name, data) for name, data in cases]


def test_names_cannot_break_out_of_a_picture(tmp_path: Path) -> None:
    name = '<script>alert(\'&"x")<'
    with Timeline.create(tmp_path / "store") as tl:
        tl.append(
            [{"fact": f"{name}/ceo", "text": name, "source": "s", "origin": name, "reported": "2025-01-02"}],
            register_unknown=True,
        )
        picture = tl.plot(f"{name}/ceo")
    assert "<script" not in picture.svg
    assert any(name in text for text in texts_of(picture.svg))
    assert "<script" not in picture.html()


def test_corrections_and_voids_leave_what_counts(tmp_path: Path) -> None:
    with Timeline.create(tmp_path / "store") as tl:
        common = {"fact": "acme/revenue", "source": "s", "reported": "2025-01-02"}
        tl.append([{**common, "key": "first", "claim": "1 billion USD"}], register_unknown=True)
        tl.append([{"type": "corrected", "target": "first", "key": "second", "claim": "2 billion USD"}])
        tl.append([{"type": "corrected", "target": "second", "key": "third", "claim": "3 billion USD"}])
        snapshot = tl.snapshot()
        [report] = fact_data(snapshot, "acme/revenue", snapshot.dates())["reports"]
        assert (report["low"], [(was["low"], was["commit"]) for was in report["was"]]) == (
            3.0,
            [(1.0, 2), (2.0, 3)],
        )
        tl.append([{"type": "corrected", "target": "third", "void": True}])
        snapshot = tl.snapshot()
        data = fact_data(snapshot, "acme/revenue", snapshot.dates())
        assert [span["low"] for span in data["spans"]] == [2.0]
        assert [report["low"] for report in data["reports"]] == [2.0]
        tl.append([{"type": "corrected", "target": "first", "void": True}])
        snapshot = tl.snapshot()
        data = fact_data(snapshot, "acme/revenue", snapshot.dates())
        assert (data["spans"], data["reports"]) == ([], [])


def test_a_series_and_its_vintages(tmp_path: Path) -> None:
    with Timeline.create(tmp_path / "store") as tl:
        tl.append(
            [
                {
                    "fact": f"us/gdp@{period}",
                    "amount": amount,
                    "unit": "USD",
                    "source": source,
                    "reported": day,
                }
                for source, day, figures in (
                    ("a", "2025-01-30", {"2023": 100, "2024": 110}),
                    ("b", "2025-02-27", {"2023": 100, "2024": 99}),
                )
                for period, amount in figures.items()
            ],
            register_unknown=True,
        )
        snapshot = tl.snapshot()
        data = vintages_data(snapshot, "us/gdp@*", snapshot.dates())
    cells = [(cell["period"], cell["vintage"], cell["figure"], cell["moved"]) for cell in data["cells"]]
    assert data["periods"] == ["2023", "2024"]
    assert (1, 1, 99.0, -0.1) in cells
    assert (1, 0, 110.0, 0.0) in cells
    assert ElementTree.fromstring(draw("vintages", data)).tag == f"{SVG}svg"


@pytest.mark.parametrize("width", [24, 40, 80, 200])
def test_charts_fit_the_terminal(all_data: list[tuple[str, dict[str, Any]]], width: int) -> None:
    for _, data in all_data[:-2]:
        title, *lines = chart(data, width)
        assert title.startswith(data["fact"])
        assert all(width_of(line) <= width for line in lines), data["fact"]


def test_png_has_its_letters_on_a_machine_without_fonts(bundled: Timeline) -> None:
    picture = bundled.plot("nvidia/investment/openai")
    silent = Picture(picture.svg.replace("letter of intent", ""), picture.title)
    assert picture.png().startswith(b"\x89PNG\r\n\x1a\n")
    assert len(picture.png()) > len(silent.png())


def test_saved_files_are_what_their_suffix_says(bundled: Timeline, tmp_path: Path) -> None:
    picture = bundled.plot("nvidia/investment/openai")
    assert picture.save(tmp_path / "a.svg").read_text(encoding="utf-8") == picture.svg + "\n"
    assert picture.save(tmp_path / "a.PNG").read_bytes() == picture.png()
    page = picture.save(tmp_path / "a.html").read_text(encoding="utf-8")
    assert picture.svg in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    with pytest.raises(BadInput, match="names no kind of picture"):
        picture.save(tmp_path / "a.xlsx")
    assert not (tmp_path / "a.xlsx").exists()


def test_what_cannot_be_drawn_is_refused(bundled: Timeline) -> None:
    with pytest.raises(BadInput, match="name a fact"):
        bundled.plot()
    with pytest.raises(BadInput, match="no such kind"):
        bundled.plot("nvidia/investment/openai", kind="pie")
    with pytest.raises(NotFound, match="did you mean"):
        bundled.plot("nvidia/investmnt/openai")
    with pytest.raises(NotFound, match="no fact matches"):
        bundled.plot("nobody/*")
    with pytest.raises(NotFound, match="nothing to draw"):
        bundled.plot("nvidia/*", kind="vintages")
    with pytest.raises(NotFound, match="nothing to draw"):
        bundled.plot(kind="flow", as_of="2020-01-01")


def test_what_is_vendored_is_what_the_list_says() -> None:
    package = ROOT / "timeline"
    listed = json.loads((package / "vendored.json").read_text(encoding="utf-8"))
    for one in listed:
        assert hashlib.sha256((package / one["file"]).read_bytes()).hexdigest() == one["sha256"], one
        assert one["version"]
        assert one["licence"]
    folders = ("plot/vendor", "plot/fonts", "web/vendor")
    there = {str(path.relative_to(package)) for each in folders for path in (package / each).iterdir()}
    assert {name for name in there if "LICENSE" not in name} == {one["file"] for one in listed}


def test_the_picture_of_the_readme_is_what_the_command_draws(bundled: Timeline) -> None:
    kept = (ROOT / "docs" / "pictures" / "nvidia-openai.svg").read_text(encoding="utf-8")
    assert kept == bundled.plot("nvidia/investment/openai", as_of="2026-01-15").svg + "\n"
