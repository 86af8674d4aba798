"""What the command line prints over the bundled reports, word for word, in a terminal of 80 columns.

Each case has a file in cli/ with its command, stdout, stderr and exit code. UPDATE_GOLDEN=1 writes them
anew. Instants that the run itself recorded stand there as some of 2 March 2026, in their order, and
digests as zeros.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from timeline import Timeline
from timeline.cli.app import run
from timeline.show.formats import plain

EXPECTED = Path(__file__).parent / "cli"

OPENAI = "nvidia/investment/openai"

CASES: dict[str, list[str]] = {
    "help": ["--help"],
    "show": ["show", "--as-of", "2025-02-22"],
    "show-letter-of-intent": ["show", OPENAI, "--as-of", "2025-10-15"],
    "show-final-negotiations": ["show", OPENAI, "--as-of", "2026-02-28"],
    "show-glob": ["show", "softbank/*", "--as-of", "2025-02-22"],
    "show-by-origin": ["show", "softbank/investment/stargate", "--policy", "by-origin"],
    "show-before-the-correction": ["show", OPENAI, "--as-of", "2025-10-15", "--recorded-as-of", "#8"],
    "show-possible": ["show", OPENAI, "--as-of", "2025-09-10", "--basis", "possible"],
    "show-valid-time": ["show", "openai/valuation", "--as-of", "2025-02-22", "--valid-at", "2024-06-01"],
    "show-outside-valid-time": [
        "show",
        "openai/valuation",
        "--as-of",
        "2025-02-22",
        "--valid-at",
        "2025-06-01",
    ],
    "show-nothing-yet": ["show", OPENAI, "--as-of", "2025-02-22"],
    "show-unknown": ["show", "nvidia/investment/openia"],
    "show-no-match": ["show", "nobody/*"],
    "show-json": ["show", OPENAI, "--as-of", "2026-02-28", "--json"],
    "show-nothing-json": ["show", OPENAI, "--as-of", "2025-02-22", "--json"],
    "show-jsonl": ["show", "softbank/stake/*", "--format", "jsonl"],
    "show-csv": ["show", "softbank/stake/*", "--format", "csv"],
    "show-markdown": ["show", "openai/cash-burn*", "--format", "markdown"],
    "history": ["history", OPENAI],
    "history-as-of": ["history", OPENAI, "--as-of", "2026-02-19"],
    "history-glob": ["history", "softbank/invest*"],
    "why": ["why", OPENAI, "--as-of", "2026-02-28"],
    "why-valid-time": ["why", "openai/valuation"],
    "why-glob": ["why", "nvidia/*"],
    "diff": ["diff", "2025-02-22", "2026-02-28"],
    "diff-one-fact": ["diff", "2025-10-15", "2026-02-28", OPENAI],
    "diff-nothing": ["diff", "2025-02-22", "2025-02-22"],
    "diff-by-origin": ["diff", "2025-02-22", "2026-02-28", "--policy", "by-origin"],
    "disagreements": ["disagreements"],
    "disagreements-any-distance": ["disagreements", "--within", "any"],
    "disagreements-none": ["disagreements", OPENAI, "--as-of", "2025-10-15"],
    "disagreements-json": ["disagreements", "softbank/*", "--json"],
    "sql": [
        "sql",
        "SELECT fact, amount, unit FROM beliefs WHERE unit = 'GW' OR fact LIKE 'openai/cash%' ORDER BY 1",
    ],
    "sql-parameter": [
        "sql",
        "SELECT fact, claim FROM beliefs WHERE origin = $origin",
        "-p",
        "origin=reuters",
    ],
    "sql-as-of": ["sql", "SELECT count(*) AS beliefs FROM beliefs", "--as-of", "2025-02-22"],
    "sql-wide": ["sql", f"SELECT * FROM beliefs WHERE fact = '{OPENAI}'"],
    "sql-syntax": ["sql", "SELEC 1"],
    "head": ["head"],
    "commands-near": ["shwo"],
}


@pytest.fixture(scope="session")
def recorded(recorded_project: Path) -> list[str]:
    """When each commit was recorded, in order, as answers print it."""
    with Timeline.open(recorded_project) as tl:
        answer = tl.query_table("SELECT DISTINCT recorded_at FROM events WHERE fact IS NOT NULL ORDER BY 1")
    return [plain(instant) for (instant,) in answer.rows]


@pytest.mark.parametrize("name", CASES)
def test_prints_what_it_did(
    recorded_project: Path,
    recorded: list[str],
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(recorded_project)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sys.argv", ["timeline", *CASES[name]])
    code = run()
    finished = capsys.readouterr()
    printed = "\n".join(
        [
            f"$ timeline {' '.join(CASES[name])}",
            finished.out.rstrip("\n"),
            *(["--- stderr", finished.err.rstrip("\n")] if finished.err else []),
            f"--- exit {code}\n",
        ]
    )
    for nth, instant in enumerate(recorded, 1):
        printed = printed.replace(instant, f"2026-03-02T09:00:00.{nth:06}Z")
    printed = re.sub(r"(?m)^(digest +)[0-9a-f]{64}$", rf"\g<1>{'0' * 64}", printed)
    file = EXPECTED / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(printed, encoding="utf-8")
    assert printed == file.read_text(encoding="utf-8")


def test_every_expectation_has_its_case() -> None:
    assert {file.stem for file in EXPECTED.iterdir()} == set(CASES)


@pytest.mark.parametrize("name", sorted(set(CASES) - {"show-csv", "show-markdown"}))
def test_no_table_is_wider_than_the_terminal(name: str) -> None:
    text = (EXPECTED / f"{name}.txt").read_text(encoding="utf-8")
    stdout = re.split(r"^--- ", text, flags=re.MULTILINE)[0].splitlines()[1:]
    wide = [line for line in stdout if len(line) > 80 and not line.lstrip().startswith(("{", '"'))]
    assert not wide
