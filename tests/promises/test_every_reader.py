"""The way out is as wide as the way in: what validation accepts, every reader shows.

Events whose columns hold their extremes go through every reader: in a store of only such events and among
others, in a generation of the index, in one that was built again, and over a tail.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.commands import run
from tests.examples import costly, some
from timeline import Timeline
from timeline.meaning.columns import STATUSES
from timeline.meaning.units import SYMBOLS
from timeline.show.formats import FORMATS

Event = dict[str, Any]
STATES: Final = ["generation", "tail", "rebuilt"]

LARGEST: Final = "9" * 29
SMALLEST: Final = "0.000000001"
#: The last instant that there is before an end which means none.
LAST: Final = "9999-12-31T23:59:59.999998Z"


def of(number: int, **more: Any) -> Event:
    """Return a report with something at its extreme; each is of a fact of its own."""
    value = {} if {"claim", "text", "date", "entity", "answer", "unit"} & set(more) else {"text": "x"}
    return {"fact": f"extreme/n{number}", "source": "s", "reported": "2024-05-05", **value, **more}


AMOUNTS: Final[list[Event]] = [
    {"amount": LARGEST, "unit": "USD"},
    {"amount": f"-{LARGEST}", "unit": "USD"},
    {"amount": f"{LARGEST}.999999999", "unit": "count"},
    {"amount": SMALLEST, "unit": "USD"},
    {"amount": f"-{SMALLEST}", "unit": "percent"},
    {"amount": "0", "unit": "x" * 100},
    {"amount_low": f"-{LARGEST}", "amount_high": LARGEST, "unit": "USD", "approximate": True},
    {"amount_high": SMALLEST, "unit": "GW"},
    {"amount_low": "0", "unit": "英镑"},
]
DATES: Final = [
    "0001-01-01",
    "9999-12-31",
    LAST,
    "0001-01-01T00:00:00Z",
    "-0044",
    "Y12000",
    "2024-Q1",
    "../2024",
    "2024/..",
]
VALID: Final = [
    "0001-01-01/9999-12-31",
    "../0001-01-01",
    "9999-12-30/..",
    "-0044/2024",
    "2024/Y12000",
    f"2024-01-01T00:00:00Z/{LAST}",
]
PERIODS: Final = ["0001", "9998", "9999", "../2030", "2024/..", "0001-01-01/9999-12-30", "2024-Q1"]
REPORTED: Final = [
    "0001-01-01",
    "0001",
    "0001-01-01T00:00:00Z",
    "2024-05-05T23:59:59.999999Z",
    "2023/2024-05-05",
    "2024-05-05~",
]
SIGNS: Final = "\"quoted\", 'single' | pipes\\ and\nlines\r\n\ttabs # and – dashes 👨‍👩‍👧‍👦 ‏עברית‏"
EVENTS: Final[list[Event]] = [
    of(number, **more)
    for number, more in enumerate(
        [
            *AMOUNTS,
            *(
                {"fact": f"unit/{number}", "amount": "1", "unit": unit}
                for number, unit in enumerate(sorted(SYMBOLS))
            ),
            *({"date": date} for date in DATES),
            *({"valid": valid} for valid in VALID),
            *({"fact": f"extreme/period{number}@{period}"} for number, period in enumerate(PERIODS)),
            *({"reported": reported} for reported in REPORTED),
            *({"status": status} for status in STATUSES),
            {"text": ""},
            {"text": SIGNS},
            {"text": "長" * 20_000},
            {"text": "x", "statement": "s" * 100_000},
            {"text": "x", "statement": ""},
            {"text": "NULL"},
            {"answer": "yes"},
            {"entity": "e" * 200},
            {"key": "k" * 5_000},
            {"source": "https://example.org/" + "p" * 480},
            {"origin": "Novo Nordisk A/S, 10.1000/xyz?a=b*[1]"},
            {"speaker": "@" + "h" * 499},
            {"actor": "a" * 5_000},
            {"inferred": "true"},
            {"locator": [{"start": 0, "end": 2**63 - 1}]},
            {"fact": f"{'字' * 200}/{'b' * 200}/{'c' * 200}@2024"},
        ]
    )
]
#: Events about others: they are recorded behind them.
ABOUT: Final[list[Event]] = [
    {"fact": "extreme/mended", "claim": "1 USD", "source": "s", "reported": "2024-05-05", "key": "mended"},
    {"type": "corrected", "target": "mended", "claim": "2 USD", "reason": "r" * 10_000, "key": "mend"},
    {"fact": "extreme/void", "claim": "1 USD", "source": "s", "reported": "2024-05-05", "key": "void"},
    {"type": "corrected", "target": "void", "void": "true"},
    {"fact": "extreme/gone", "claim": "1 USD", "source": "s", "reported": "2024-05-05", "key": "gone"},
    {"type": "retracted", "target": "gone", "source": "s", "reported": "2024-05-06"},
    {"type": "withdrawn", "fact": "extreme/mended", "source": "t", "reported": "2024-05-07"},
]
OTHERS: Final[list[Event]] = [
    {
        "fact": f"plain/n{number}",
        "claim": f"{number} USD",
        "source": "s",
        "reported": f"2024-03-{1 + number % 28:02}",
    }
    for number in range(40)
]


def made(folder: Path, events: list[Event], *, among: bool, state: str) -> Timeline:
    """Return a store of these events, as a generation, one built again, or with the events in its tail."""
    tl = Timeline.create(folder)
    tl.append(OTHERS if among else OTHERS[:1], register_unknown=True)
    if state == "tail":
        tl.refresh()
    tl.append(events, register_unknown=True)
    if state == "rebuilt":
        tl.rebuild()
    elif state == "generation":
        tl.refresh()
    return tl


def one_by_one(tl: Timeline, part: int | None) -> list[str]:
    """Return the facts that are asked for one by one: of those that differ in a unit alone, one in twenty.

    A `part` is a third of them, so that three states of a store have all of them between them.
    """
    facts = tl.snapshot().facts()
    alike = [fact for fact in facts if fact.startswith(("unit/", "plain/"))]
    chosen = [fact for fact in facts if fact not in alike] + alike[::20]
    return chosen if part is None else chosen[part::3]


def check_python(tl: Timeline, part: int | None = None) -> None:
    """Ask every method of Python that reads, and hold them against each other."""
    facts = tl.snapshot().facts()
    beliefs = tl.beliefs()
    assert set(beliefs["fact"]) <= set(facts)
    for frame in (tl.claims(), tl.disagreements(), tl.history("*"), tl.changes("2024-01-01", "2024-12-31")):
        assert frame.width > 5
    for fact in one_by_one(tl, part):
        believed = tl.belief(fact)
        rows = beliefs.filter(pl.col("fact") == fact)
        assert (believed is None) == (rows.height == 0), fact
        assert believed is None or believed.claim in rows["claim"].to_list()
        assert tl.why(fact).fact == fact
        assert tl.history(fact).height > 0
        assert tl.plot(fact).svg.endswith("</svg>")
    joined = tl.at(pl.DataFrame({"fact": facts, "as_of": ["2024-12-31"] * len(facts)}))
    assert joined.height == len(facts)
    assert tl.sql("FROM events").height == tl.stats()["events"]
    snapshot = tl.snapshot()
    for answer in (snapshot.beliefs(), snapshot.history("*"), snapshot.sql("FROM belief_spans")):
        assert len(answer.rows) == len(answer.dicts()) == answer.frame().height == answer.arrow().num_rows
    assert tl.verify().events == tl.stats()["events"]


def check_commands(
    tl: Timeline,
    folder: Path,
    formats: tuple[str, ...],
    *,
    thorough: bool = False,
    part: int | None = None,
) -> None:
    """Run every command that reads, in some formats; for each fact one command, or all of them."""
    store = ["--store", str(tl.path)]
    commands = [
        ["show"],
        ["show", "*/*"],
        ["history", "*"],
        ["diff", "2024-01-01", "2024-12-31"],
        ["disagreements"],
        ["sql", "FROM events ORDER BY position"],
        ["sql", "FROM belief_spans"],
    ]
    for form in formats:
        for command in commands:
            target = ["--output", str(folder / f"out.{form}")] if form == "parquet" else []
            done = run(folder, [*command, "--format", form, *target, *store])
            assert done.code == 0, (command, form, done.err[-2_000:])
            if form == "json":
                json.loads(done.out)
    for number, fact in enumerate(one_by_one(tl, part)):
        asked = [["show", fact], ["why", fact], ["why", fact, "--json"], ["plot", fact]]
        for command in asked if thorough else [asked[number % 4]]:
            done = run(folder, [*command, *store])
            # What was voided or taken back is believed no more.
            assert done.code in (0, 5), (command, done.err[-2_000:])
    for command in (["stats"], ["stats", "--json"], ["verify"], ["head"]):
        assert run(folder, [*command, *store]).code == 0, command


def check_exports(tl: Timeline, folder: Path) -> None:
    """Export the events in every format; another store that takes them has the same."""
    ids = tl.sql("SELECT event_id FROM events").to_series().to_list()
    for suffix in (".jsonl", ".csv", ".parquet", ".yaml"):
        file = folder / f"events{suffix}"
        done = run(folder, ["export", "events", str(file), "--replace", "--store", str(tl.path)])
        assert done.code == 0, (suffix, done.err[-2_000:])
        with Timeline.create(folder / f"again{suffix}") as again:
            again.ingest(file)
            found = again.sql("SELECT event_id FROM events").to_series().to_list()
        assert sorted(found) == sorted(ids), suffix


@pytest.mark.parametrize("state", some(STATES, 3))
def test_every_extreme_at_once_by_every_reader(tmp_path: Path, state: str) -> None:
    with made(tmp_path / "desk", [*EVENTS, *ABOUT], among=True, state=state) as tl:
        part = STATES.index(state)
        check_python(tl, part)
        check_commands(tl, tmp_path, FORMATS if state == "tail" else ("table",), part=part)
        check_exports(tl, tmp_path)


@costly(10)
@given(
    st.lists(st.sampled_from(range(len(EVENTS))), min_size=1, max_size=4, unique=True),
    st.booleans(),
    st.sampled_from(STATES),
)
def test_any_extremes_alone_and_among_others(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int], among: bool, state: str
) -> None:
    folder = tmp_path_factory.mktemp("some")
    with made(folder / "desk", [EVENTS[number] for number in numbers], among=among, state=state) as tl:
        check_python(tl)
        check_commands(tl, folder, ("table", "json"), thorough=True)
