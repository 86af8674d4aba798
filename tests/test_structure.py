"""The shape of the code, read from its source: which module may know of which."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "timeline"
SOURCES = sorted(PACKAGE.rglob("*.py"))

#: The rooms, and the modules beside them. Each may import from itself and from these.
_BELOW = ("errors", "boundary", "atomic", "printable", "represent", "urls", "project")
_ASKING = (*_BELOW, "meaning", "log", "index")
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "errors": (),
    "printable": (),
    "represent": ("printable",),
    "boundary": ("errors",),
    "atomic": ("errors",),
    "urls": ("errors",),
    "project": ("errors", "atomic", "urls", "meaning"),
    "meaning": ("errors",),
    "log": ("errors", "atomic", "represent", "meaning"),
    "index": ("errors", "atomic", "meaning", "log"),
    "backups": ("errors", "atomic", "urls", "project", "log"),
    "intake": _ASKING,
    "ask": (*_ASKING, "show"),
    "plot": (*_BELOW, "meaning", "ask", "show"),
    "vouching": (*_ASKING, "backups", "ask", "citations"),
    "publish": _ASKING,
    "publishing": ("errors", "boundary", "log", "ask", "publish", "spark"),
    "erasures": (*_ASKING, "intake", "ask"),
    "store": (
        *(*_ASKING, "erasures", "intake", "ask", "plot", "sealed", "audit", "vouching"),
        *("publish", "publishing"),
    ),
    "citations": (*_BELOW, *_ASKING, "ask", "show", "sealed", "store"),
    "sealed": (*_ASKING, "ask", "store"),
    "audit": ("errors", "ask", "sealed", "store"),
    "__init__": (*_ASKING, "intake", "ask", "store"),
    "spark": ("errors", "urls", "meaning", "log", "index", "publish"),
    "show": ("errors", "printable", "represent", "meaning", "ask"),
    "web": (*_BELOW, "meaning", "ask", "store", "citations", "show", "plot", "__init__"),
    "cli": (*_BELOW, "meaning", "ask", "store", "show", "plot", "web", "__init__"),
    "__main__": ("cli",),
}
#: Where a room may use only some modules of another room: these modules.
ONLY: dict[tuple[str, str], set[str]] = {
    # Answers are shown without a store.
    ("show", "ask"): {"ask.answers"},
    # A value in a shell or a notebook shows itself by the words of answers for people.
    ("ask", "show"): {"show.notebook"},
    ("citations", "show"): {"show.formats"},
    ("project", "meaning"): {"meaning.habits"},
    ("show", "meaning"): {"meaning.times", "meaning.columns", "meaning.amounts"},
    # Pictures ask one snapshot, as front ends do.
    ("plot", "ask"): {"ask.answers", "ask.snapshot"},
    ("plot", "meaning"): {"meaning.times", "meaning.columns", "meaning.fact"},
    ("plot", "show"): {"show.layout"},
    ("web", "ask"): {"ask.answers", "ask.overview", "ask.queries", "ask.questions", "ask.snapshot"},
    # The models of events are part of the description of the API.
    ("web", "meaning"): {
        "meaning.times",
        "meaning.columns",
        "meaning.fact",
        "meaning.described",
        "meaning.event",
    },
    # A front end asks through the store: of the rooms behind the store, it knows values.
    ("cli", "ask"): {
        "ask.answers",
        "ask.written",
        "ask.explain",
        "ask.queries",
        "ask.questions",
        "ask.snapshot",
    },
    ("cli", "meaning"): {"meaning.times", "meaning.columns", "meaning.amounts", "meaning.fact"},
}

ENGINES = {"duckdb", "polars", "pyarrow", "deltalake"}
OUTSIDE_WORLD = {"io", "os", "pathlib", "shutil", "socket", "subprocess", "tempfile", "urllib"}
CLOCKS = {
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today"),
    *("time.time", "time.time_ns", "time.localtime", "time.gmtime"),
}

PUBLIC = [
    *("BadInput", "BadRows", "Belief", "Commit", "Conflict", "Copied", "Corruption", "Erasure", "Ingested"),
    "NotFound",
    *("Preview", "Proved", "TableMapping", "Timeline", "TimelineError", "check_proof", "propose_mapping"),
]


def imports(path: Path) -> Iterator[tuple[str, int, bool]]:
    """Return every module that a file imports, with its line, and whether only later or for types."""

    def visit(node: ast.AST, inside: bool) -> Iterator[tuple[str, int, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from ((name.name, child.lineno, inside) for name in child.names)
            elif isinstance(child, ast.ImportFrom):
                base = f"timeline.{child.module or ''}".rstrip(".") if child.level else child.module or ""
                # From a room its modules are imported by name.
                folder = PACKAGE.joinpath(*base.split(".")[1:])
                if base.split(".")[0] == "timeline" and folder.is_dir():
                    for name in child.names:
                        known = (folder / f"{name.name}.py").exists()
                        yield (f"{base}.{name.name}" if known else base), child.lineno, inside
                else:
                    yield base, child.lineno, inside
            nested = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or (
                isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            )
            yield from visit(child, inside or nested)

    return visit(ast.parse(path.read_text(encoding="utf-8")), False)


def module_of(path: Path) -> str:
    """Return the name of a module within the package, such as `log.file`; a room has its own name."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    return module.split(".")[0]


def siblings(path: Path) -> Iterator[tuple[str, int, bool]]:
    for name, line, inside in imports(path):
        if name == "timeline":
            yield "__init__", line, inside
        elif name.startswith("timeline."):
            yield name.removeprefix("timeline."), line, inside


MODULES = {module_of(path): path for path in SOURCES}
ROOMS = sorted({room_of(name) for name, path in MODULES.items() if path.parent != PACKAGE} - {"example"})


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_a_room_imports_only_from_those_below_it(path: Path) -> None:
    room = room_of(module_of(path))
    wrong = [
        f"{path.relative_to(PACKAGE)}:{line}: imports {other}"
        for other, line, _ in siblings(path)
        if room_of(other) not in (room, *MAY_IMPORT[room])
        or other not in ONLY.get((room, room_of(other)), {other})
    ]
    assert not wrong


def test_no_modules_import_each_other_in_a_circle() -> None:
    # Types alone are exempt: imports under TYPE_CHECKING never run.
    ahead = {
        name: {other for other, _, inside in siblings(path) if other in MODULES and not inside}
        for name, path in MODULES.items()
        if name != "__init__"
    }
    done: set[str] = set()

    def follow(name: str, on_the_way: tuple[str, ...]) -> None:
        assert name not in on_the_way, " → ".join((*on_the_way, name))
        if name not in done:
            for other in ahead.get(name, ()):
                follow(other, (*on_the_way, name))
            done.add(name)

    for name in ahead:
        follow(name, ())


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_it_is_for(room: str) -> None:
    path = PACKAGE / room / "__init__.py"
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert text
    architecture = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert f"| `{room}` |" in architecture


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_has_a_folder_of_tests(room: str) -> None:
    assert list((ROOT / "tests" / room).glob("test_*.py"))


def test_the_table_of_rooms_is_the_tree() -> None:
    """Each row of the table in docs/architecture.md names all modules of its room, and no others."""
    architecture = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \|", architecture, re.MULTILINE)
    documented = {room: set(re.findall(r"`(\w+)`", modules)) for room, modules in rows if room in ROOMS}
    there = {room: {path.stem for path in (PACKAGE / room).glob("*.py")} - {"__init__"} for room in ROOMS}
    assert documented == there


def test_the_glossary_names_modules_that_there_are() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| [^|]+ \| [^|]+ \| `([\w/]+\.py)` \|$", glossary, re.MULTILINE)
    assert len(named) >= 16
    assert not [path for path in named if not (PACKAGE / path).is_file()]


@pytest.mark.parametrize("path", [PACKAGE / "errors.py", *(PACKAGE / "meaning").glob("*.py")], ids=module_of)
def test_meaning_knows_no_engine_and_touches_no_disk(path: Path) -> None:
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


@pytest.mark.parametrize("path", [path for path in SOURCES if path.stem != "times"], ids=module_of)
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


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
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


def run(project: Path, arguments: Sequence[str], *options: str) -> str:
    """Run a command in a project, and return what Python writes to stderr under its own `options`."""
    done = subprocess.run(
        [sys.executable, *options, "-m", "timeline", *arguments],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def loaded(project: Path, arguments: Sequence[str]) -> set[str]:
    """Return the names of the modules that a command has imported."""
    written = run(project, arguments, "-X", "importtime")
    return set(re.findall(r"^import time:.*\|\s*([\w.]+)$", written, re.MULTILINE))


@pytest.mark.parametrize("fact", [[], ["nvidia/investment/openai"]], ids=["everything", "one fact"])
def test_show_starts_without_the_heavy_libraries(project: Path, fact: list[str]) -> None:
    show = ["show", *fact, "--as-of", "2026-02-28"]
    run(project, show)
    names = loaded(project, show)
    assert "timeline.store" in names
    assert not {name.split(".")[0] for name in names} & {"polars", "pydantic", "pyarrow"}


def test_a_report_is_recorded_without_pandas(project: Path) -> None:
    pytest.importorskip("pandas")
    report = [
        "report",
        "nvidia/revenue@2031",
        "1 USD",
        "--source",
        "unnamed-2025-01-30",
        "--register-unknown",
    ]
    names = loaded(project, report)
    assert "pyarrow" in names
    # A module that is not found is listed, too, but none that lies in it.
    assert not [name for name in names if name.startswith("pandas.")]
