"""The examples of docs/scale.md that need a session of Spark: marked `spark`, and run on Sail."""

from __future__ import annotations

import doctest
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "scale.md"


def test_the_examples_say_what_they_say(
    spark: SparkSession, recorded_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    [opening] = re.findall(r"```python spark\n(.*?)```", text, re.DOTALL)
    sessions = re.findall(r"```pycon spark\n(.*?)```", text, re.DOTALL)
    assert sessions
    names: dict[str, object] = {}
    exec("\n".join(line for line in opening.splitlines() if not line.startswith("spark = ")), names)
    names["spark"] = spark
    monkeypatch.chdir(recorded_project)
    printed: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        runner = doctest.DocTestRunner(verbose=False)
        for session in sessions:
            example = doctest.DocTestParser().get_doctest(session, names, DOCUMENT.name, str(DOCUMENT), 0)
            runner.run(example, out=printed.append, clear_globs=False)
    assert runner.summarize(verbose=False).failed == 0, "".join(printed)
