"""Where an answer is written to a file: its suffix and `--format` say the same, or the command is refused."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

from tests.commands import OPENAI, run
from timeline.cli.app import COMMANDS
from timeline.cli.options import Output

#: What a command needs besides.
NEEDED: Final = {
    "history": [OPENAI],
    "diff": ["2025-02-22", "2026-02-28"],
    "why": [OPENAI],
    "sql": ["SELECT 1 AS one"],
    "query": [],
}


def takes_output(name: str) -> bool:
    module = import_module(COMMANDS[name])
    command = getattr(module, f"{name}_", None) or getattr(module, name)
    signature = inspect.signature(command, eval_str=True)
    return any(parameter.annotation is Output for parameter in signature.parameters.values())


WRITING: Final = [name for name in COMMANDS if takes_output(name)]


def test_the_commands_that_write_answers_are_known() -> None:
    assert {"show", *NEEDED} <= set(WRITING)


@pytest.mark.parametrize("name", WRITING)
@pytest.mark.parametrize("file", ["x.xlsx", "x.XLS", "x.html", "x.csv.gz", "folder.csv/x.yaml"])
def test_an_unknown_suffix_is_refused(project: Path, name: str, file: str) -> None:
    for more in ([], ["--format", "csv"], ["--json"]):
        done = run(project, [name, *NEEDED.get(name, []), "--output", file, *more])
        assert (done.code, done.out) == (2, "")
        assert ".csv, .json, .jsonl, .md, .parquet, .txt" in done.err
        assert not (project / file).exists()


@pytest.mark.parametrize("name", WRITING)
@pytest.mark.parametrize(
    ("file", "more"),
    [
        ("x.csv", ["--format", "parquet"]),
        ("x.csv", ["--json"]),
        ("x.txt", ["--format", "jsonl"]),
        ("x.JSON", ["--format", "table"]),
    ],
)
def test_two_formats_are_refused(project: Path, name: str, file: str, more: list[str]) -> None:
    done = run(project, [name, *NEEDED.get(name, []), "--output", file, *more])
    assert (done.code, done.out) == (2, "")
    assert file in done.err
    assert not (project / file).exists()


def test_what_agrees_is_written(project: Path) -> None:
    for file, more in (
        *(("a.csv", ["--format", "csv"]), ("a.json", ["--json"]), ("a.txt", []), ("a", ["--format", "csv"])),
        *(("a.TXT", ["--format", "table"]), ("a.md", []), ("plain", []), ("scans.json", ["--explain"])),
    ):
        done = run(project, ["show", OPENAI, "--output", file, *more])
        assert (done.code, done.out) == (0, ""), done.err
        assert (project / file).read_text()
    assert (project / "plain").read_text() == (project / "a.txt").read_text()
    assert (project / "a").read_text() == (project / "a.csv").read_text()
    assert (project / "a.json").read_text().startswith("{")
    assert (project / "scans.json").read_text().startswith('{"generation"')
