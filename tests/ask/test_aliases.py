"""Aliases in what is asked for: every question resolves them, as of the date on the recorded axis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.commands import run
from timeline import BadInput, NotFound, Timeline
from timeline.ask.snapshot import Snapshot

EVENTS: list[dict[str, Any]] = [
    {"type": "entity-described", "id": "nvidia", "aliases": ["NVDA", "Nvidia Corp."]},
    {"type": "entity-described", "id": "openai", "aliases": ["Open AI", "The Lab"]},
    {"type": "entity-described", "id": "deepmind", "aliases": ["the lab"]},
    {"type": "entity-described", "id": "arm"},
    {"type": "entity-described", "id": "arm-holdings", "aliases": ["ARM", "arm"]},
    *(
        {"fact": "nvidia/investment/openai", "claim": f"{n} billion USD", "reported": f"2025-0{n}"}
        for n in (1, 2)
    ),
    {"fact": "nvidia/investment/openai", "claim": "9 billion USD", "reported": "2025-02", "origin": "agency"},
    {"fact": "nvidia/revenue@2024", "claim": "60 billion USD", "reported": "2025-02"},
    {"fact": "arm-holdings/ceo", "text": "x", "reported": "2025-02"},
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Timeline]:
    with Timeline.create(tmp_path_factory.mktemp("aliases") / "store") as tl:
        tl.append(
            [{"source": "wire"} | event if "fact" in event else event for event in EVENTS],
            register_unknown=True,
        )
        yield tl


ASKED: dict[str, Callable[[Snapshot, str], Any]] = {
    "beliefs": lambda tl, fact: tl.beliefs(fact).rows,
    "frame": lambda tl, fact: tl.beliefs(fact).frame().rows(),
    "arrow": lambda tl, fact: tl.beliefs(fact).arrow().to_pylist(),
    "past": lambda tl, fact: tl.beliefs(fact, "2025-01").rows,
    "first": lambda tl, fact: tl.beliefs(fact, policy="first").rows,
    "claims": lambda tl, fact: tl.claims(fact).rows,
    "disagreements": lambda tl, fact: tl.disagreements(fact).rows,
    "history": lambda tl, fact: tl.history(fact).rows,
    "changes": lambda tl, fact: tl.changes("2025-01", "2025-03", fact).rows,
    "changed": lambda tl, fact: tl.changes("2025-01", "2025-03", fact).frame().rows(),
    "spans": lambda tl, fact: tl.ask("spans", fact).rows,
    "facts": lambda tl, fact: tl.facts(fact),
}
FACTS = [
    ("NVDA/investment/openai", "nvidia/investment/openai"),
    ("nvda/investment/open ai", "nvidia/investment/openai"),
    ("nvidia/investment/OPEN AI", "nvidia/investment/openai"),
    ("Nvidia Corp./*", "nvidia/*"),
    ("*/investment/Open AI", "*/investment/openai"),
]


@pytest.mark.parametrize("kind", ASKED)
@pytest.mark.parametrize(("asked", "meant"), FACTS)
def test_every_question_takes_an_alias(desk: Timeline, kind: str, asked: str, meant: str) -> None:
    snapshot = desk.snapshot()
    assert snapshot.resolved(asked) == meant
    found = ASKED[kind](snapshot, asked)
    assert found
    assert found == ASKED[kind](snapshot, meant)


def test_so_do_those_about_one_fact(desk: Timeline) -> None:
    belief = desk.belief("nvda/investment/open ai")
    assert belief == desk.belief("nvidia/investment/openai")
    assert belief is not None
    assert belief.fact == "nvidia/investment/openai"
    assert desk.why("NVDA/revenue@2024") == desk.why("nvidia/revenue@2024")
    assert desk.snapshot().check_known("NVDA/revenue@2024") == "nvidia/revenue@2024"


def test_a_join_takes_aliases_among_ids(desk: Timeline) -> None:
    facts = ["NVDA/revenue@2024", "nvidia/revenue@2024", "nobody/ceo", None, "nvidia/investment/Open AI"]
    frame = pl.DataFrame({"fact": facts, "as_of": [datetime(2025, 6, 1, tzinfo=UTC)] * 5, "mine": range(5)})
    found = desk.at(frame)
    assert found.select(frame.columns).equals(frame)
    assert found["subject"].to_list() == ["nvidia", "nvidia", None, None, "nvidia"]
    assert found["claim"].to_list()[:3] == ["60 billion USD", "60 billion USD", None]
    assert found["object"].to_list()[4] == "openai"


def test_an_alias_of_two_is_refused_with_both(desk: Timeline) -> None:
    snapshot = desk.snapshot()
    for ask in (ASKED["beliefs"], ASKED["facts"], ASKED["changed"], lambda tl, fact: tl.belief(fact)):
        with pytest.raises(BadInput, match="'THE LAB' may mean 'deepmind' or 'openai'; write which one"):
            ask(snapshot, "THE LAB/ceo")
        with pytest.raises(BadInput, match="'ARM' may mean 'arm' or 'arm-holdings'"):
            ask(snapshot, "ARM/ceo")


def test_an_id_means_itself(desk: Timeline) -> None:
    assert desk.belief("arm/ceo") is None
    assert desk.beliefs("arm/*").is_empty()


def test_what_is_no_alias_stays_unknown(desk: Timeline) -> None:
    assert desk.belief("nobody/ceo") is None
    with pytest.raises(NotFound, match="nothing was ever reported of 'nobody/ceo'"):
        desk.why("nobody/ceo")


def test_the_aliases_are_those_of_the_recorded_date(tmp_path: Path) -> None:
    event = {"fact": "acme/ceo", "text": "x", "source": "wire", "reported": "2025"}
    with Timeline.create(tmp_path / "store") as tl:
        first = tl.append([event], register_unknown=True)
        tl.append([{"type": "entity-described", "id": "acme", "aliases": ["Ajax"]}])
        last = tl.append([{"type": "entity-described", "id": "acme", "aliases": ["Apex"]}])
        found = {
            (name, number): tl.belief(f"{name}/ceo", recorded_as_of=f"#{number}") is not None
            for name in ("ajax", "apex", "acme")
            for number in range(first.number, last.number + 1)
        }
        assert [key for key, known in found.items() if known] == [
            *(("ajax", 2), ("apex", 3), ("acme", 1), ("acme", 2), ("acme", 3)),
        ]
        assert len(tl.beliefs("Ajax/*", recorded_as_of="#2")) == 1
        assert tl.beliefs("Ajax/*").is_empty()
        assert tl.belief("apex/ceo") is not None


def test_a_name_that_has_facts_of_its_own_is_not_resolved(tmp_path: Path) -> None:
    event = {"fact": "Acme/ceo", "text": "x", "source": "wire", "reported": "2025"}
    with Timeline.create(tmp_path / "store") as tl:
        tl.append([event, event | {"fact": "acme-inc/cto"}], register_unknown=True)
        tl.append([{"type": "entity-described", "id": "acme-inc", "aliases": ["Acme"]}])
        assert tl.belief("Acme/ceo") is not None
        assert tl.belief("Acme/cto") is None
        assert tl.snapshot().facts("Acme/*") == ["Acme/ceo"]


@pytest.mark.parametrize(
    "command",
    [
        *(["show", "NVDA/revenue@2024"], ["show", "nvda/*", "--json"], ["history", "NVDA/investment/openai"]),
        *(["why", "NVDA/investment/Open AI"], ["diff", "2025-01-01", "2025-03-01", "NVDA/*"]),
        *(["disagreements", "NVDA/*"], ["plot", "NVDA/revenue@2024"], ["show", "NVDA/*", "--format", "csv"]),
        ["show", "NVDA/*", "--as-of", "2025-01-31", "--policy", "first"],
    ],
)
def test_every_command_resolves_them_and_says_so(desk: Timeline, tmp_path: Path, command: list[str]) -> None:
    store = ["--store", str(desk.path)]
    done = run(tmp_path, [*command, *store])
    plainly = [
        part.replace("NVDA", "nvidia").replace("nvda", "nvidia").replace("Open AI", "openai")
        for part in command
    ]
    same = run(tmp_path, [*plainly, *store])
    assert (done.code, done.out) == (0, same.out)
    # Each once.
    notes = sorted(line for line in done.err.splitlines() if "is an alias of" in line)
    meant = {"NVDA": "nvidia", "nvda": "nvidia", "Open AI": "openai"}
    assert notes == [f"{name} is an alias of {id}" for name, id in meant.items() if name in str(command)]
    assert "alias" not in same.err


def test_a_command_says_what_is_ambiguous(desk: Timeline, tmp_path: Path) -> None:
    done = run(tmp_path, ["show", "the lab/ceo", "--store", str(desk.path)])
    assert done.code == 2
    assert "'the lab' may mean 'deepmind' or 'openai'" in done.err
