"""Logs that earlier versions wrote: read, verified, answered from and appended to as on the first day."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.promises.golden.make_store import STORES, answers, make
from timeline import Timeline

NAMES = sorted(folder.name for folder in STORES.iterdir() if folder.is_dir())


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(name: str, tmp_path: Path) -> Path:
    return Path(shutil.copytree(STORES / name, tmp_path / "store"))


def pinned(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((STORES / name / "answers.json").read_text(encoding="utf-8"))
    return found


def differing(found: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """Return the queries with another answer than the pinned one; queries of later versions have none."""
    return {query: found.get(query) for query, rows in expected.items() if found.get(query) != rows}


def test_there_is_one_of_every_schema() -> None:
    assert NAMES == ["v1", "v1-merged"]


@pytest.mark.parametrize("indexed", [True, False])
def test_it_answers_as_on_the_first_day(name: str, store: Path, indexed: bool) -> None:
    with Timeline.open(store, read_only=not indexed) as tl:
        found = answers(tl)
    expected = pinned(name)
    assert found["head"] == expected["head"]
    assert differing(found["answers"], expected["answers"]) == {}


def test_it_is_whole(name: str, store: Path) -> None:
    with Timeline.open(store) as tl:
        verified = tl.verify()
    head = pinned(name)["head"]
    assert verified.digest == head["digest"]
    assert (verified.commits, verified.events) == (head["number"], head["first_position"] + head["count"] - 1)
    assert verified.files == {"v1": 4, "v1-merged": 2}[name]


def test_it_goes_on(name: str, store: Path) -> None:
    expected = pinned(name)
    head = expected["head"]
    with Timeline.open(store) as tl:
        before = tl.beliefs()
        commit = tl.append(
            [
                {"type": "corrected", "target": "mended", "claim": "20 million USD"},
                {"fact": "acme/stake/bob@2024", "claim": "3 %", "source": "paper"},
            ]
        )
        assert (commit.number, commit.first_position) == (
            head["number"] + 1,
            head["first_position"] + head["count"],
        )
        assert tl.verify().digest == commit.digest != head["digest"]
        belief = tl.belief("acme/stake/Zürich 銀行", as_of="2024-03-10")
        assert belief is not None
        assert belief.claim == "20 million USD"
        assert differing(answers(tl)["answers"], expected["answers"]) == {}
        assert tl.beliefs(recorded_as_of=f"#{head['number']}").equals(before)
        # What is recorded already is known, whichever version recorded it.
        tl.rebuild()
        assert (
            tl.append(
                [{"fact": "acme/plan", "text": "to grow", "source": "blog", "reported": "2024-06-30"}]
            ).number
            == 3
        )


def test_the_same_events_have_the_same_digests_today(name: str, tmp_path: Path) -> None:
    with make(tmp_path / "store", merged=name.endswith("-merged")) as tl:
        found = answers(tl)
    assert found["head"] == pinned(name)["head"]
    assert differing(found["answers"], pinned(name)["answers"]) == {}
