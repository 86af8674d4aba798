"""What commands print over the bundled reports, word for word, in a terminal of 80 columns.

Each file in cli/ and queries/ holds commands, and below each its stdout, stderr and exit code.
UPDATE_GOLDEN=1 runs the commands and writes what they print in place of what was there; lines above a
command that begin with `#` are kept. So a case is added without Python: write its command into a file. A
query of queries/ that has no file gets one, in which it runs as it comes.

The project was recorded at instants that never change. Beside it is the store `../invented`, recorded
from invented.yaml.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from tests.commands import run
from tests.stores import record_files

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
#: The file of each query, whether the file exists or not.
FILES = sorted(
    {*(HERE / "cli").glob("*.txt"), *(HERE / "queries").glob("*.txt")}
    | {HERE / "queries" / f"{path.stem}.txt" for path in (ROOT / "queries").glob("*.sql")}
)
#: A command and, unless the command is new, what it printed and its exit code.
CASE = re.compile(r"^\$ timeline (.*)(?:\n|\Z)(?:(?:(?!\$ timeline ).*\n)*?--- exit \d+\n)?", re.MULTILINE)


@pytest.fixture(scope="module")
def desk(recorded_project: Path) -> Path:
    record_files(recorded_project.parent / "invented", HERE / "invented.yaml", register_unknown=True)
    return recorded_project


def printed(desk: Path, command: str) -> str:
    done = run(desk, shlex.split(command), COLUMNS="80")
    parts = [
        f"$ timeline {command}",
        done.out.rstrip("\n"),
        *(["--- stderr", done.err.rstrip("\n")] if done.err else []),
        f"--- exit {done.code}\n",
    ]
    return "\n".join(parts)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_prints_what_it_did(desk: Path, file: Path) -> None:
    update = bool(os.environ.get("UPDATE_GOLDEN"))
    if update and not file.exists():
        file.write_text(f"$ timeline query {file.stem} --format csv\n", encoding="utf-8")
    assert file.exists(), "run this test with UPDATE_GOLDEN=1, then read whether the rows are right"
    expected = file.read_text(encoding="utf-8")
    found = CASE.sub(lambda case: printed(desk, case[1]), expected)
    if update:
        file.write_text(found, encoding="utf-8")
    else:
        assert found == expected


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_holds_commands_that_belong_there(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    asked = [shlex.split(command) for command in CASE.findall(text)]
    assert asked
    assert all(line == "" or line.startswith("#") for line in CASE.sub("", text).splitlines())
    if file.parent.name == "queries":
        assert all(command[:2] == ["query", file.stem] for command in asked)
        assert (ROOT / "queries" / f"{file.stem}.sql").exists()


@pytest.mark.parametrize("file", [path for path in FILES if path.parent.name == "cli"], ids=lambda f: f.stem)
def test_no_table_is_wider_than_the_terminal(file: Path) -> None:
    for case in CASE.finditer(file.read_text(encoding="utf-8")):
        if "--format" not in shlex.split(case[1]):
            stdout = re.split(r"^--- ", case[0], flags=re.MULTILINE)[0].splitlines()[1:]
            assert not [
                line for line in stdout if len(line) > 80 and not line.lstrip().startswith(("{", '"'))
            ]
