"""The benchmarks, at sizes that take no time: right answers, honest tables, and peers that agree."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest

from benchmarks.__main__ import WORKLOADS, main
from benchmarks.harness import tables
from benchmarks.harness.measure import (
    Differs,
    Finding,
    Line,
    Result,
    Timings,
    at_least,
    at_most,
    called_with,
    duration,
    interleaved,
    many,
    peak_memory,
    results,
    size,
    times,
)
from benchmarks.harness.stores import DATES, Run, Shape
from benchmarks.peers.engines import Ours, compare, duckdb_peers, limit, polars_peers
from benchmarks.workloads import adversarial
from benchmarks.workloads.points import expected, joined_with, probes
from timeline import Timeline


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a tiny run, whose data and stores are made once."""
    folder = tmp_path_factory.mktemp("benchmarks")
    quiet = {"peers": ("duckdb", "polars"), "progress": lambda text: None}
    return Run(folder, 1_000, rounds=1, calls=20, joined=500, **quiet)  # type: ignore[arg-type]


def lines(findings: list[Finding]) -> list[Line]:
    return [one for one in findings if isinstance(one, Line)]


# Peers


def test_generated_reports_hold_what_they_promise(run: Run) -> None:
    with duckdb.connect() as con:
        [(events, facts, withdrawn, late)] = con.execute(
            "SELECT count(*), count(DISTINCT fact), count(*) FILTER (type = 'withdrawn'), "
            "count(*) FILTER (reported < before) "
            "FROM (SELECT *, max(reported) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before "
            f"FROM '{run.reports()}')"
        ).fetchall()
        [(blank,)] = con.execute(
            f"SELECT count(*) FROM '{run.reports()}' WHERE (amount IS NULL) <> (type = 'withdrawn')"
        ).fetchall()
    assert (events, facts, blank) == (1_000, 100, 0)
    assert 2 <= withdrawn <= 30
    assert 20 <= late <= 80


@pytest.mark.parametrize("date", DATES)
def test_peers_and_the_limit_believe_the_same(run: Run, date: str) -> None:
    as_of = DATES[date]
    with Timeline.open(run.store(), read_only=True) as tl:
        ours = Ours(tl)
        with run.scratch("limit.duckdb") as file, limit(ours, as_of, file) as least:
            peers = [least, *duckdb_peers(run), *polars_peers(run)]
            counts = {
                peer.name: compare(date, peer.name, ours.rows(as_of), peer.rows(as_of)) for peer in peers
            }
            assert len(counts) == 6
            assert {peer.total(as_of) for peer in peers} == {ours.total(as_of)}
            assert set(counts.values()) == {ours.total(as_of)[0]}
            assert ours.everything(as_of).num_rows == counts["the limit"]


def test_an_answer_that_differs_is_named() -> None:
    ours = pl.DataFrame({"fact": ["a/b", "c/d"], "amount": [Decimal(1), Decimal(2)]})
    theirs = pl.DataFrame({"fact": ["c/d", "a/b"], "amount": [Decimal(3), Decimal(1)]})
    assert compare("as of", "itself", ours, ours.reverse()) == 2
    with pytest.raises(Differs, match=r"c/d.*2.*only in polars.*c/d.*3"):
        compare("as of", "polars", ours, theirs)
    with pytest.raises(Differs, match=r"timeline has 2 rows, polars has 3"):
        compare("as of", "polars", ours, pl.concat([ours, ours.head(1)]))


def test_expected_answers_know_withdrawals(run: Run) -> None:
    asked = probes(run.facts, 300)
    with duckdb.connect(str(run.table()), read_only=True) as con:
        right = expected(con, asked)
    with Timeline.open(run.store(), read_only=True) as tl:
        for nth, (fact, as_of) in enumerate(asked):
            belief = tl.belief(fact, as_of=as_of)
            found = belief and (belief.amount, belief.unit, belief.source, belief.reported_at)
            assert found == right.get(nth), (fact, as_of)
    assert 0 < len(right) < len(asked)


def test_asked_pairs_are_of_known_facts_and_the_same_each_time(run: Run) -> None:
    frame = joined_with(run.facts, 500)
    assert frame.equals(joined_with(run.facts, 500))
    with Timeline.open(run.store(), read_only=True) as tl:
        assert set(frame["fact"]) <= set(tl.snapshot().facts())


# Workloads


@pytest.mark.parametrize(
    "name",
    ["full", "one-fact", "join", "changes", "known", "commit"],
)
def test_a_workload_finds_its_lines(run: Run, name: str) -> None:
    findings = list(WORKLOADS[name](run))
    assert lines(findings)
    assert all(line.met is not None and line.measured for line in lines(findings))
    assert all(one.seconds is None or one.seconds > 0 for one in findings if isinstance(one, Result))


def test_the_next_generation_is_measured_or_reported_missing(run: Run) -> None:
    [line] = lines(list(WORKLOADS["generation"](run)))
    assert line.met is not None or "not" in line.measured


def test_questions_of_the_past_are_asked_of_a_store_that_grew(run: Run) -> None:
    [line] = lines(list(WORKLOADS["recorded"](run)))
    assert line.met is not None
    with Timeline.open(run.path("grown-1000")) as tl:
        assert tl.stats()["commits"] == 6


def test_a_size_that_has_no_room_for_a_second_store_says_so(run: Run) -> None:
    huge = replace(run, events=100_000_000)
    [line] = lines(list(WORKLOADS["generation"](huge)))
    assert line.met is None
    assert "disk" in line.measured


@pytest.mark.parametrize("case", adversarial.CASES)
def test_adversarial_cases_answer_rightly(case: str, tmp_path: Path) -> None:
    seconds = adversarial.run_case(case, str(tmp_path / "case"), "40")
    assert seconds.pop("bytes") > 0
    assert len(seconds) >= 3
    assert min(seconds.values()) > 0


def test_what_grows_as_the_square_is_reported() -> None:
    small = {"ingest": 1.0, "open": 0.02, "bytes": 10.0}

    def line_of(large: dict[str, float]) -> Line:
        found = adversarial._found("a case", 100, dict(small), {**large, "bytes": 40.0}, frozenset({"open"}))
        [line] = lines(list(found))
        return line

    assert line_of({"ingest": 4.5, "open": 0.02}).met
    assert "not met by: ingest" in line_of({"ingest": 16.0, "open": 0.02}).note
    assert "not met by: open" in line_of({"ingest": 4.0, "open": 0.08}).note


# Stores


def test_a_store_is_built_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    store = run.store()
    assert run.building(store)["events"] == 1_000
    assert run.building(store)["peak"] > 2**20
    monkeypatch.setattr("benchmarks.harness.stores.in_child", None)
    assert run.store() == store


def test_a_store_that_was_not_finished_is_built_again(run: Run) -> None:
    def build(target: Path) -> dict[str, int]:
        target.mkdir()
        return {"events": 0}

    run.path("half").mkdir()
    (run.path("half") / "rest").touch()
    assert list(run.built("half", build).iterdir()) == []


def test_writing_to_a_clone_leaves_the_store_alone(run: Run) -> None:
    event = {"fact": "subject-0000000/attribute-0", "amount": "1", "unit": "USD", "source": "wire-00"}
    with run.clone(run.store()) as path, Timeline.open(path) as tl:
        tl.append([event | {"reported": "2025-06-01"}])
        tl.rebuild()
        assert tl.stats()["events"] > Timeline.open(run.store(), read_only=True).stats()["events"]
    assert not path.exists()


def test_shapes_of_one_size_have_stores_of_their_own(run: Run) -> None:
    shapes: list[Shape] = [run.shape, run.quarter, *run.other_shapes]
    assert len({run.reports(shape) for shape in shapes}) == 4


# Measuring


def test_timings() -> None:
    found = Timings([float(n) for n in range(1, 201)])
    assert (found.median, found.p50, found.p99, found.runs) == (100.5, 100.5, 199.0, 200)
    assert Timings([3.0]).p99 == 3.0


def test_rounds_take_turns() -> None:
    order: list[str] = []
    found = interleaved({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, rounds=3)
    assert order == ["a", "b"] * 4
    assert [timings.runs for timings in found.values()] == [3, 3]


def test_what_is_slow_sits_out_the_later_rounds() -> None:
    found = interleaved({"a": lambda: sum(range(1_000))}, rounds=9, patience=0.0)
    assert found["a"].runs == 3
    of_calls = called_with(
        {"a": lambda n: sum(range(n))}, range(1_000, 1_020), warm=5, fewest=4, patience=0.0
    )
    assert of_calls["a"].runs == 4


def test_results_are_multiples_of_ours() -> None:
    ours, theirs = results("reports", "q", {"timeline": Timings([2.0]), "peer": Timings([6.0])}, 10)
    assert (ours.ratio, theirs.ratio, theirs.seconds) == (None, 3.0, 6.0)


def test_lines_say_whether_they_were_met() -> None:
    assert at_most("w", "t", "m", 1.5, 1.5, events=1).met
    assert not at_most("w", "t", "m", 1.6, 1.5, events=1).met
    assert at_least("w", "t", "m", 80, 80, events=1).met
    assert not at_least("w", "t", "m", 79, 80, events=1).met


def test_memory_is_that_of_this_process() -> None:
    before = peak_memory()
    held = bytearray(before + 2**26)
    assert peak_memory() >= len(held)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (duration(12.345), "12.3 s"),
        (duration(0.0042), "4.20 ms"),
        (duration(0.000_65), "650 µs"),
        (duration(None), ""),
        (size(4.31 * 2**30), "4.31 GiB"),
        (size(2_048), "2.00 KiB"),
        (times(1_234.4), "1,234 ×"),
        (many(10_000_000), "10 million"),
        (many(20_500), "20,500"),
    ],
)
def test_figures_for_people(shown: str, expected: str) -> None:
    assert shown == expected


# The command and its tables


@pytest.fixture
def command(run: Run, tmp_path: Path) -> list[str]:
    return [
        "--size",
        "1000",
        "--folder",
        str(run.folder),
        "--rounds",
        "2",
        "--json",
        str(tmp_path / "r.json"),
    ]


def test_the_command_adds_to_its_results(command: list[str], tmp_path: Path) -> None:
    markdown = tmp_path / "r.md"
    assert main([*command, "--only", "disk", "--markdown", str(markdown)]) == 0
    assert main([*command, "--only", "arrow", "--markdown", str(markdown)]) == 0
    report = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert set(report["workloads"]) == {"disk", "arrow"}
    assert report["settings"]["facts"] == 100
    assert report["versions"]["duckdb"] == duckdb.__version__
    assert report["workloads"]["disk"]["date"] <= datetime.now(UTC).date().isoformat()
    text = markdown.read_text(encoding="utf-8")
    assert "1 thousand events" in text
    assert "| disk: log + index | ≤ 4.4 ×" in text
    assert text.index("select *") < text.index("disk: log + index")


def test_a_wrong_answer_is_reported_and_the_rest_goes_on(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def wrong(run: Run) -> Iterator[Finding]:
        raise Differs("changes: timeline has 1 rows, duckdb has 2")

    monkeypatch.setitem(WORKLOADS, "changes", wrong)
    assert main([*command, "--only", "changes", "disk", "--markdown", str(tmp_path / "r.md")]) == 1
    text = (tmp_path / "r.md").read_text(encoding="utf-8")
    assert "failed: Differs: changes: timeline has 1 rows" in text
    assert "disk: log + index" in text
    assert "Differs" in capsys.readouterr().err


def test_unknown_peers_are_refused(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([*command, "--peers", "oracle"])
    assert "no peer 'oracle'" in capsys.readouterr().err


def test_tables_for_people(tmp_path: Path) -> None:
    report = tables.empty({"events": 1_000_000, "facts": 100_000, "rounds": 3})
    findings: list[Finding] = [
        at_most("a | b", "≤ 1 ms", "2 ms", 2, 1, events=1),
        Line("c", "reported", "3 ms", None),
        Result("reports", "q", "timeline", 0.002, 3, p99=0.004),
        Result("reports", "q", "polars", 0.2, 3, ratio=100.0),
        Result("spytime", "Q1", "timeline", 0.001, 3),
        Result("spytime", "Q1", "mariadb", None, note="server not installed"),
    ]
    tables.add(report, "full", findings, 1.0)
    text = tables.markdown([report], ["full"])
    assert "### 1 million events" in text
    assert "| a \\| b | ≤ 1 ms | 2 ms | **missed** |" in text
    assert "| c | reported | 3 ms |  |" in text
    assert "| q | 2.00 ms, p99 4.00 ms | polars 200 ms (100 ×) |" in text
    assert "| question | timeline | mariadb |" in text
    assert "| Q1 | 1.00 ms | server not installed |" in text


def test_results_go_between_the_marks(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text(f"before\n{tables.BEGIN}\nold\n{tables.END}\nafter\n", encoding="utf-8")
    tables.update(document, "new\n")
    assert document.read_text(encoding="utf-8") == f"before\n{tables.BEGIN}\n\nnew\n\n{tables.END}\nafter\n"
    document.write_text("no marks", encoding="utf-8")
    with pytest.raises(ValueError, match="results:begin"):
        tables.update(document, "new")
