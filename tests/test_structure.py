"""The shape of the code, read from its source: which module may know of which."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "timeline"
SOURCES = sorted(PACKAGE.glob("*.py"))

#: Each module imports only from those before it.
ORDER = (
    *("errors", "times", "amounts", "columns", "event", "fold"),
    *("atomic", "objects", "merkle", "logfile", "proofs"),
    *(
        "log",
        "amended",
        "sweep",
        "tables",
        "rowfile",
        "rowpack",
        "tail",
        "index",
        "dialect",
        "files",
        "known",
    ),
    *("names", "intake", "bulkread", "bulk", "record", "ask", "lookup", "join", "explain"),
    *("frames", "mending", "store"),
    *("__init__", "queries", "render", "telling", "cli_options", "cli_session", "cli_reading"),
    *("cli_recording", "cli_keeping", "cli", "__main__"),
)
#: What the front end may know of the package: the façade, the values that it answers with, what it
#: raises, how files and rows are written, and three modules of plain values.
FRONT_END_MAY_IMPORT = {
    *("store", "__init__", "ask", "explain", "errors", "queries", "render", "telling", "times"),
    *("columns", "amounts", "atomic"),
    *(name for name in ORDER if name.startswith("cli_")),
}

ENGINES = {"duckdb", "polars", "pyarrow", "deltalake"}
OUTSIDE_WORLD = {"io", "os", "pathlib", "shutil", "socket", "subprocess", "tempfile", "urllib"}
CLOCKS = {
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today"),
    *("time.time", "time.time_ns", "time.localtime", "time.gmtime"),
}

PUBLIC = [
    *("BadInput", "BadRows", "Belief", "Commit", "Conflict", "Corruption", "Ingested", "NotFound"),
    *("Timeline", "TimelineError"),
]


def imports(path: Path) -> Iterator[tuple[str, int, bool]]:
    """Every module that a file imports, with its line, and whether inside a function."""

    def visit(node: ast.AST, inside: bool) -> Iterator[tuple[str, int, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from ((name.name, child.lineno, inside) for name in child.names)
            elif isinstance(child, ast.ImportFrom):
                base = f"timeline.{child.module or ''}".rstrip(".") if child.level else child.module or ""
                if base == "timeline":
                    for name in child.names:
                        known = (PACKAGE / f"{name.name}.py").exists()
                        yield (f"timeline.{name.name}" if known else base), child.lineno, inside
                else:
                    yield base, child.lineno, inside
            nested = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from visit(child, inside or nested)

    return visit(ast.parse(path.read_text(encoding="utf-8")), False)


def siblings(path: Path) -> Iterator[tuple[str, int, bool]]:
    for name, line, inside in imports(path):
        if name == "timeline":
            yield "__init__", line, inside
        elif name.startswith("timeline."):
            yield name.split(".")[1], line, inside


def named(path: Path) -> str:
    return path.stem


def test_every_module_has_its_place_in_the_order() -> None:
    assert {path.stem for path in SOURCES} <= set(ORDER)


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_a_module_imports_only_from_earlier_ones(path: Path) -> None:
    place = ORDER.index(path.stem)
    wrong = [
        f"{path.name}:{line}: imports {other}, which comes later"
        for other, line, _ in siblings(path)
        if other not in ORDER[:place]
    ]
    assert not wrong


@pytest.mark.parametrize("name", [name for name in ORDER if name.startswith("cli")])
def test_front_ends_reach_everything_through_the_facade(name: str) -> None:
    path = PACKAGE / f"{name}.py"
    wrong = [
        f"{path.name}:{line}: imports {other}"
        for other, line, _ in siblings(path)
        if other not in FRONT_END_MAY_IMPORT
    ]
    assert not wrong


@pytest.mark.parametrize("name", ORDER[: ORDER.index("fold") + 1])
def test_meaning_knows_no_engine_and_touches_no_disk(name: str) -> None:
    path = PACKAGE / f"{name}.py"
    wrong = [
        f"{path.name}:{line}: imports {other}"
        for other, line, _ in imports(path)
        if other.split(".")[0] in ENGINES | OUTSIDE_WORLD
    ]
    wrong += [
        f"{path.name}:{node.lineno}: calls open()"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open"
    ]
    assert not wrong


@pytest.mark.parametrize("path", [path for path in SOURCES if path.stem != "times"], ids=named)
def test_times_holds_the_only_clock(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    wrong = [
        f"{path.name}:{node.lineno}: calls {ast.unparse(node.func)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and ".".join(ast.unparse(node.func).split(".")[-2:]) in CLOCKS
    ]
    assert not wrong


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_no_module_outgrows_a_reader(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 800


def test_one_sql_object_a_file_named_after_it() -> None:
    creates = re.compile(
        r"^\s*create\s+(?:or\s+replace\s+)?(?:temp(?:orary)?\s+)?"
        r"(?:table|view|macro|function|type|sequence)\s+(?:if\s+not\s+exists\s+)?(?:\w+\.)?(\w+)",
        re.IGNORECASE | re.MULTILINE,
    )
    files = sorted((PACKAGE / "sql").rglob("*.sql"))
    assert files
    text = {path: re.sub(r"--.*", "", path.read_text(encoding="utf-8")) for path in files}
    # A file may hold a query instead, which is asked as it is or built into others.
    queries = {path for path in files if ";" not in text[path]}
    objects = {path: creates.findall(text[path]) for path in files if path not in queries}
    assert objects == {path: [path.stem] for path in objects}


def test_the_public_names() -> None:
    import timeline

    assert sorted(timeline.__all__) == PUBLIC
    assert all(hasattr(timeline, name) for name in PUBLIC)


@pytest.mark.parametrize("fact", [[], ["nvidia/investment/openai"]], ids=["everything", "one fact"])
def test_show_starts_without_the_heavy_libraries(project: Path, fact: list[str]) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = ["-m", "timeline", "show", *fact, "--as-of", "2026-02-28"]

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *options, *command],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    first = run()
    assert first.returncode == 0, first.stderr
    second = run("-X", "importtime")
    assert second.returncode == 0, second.stderr
    loaded = set(re.findall(r"^import time:.*\|\s*([\w.]+)$", second.stderr, re.MULTILINE))
    assert "timeline.store" in loaded
    assert not {name.split(".")[0] for name in loaded} & {"polars", "pydantic", "pyarrow"}
