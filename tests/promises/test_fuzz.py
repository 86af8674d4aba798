"""No input of any format is too odd: a few for each target of `tests.fuzz`, `TIMELINE_LONG=1` takes many."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.examples import LONG
from tests.fuzz.__main__ import fuzz
from tests.fuzz.targets import TARGETS

SEED = int(os.environ.get("TIMELINE_SEED", "20261126"))
#: How many inputs a target takes: those that read files or answer requests take longer.
RUNS = dict.fromkeys(TARGETS, 200) | dict.fromkeys(
    ("yaml", "json", "jsonl", "csv", "xlsx", "parquet", "arrow", "mapping", "api"), 25
)


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_odd_is_taken_or_refused_in_words(name: str, tmp_path: Path) -> None:
    found, ways = fuzz(name, 20_000 if LONG else RUNS[name], SEED, tmp_path)
    assert not found, f"seed {SEED}\n" + "\n".join(map(str, found))
    # Else it never got past what all inputs have in common.
    assert ways > 1
