"""The one command that checks everything: format, lint, types, then docs and tests.

Run in the project's environment: `uv run --frozen tests/check.py`. All four run even when one
fails; pytest's closing line comes last. Arguments are handed to pytest.

`tests/check.py --coverage [TESTS]…` runs the tests alone, or some folders of them, and reports which lines
and branches of timeline/ they and the processes that they start execute.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHECKS = {
    "format": ["ruff", "format", "--check", "--quiet", "."],
    "lint": ["ruff", "check", "--quiet", "."],
    "types": ["mypy"],
}
#: Tests wait for processes and disks now and then, so that two cores do the work of three.
PROCESSES = max(os.cpu_count() or 1, 3)
#: Where it is set, each of the thousands of processes that tests start compiles all its modules again.
WASTEFUL = "PYTHONDONTWRITEBYTECODE"
TESTS = ["pytest", "--quiet", f"--numprocesses={PROCESSES}", "--dist=worksteal"]


def passes(name: str, module_and_arguments: list[str]) -> bool:
    print(f"{name}: {' '.join(module_and_arguments)}", flush=True)
    return (
        subprocess.run([sys.executable, "-m", *module_and_arguments], cwd=ROOT, check=False).returncode == 0
    )


def cover(tests: list[str]) -> int:
    """Run tests, one folder after the other, and report the coverage of all of them together.

    Without names of tests, those of every folder, those beside the folders, and the examples of docstrings.
    """
    found = subprocess.run([sys.executable, "-m", "coverage", "erase"], cwd=ROOT, check=False).returncode
    beside = [str(path) for path in sorted((ROOT / "tests").glob("test_*.py"))]
    folders = [[str(path)] for path in sorted((ROOT / "tests").glob("*/"))]
    for some in [[test] for test in tests] or [*folders, beside, ["timeline"]]:
        tested = ["coverage", "run", "-m", *TESTS, "-p", "no:cacheprovider", *some]
        # A folder may hold no tests.
        found |= subprocess.run([sys.executable, "-m", *tested], cwd=ROOT, check=False).returncode not in (
            0,
            5,
        )
    for command in (["combine", "--quiet"], ["report"]):
        found |= subprocess.run(
            [sys.executable, "-m", "coverage", *command], cwd=ROOT, check=False
        ).returncode
    return int(found != 0)


def main() -> int:
    os.environ.pop(WASTEFUL, None)
    if sys.argv[1:2] == ["--coverage"]:
        return cover(sys.argv[2:])
    failed = [name for name, check in CHECKS.items() if not passes(name, check)]
    if failed:
        print(f"FAILED: {', '.join(failed)} (see above)", flush=True)
    tested = passes("docs and tests", [*TESTS, *sys.argv[1:]])
    return 0 if tested and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
