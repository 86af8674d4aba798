"""The mutants of the code are ones: each changes its module, and is Python."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutants.__main__ import Covered, interval
from tests.mutants.operators import mutants_of

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("module", ["meaning/fold", "meaning/spans", "log/merkle", "log/folder"])
def test_each_mutant_is_another_module(module: str) -> None:
    source = (ROOT / f"timeline/{module}.py").read_text(encoding="utf-8")
    mutants = mutants_of(source)
    assert len(mutants) > 20
    for mutant in mutants[::5]:
        assert ast.dump(ast.parse(mutant.applied(source))) != ast.dump(ast.parse(source)), mutant


def test_a_mutant_is_tried_by_the_tests_that_execute_it_the_quickest_first() -> None:
    source = "LIMIT = 3\n\n\ndef f(a):\n    b = a + 1\n    return b\n"
    by_import, of_sum, *_ = [
        mutant for mutant in mutants_of(source) if mutant.kind in ("number", "arithmetic")
    ][1:]
    covered = Covered({"m": {5: ["slow", "quick"], 6: ["other"]}}, {"slow": 3.0, "quick": 1.0, "other": 2.0})
    assert (by_import.at_import, of_sum.at_import) == (True, False)
    assert covered.tests_of("m", of_sum) == ["quick", "slow"]
    assert covered.tests_of("m", by_import) == ["quick", "other", "slow"]
    assert covered.tests_of("elsewhere", of_sum) == []
    # Tables that are read once.
    assert covered.tests_of("elsewhere", by_import) == ["quick", "other", "slow"]


def test_the_interval_holds_the_share() -> None:
    low, high = interval(9, 10)
    assert low < 0.9 < high < 1
