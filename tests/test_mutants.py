"""The mutants of the code are ones: each changes its module, and is Python."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.__main__ import interval
from tests.mutants.operators import mutants_of
from tests.mutants.patching import Functions
from tests.mutants.running import Covered

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


def test_what_tests_execute_before_they_run_is_imported_again() -> None:
    of_sum = mutants_of("def f(a):\n    return a + 1\n")[0]
    assert Covered({"m": {2: ["", "one"]}}, {"one": 1.0, "two": 1.0}).by_import("m", of_sum)
    assert not Covered({"m": {2: ["one"]}}, {"one": 1.0, "two": 1.0}).by_import("m", of_sum)


def test_a_function_takes_other_code_wherever_it_is_known(tmp_path: Path) -> None:
    source = """
import functools

class Counted:
    def next(self, number):
        return sorted([number], key=lambda one: one + 1)[0] + 1

@functools.cache
def kept(number):
    return number + 1

def around(base):
    def inside(number):
        return number + base
    return inside

added = around(1)
"""
    file = tmp_path / "toy.py"
    file.write_text(source)
    spec = importlib.util.spec_from_file_location("toy", file)
    assert spec is not None
    assert spec.loader is not None
    toy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(toy)
    bound, kept, added = toy.Counted().next, toy.kept, toy.added
    assert (bound(1), kept(1), added(1)) == (2, 2, 2)
    functions = Functions({file: source})
    assert functions.change(file, source.replace("+ 1", "+ 2").replace("number + base", "number - base"))
    assert (bound(1), kept(1), added(1)) == (3, 3, 0)
    # It would refer to nothing around it.
    assert not functions.change(file, source.replace("number + base", "number"))


def test_a_mutant_that_no_test_notices_survives(tmp_path: Path) -> None:
    """Mutants of functions, of constants and of what a test calls while it is imported."""
    files = {
        "timeline/__init__.py": "",
        "timeline/toy/__init__.py": "",
        "timeline/toy/sums.py": "ONE = 1\n\n\ndef more(a):\n    return a + ONE\n\n\n"
        "def less(a):\n    return a - ONE\n\n\ndef untried(a):\n    return a > ONE\n",
        "tests/conftest.py": "from hypothesis import settings\n\nsettings.register_profile('dev')\n",
        "tests/toy/test_sums.py": "from timeline.toy.sums import less, more, untried\n\n"
        "LESS = less(3)\n\n\ndef test_more():\n    assert more(2) == 3\n\n\n"
        "def test_less():\n    assert LESS == 2\n\n\ndef test_untried():\n    untried(5)\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    shutil.copytree(
        ROOT / "tests/mutants", tmp_path / "tests/mutants", ignore=shutil.ignore_patterns("__py*")
    )
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(
        [sys.executable, "-m", "tests.mutants", "toy", "--sample", "1000", "--out", "out.json"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        env={name: os.environ[name] for name in os.environ if not name.startswith("PYTEST_")}
        | {"HYPOTHESIS_PROFILE": "dev"},
    )
    survivors = [
        (entry["inside"], entry["shown"]) for entry in json.loads((tmp_path / "out.json").read_text())
    ]
    assert sorted(survivors) == [
        ("untried", "a > ONE  ->  (a <= ONE)"),
        ("untried", "a > ONE  ->  (a >= ONE)"),
        ("untried", "return a > ONE  ->  return None"),
    ]


def test_a_mutant_may_meet_whole_files_of_tests(tmp_path: Path) -> None:
    """Also where a process that a test starts is the one that notices."""
    started = (
        "import subprocess, sys\n\n\ndef test_it():\n"
        "    code = 'from sums import more; assert more(2) == 3'\n"
        "    subprocess.run([sys.executable, '-c', code], check=True)\n"
    )
    for name, text in {
        "sums.py": "def more(a):\n    return a + 1\n",
        "test_none.py": "def test_nothing():\n    assert True\n",
        "test_started.py": started,
        "conftest.py": "from hypothesis import settings\n\nsettings.register_profile('dev')\n",
        "run.py": "from pathlib import Path\n\n"
        "import hypothesis\n"
        "import pytest\n\n"
        "from tests.mutants.operators import mutants_of\n"
        "from tests.mutants.running import Try, survives_all\n\n"
        "file, took = Path('sums.py'), {}\n"
        "source = file.read_text()\n"
        "one = Try(file, source, mutants_of(source)[1], [])\n"
        "for files in (['test_none.py'], ['test_started.py']):\n"
        "    print('survives', survives_all(one, files, 1, took), file.read_text() == source)\n"
        "print('took', sorted(took))\n",
    }.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        [sys.executable, "run.py"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
        env={name: os.environ[name] for name in os.environ if not name.startswith("PYTEST_")}
        | {"HYPOTHESIS_PROFILE": "dev", "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
    )
    said = [line for line in done.stdout.splitlines() if line.startswith(("survives", "took"))]
    assert said == ["survives True True", "survives False True", "took ['test_none.py', 'test_started.py']"]


def test_the_interval_holds_the_share() -> None:
    low, high = interval(9, 10)
    assert low < 0.9 < high < 1
