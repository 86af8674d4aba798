"""A store means the same wherever it lies: the names of the folders above it are names, and nothing else."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import Final

import pytest

from tests.commands import run
from tests.examples import some
from timeline import Timeline

ROOT = Path(__file__).resolve().parents[2]

#: What DuckDB or pyarrow read in a path: columns, patterns, URLs, escapes, separators, ends of a path.
NAMES: Final = (
    *(
        "status=denied",
        "reported_at=2020-01-01",
        "commit=1",
        "we[i]rd",
        "st*ar",
        "wh?t",
        "**",
        "[a-z]",
        "[!a]",
    ),
    *("md:x", "s3:", "http:", "file:", "back\\slash", "[\\]", "{a,b}", "~", "per%20cent", "it's", 'quo"te'),
    *("two\nlines", " blank ", "semi;colon", "#4", "?x=1", "é", "-rf"),
)

COMMANDS: Final = (
    ["show", "nvidia/investment/openai", "--as-of", "2025-10-15"],
    ["why", "nvidia/investment/openai"],
    ["sql", 'SELECT position, status, reported_at, "commit" FROM events ORDER BY position'],
    ["verify"],
)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with a generation, and a report behind it."""
    folder = tmp_path_factory.mktemp("plain")
    shutil.copy(ROOT / "timeline.toml", folder)
    shutil.copytree(ROOT / "events", folder / "events")
    shutil.copytree(ROOT / "queries", folder / "queries")
    assert run(folder, ["show"]).code == 0
    report = ["report", "acme/purchase/widgets", "5 million USD", "--source", "desk", "--register-unknown"]
    assert run(folder, [*report, "--reported", "2026-03-02"]).code == 0
    return folder


@pytest.fixture(scope="module")
def answers(plain: Path) -> list[str]:
    found = [run(plain, command) for command in COMMANDS]
    assert [one.code for one in found] == [0] * len(found), found
    return [one.out for one in found]


@pytest.mark.parametrize("name", some(NAMES, 5))
def test_a_store_answers_the_same_in_any_folder(
    plain: Path, answers: list[str], tmp_path: Path, name: str
) -> None:
    # Neighbours that a pattern would match, with other content.
    for other in ("weird", "stXar", "star", "what", "a"):
        log = tmp_path / other / "desk" / ".timeline" / "log"
        log.mkdir(parents=True)
        (log / "000000000001.parquet").write_bytes(b"another store")
    folder = tmp_path / name / "desk"
    shutil.copytree(plain, folder)
    assert [run(folder, command).out for command in COMMANDS] == answers
    assert "damaged" not in run(folder, ["show"]).err
    # Without an index the log is read.
    shutil.rmtree(folder / ".timeline" / "index")
    for command in (["rebuild"], ["compact"], ["export", "duckdb", "out.duckdb"], ["verify"]):
        done = run(folder, command)
        assert done.code == 0, (command, done.err)
    assert run(folder, COMMANDS[2]).out == answers[2]


def test_an_index_is_not_looked_for_where_a_backslash_would_be_a_slash(tmp_path: Path) -> None:
    event = {"fact": "acme/ceo", "source": "a", "reported": "2025-01-01"}
    (tmp_path / "x").mkdir()
    for name in ("x/y", "x\\y"):
        with Timeline.create(tmp_path / name) as tl:
            tl.append([event | {"text": name}], register_unknown=True)
            tl.refresh()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "x\\y")
    for name in ("x/y", "x\\y", "link"):
        with Timeline.open(tmp_path / name) as tl, warnings.catch_warnings(action="error"):
            assert tl.beliefs()["text"].to_list() == [name.replace("link", "x\\y")]
            assert tl.sql("SELECT text FROM beliefs").rows() == tl.beliefs().select("text").rows()
            assert tl.verify().generations == 1
