"""Logs that earlier versions wrote: read, verified, answered from and appended to as on the first day."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.commands import run
from tests.promises.golden.make_store import STORES, answers, make
from timeline import Corruption, Timeline
from timeline.index.generation import FORMAT
from timeline.log.file import NO_SHA256, SCHEMA_VERSION, SHA256_KEY, footer_of, value_at

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
    # For a while small files were written by hand, and not by pyarrow: other bytes of the same version.
    assert NAMES == ["v1", "v1-by-hand", "v1-by-hand-merged", "v1-merged"]
    assert SCHEMA_VERSION == "1"


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
    assert verified.files == (2 if name.endswith("-merged") else 4)


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


@pytest.mark.parametrize("name", ["v1", "v1-merged"])
def test_the_same_events_have_the_same_digests_today(name: str, tmp_path: Path) -> None:
    with make(tmp_path / "store", merged=name.endswith("-merged")) as tl:
        found = answers(tl)
    assert found["head"] == pinned(name)["head"]
    assert differing(found["answers"], pinned(name)["answers"]) == {}


# Stores of later versions


def test_a_log_of_a_later_version_is_refused_by_name(tmp_path: Path) -> None:
    store = tmp_path / "store"
    shutil.copytree(STORES / "v1", store)
    last = max((store / "log").glob("*.parquet"))
    # The version is one sign, so that all else stays where it is; the hash is that of the later version.
    before = last.read_bytes()
    version = b"timeline.schema" + b"\x18\x01"
    assert before.count(version + b"1") == 1
    footer, start = footer_of(str(last))
    at = start + value_at(footer, SHA256_KEY)[0]
    later = bytearray(before.replace(version + b"1", version + b"2"))
    later[at : at + 64] = NO_SHA256
    later[at : at + 64] = hashlib.sha256(later).hexdigest().encode()
    last.write_bytes(later)
    said = f"{last}: has version '2' of the columns, expected '1'; a later Timeline may know it"
    with pytest.raises(Corruption) as caught:
        Timeline.open(store).head()
    assert str(caught.value) == said
    with pytest.raises(Corruption, match="a later Timeline may know it"):
        Timeline.open(store).append([{"fact": "acme/plan", "text": "more", "source": "blog"}])
    for command in ("show", "head", "verify", "stats", "rebuild"):
        done = run(tmp_path, [command, "--store", "store"])
        assert (done.code, done.out) == (4, ""), command
        assert "a later Timeline may know it" in done.err, command
    assert last.read_bytes() == later


def test_an_index_of_another_version_is_passed_over(tmp_path: Path) -> None:
    store = tmp_path / "store"
    shutil.copytree(STORES / "v1", store)
    with Timeline.open(store) as tl:
        tl.rebuild()
    [built] = (store / "index").glob("*.duckdb")
    for layout in (FORMAT - 1, FORMAT + 1):
        other = built.with_name(built.name.replace(f"-v{FORMAT}.", f"-v{layout}."))
        shutil.copy(built, other)
        # Whatever it holds, it is not read.
        with other.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * 4096)
    built.unlink()
    for read_only in (True, False):
        with Timeline.open(store, read_only=read_only) as tl:
            assert differing(answers(tl)["answers"], pinned("v1")["answers"]) == {}


def test_a_project_of_a_later_version_is_refused(tmp_path: Path) -> None:
    assert run(tmp_path, ["init", "desk"]).code == 0
    settings = tmp_path / "desk" / "timeline.toml"
    settings.write_text(settings.read_text() + "\n[from-the-future]\nversion = 2\n")
    done = run(tmp_path / "desk", ["show"])
    assert (done.code, done.out) == (2, "")
    assert "timeline.toml" in done.err
    assert "from-the-future" in done.err
