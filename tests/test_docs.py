"""README.md, CONTRIBUTING.md and docs/ against the code: every example runs, every reference is complete.

A document is read from top to bottom in a fresh copy of the bundled project, and its outputs are
written again; the document must not change. `python tests/test_docs.py --update` (or with the
paths of some documents) writes the outputs into the documents instead.

    ```console          lines after `$ ` (continued after `> `) run in bash; the rest is their output
    ```console exit=2   the last command has to end with that code
    ```console varies   numbers and digests in the output may differ from those shown
    ```pycon            a Python session; all sessions of a document share their names
    ```python           Python that prints nothing
    ```pycon spark      runs on a Spark session, in tests/spark/test_documented.py
    ```sql timeline     runs as `timeline sql`; the ```text block after it is its output
    <!-- file: NAME --> the block that follows is written to that file of the project
    <!-- run: COMMAND --> runs unseen

Examples of other kinds (text, csv, yaml and the like) do not run, unless they are written to a file.
Instants that the run itself recorded are shown as some of 2 March 2026, in their order.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

RUN: Final = {"console", "pycon", "python", "sql"}
SHOWN: Final = {"csv", "json", "jsonl", "sh", "text", "toml", "yaml"}
SAMPLE: Final = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)([T ])(\d\d:\d\d:\d\d)(\.\d+)?")
FENCE = re.compile(r"```(\w*) ?(.*)")
COMMENT = re.compile(r"<!-- (file|run): (.+?) -->")


class Broken(AssertionError):
    """An example that did not do what it has to, with its document and line."""


@dataclass
class Line:
    text: str
    printed: bool = False


@dataclass
class Reader:
    """Reads one document in a project of its own, and keeps what it should say."""

    name: str
    project: Path
    tools: Path
    lines: list[Line] = field(default_factory=list)
    names: dict[str, object] = field(default_factory=lambda: {"__name__": "__main__"})
    number: int = 0

    def broken(self, message: str) -> Broken:
        return Broken(f"{self.name}:{self.number}: {message}")

    def keep(self, text: str, printed: bool = False) -> None:
        self.lines += [Line(line, printed) for line in text.splitlines()]

    def bash(self, command: str, expected: int = 0) -> str:
        finished = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=self.project,
            env=environment(self.tools),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        if finished.returncode != expected:
            raise self.broken(
                f"{command!r} ended with {finished.returncode}, expected {expected}\n{finished.stdout}"
            )
        # An editor would strip what is invisible at the end of a line.
        return "\n".join(line.rstrip() for line in finished.stdout.rstrip().split("\n"))

    def console(self, options: str, body: list[str]) -> list[Line]:
        result: list[Line] = []
        code = re.search(r"exit=(\d)", options)
        starts = [i for i, line in enumerate(body) if line.startswith("$ ")]
        if not starts or starts[0] != 0:
            raise self.broken("a console block begins with `$ `")
        for start, end in zip(starts, [*starts[1:], len(body)], strict=True):
            stop = start + 1
            while stop < end and body[stop].startswith("> "):
                stop += 1
            command = "\n".join(line[2:] for line in body[start:stop])
            last = end == len(body)
            output = self.bash(command, int(code.group(1)) if code and last else 0)
            shown = "\n".join(body[stop:end]).rstrip()
            if "varies" in options and blurred(output) == blurred(shown):
                output = shown
            result += [Line(line) for line in body[start:stop]]
            result += [Line(line, printed=True) for line in output.splitlines()]
            if not last and body[end - 1] == "":
                result.append(Line(""))
        return result

    def pycon(self, body: list[str]) -> list[Line]:
        result: list[Line] = []
        starts = [i for i, line in enumerate(body) if line.startswith(">>> ")]
        if not starts or starts[0] != 0:
            raise self.broken("a Python session begins with `>>> `")
        for start, end in zip(starts, [*starts[1:], len(body)], strict=True):
            stop = start + 1
            while stop < end and body[stop].startswith("..."):
                stop += 1
            source = "\n".join(line[4:] for line in body[start:stop]) + "\n"
            output = self.python(source, "single")
            result += [Line(line) for line in body[start:stop]]
            result += [Line(line, printed=True) for line in output.splitlines()]
            if end < len(body) and body[end - 1] == "":
                result.append(Line(""))
        return result

    def python(self, source: str, mode: str) -> str:
        printed = io.StringIO()
        with contextlib.chdir(self.project), contextlib.redirect_stdout(printed):
            try:
                exec(compile(source, f"<{self.name}:{self.number}>", mode), self.names)
            except Exception as error:
                if mode == "exec":
                    raise self.broken(f"raised {error!r}") from error
                print(f"Traceback (most recent call last):\n  ...\n{type(error).__name__}: {error}")
        return printed.getvalue().rstrip()

    def block(self, language: str, options: str, body: list[str], file: str | None) -> str | None:
        """Run one block, keep it, and return the output that the block after it has to show."""
        output = None
        lines = [Line(line) for line in body]
        if file:
            path = self.project / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(body) + "\n", encoding="utf-8")
        elif options == "spark":
            # On a session that tests/spark/test_documented.py brings.
            pass
        elif language == "console":
            lines = self.console(options, body)
        elif language == "pycon":
            lines = self.pycon(body)
        elif language == "python":
            if self.python("\n".join(body), "exec"):
                raise self.broken("a python block prints something; write it as pycon")
        elif language == "sql":
            if options != "timeline":
                raise self.broken("SQL that does not run; write ```sql timeline")
            query = "\n".join(body)
            output = self.bash(f"timeline sql {shell_quoted(query)}")
        elif language not in SHOWN:
            raise self.broken(f"no such kind of block: {language or 'none'!r}")
        self.lines += lines
        return output

    def read(self, text: str) -> str:
        started = datetime.now(UTC) - timedelta(seconds=1)
        source = text.splitlines()
        file: str | None = None
        awaited: str | None = None
        position = 0
        while position < len(source):
            line = source[position]
            self.number = position + 1
            position += 1
            self.keep(line or "\n")
            fence = FENCE.fullmatch(line)
            comment = COMMENT.search(line)
            if comment and comment.group(1) == "run":
                self.bash(comment.group(2))
            elif comment:
                file = comment.group(2)
            elif fence:
                end = source.index("```", position)
                body = source[position:end]
                position = end + 1
                if awaited is not None and fence.group(1) == "text":
                    self.keep(awaited, printed=True)
                    awaited = None
                else:
                    awaited = self.block(fence.group(1), fence.group(2), body, file)
                file = None
                self.keep("```")
        return "\n".join(settled(self.lines, started, datetime.now(UTC) + timedelta(seconds=1))) + "\n"


def shell_quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def blurred(output: str) -> str:
    return re.sub(r"[ #]+", " ", re.sub(r"\b[0-9a-f]{7,}\b|\d+(\.\d+)?", "#", output))


def settled(lines: list[Line], started: datetime, ended: datetime) -> list[str]:
    """Return the lines, with each instant of this run replaced by one that never changes."""

    def own(match: re.Match[str]) -> datetime | None:
        instant = datetime.fromisoformat(f"{match[1]}T{match[3]}{match[4] or ''}+00:00")
        return instant if started.replace(microsecond=0) <= instant <= ended else None

    seen = {
        at for line in lines if line.printed for match in INSTANT.finditer(line.text) if (at := own(match))
    }
    order = sorted(seen)

    def sample(match: re.Match[str]) -> str:
        instant = own(match)
        if instant is None:
            return match.group()
        shown = SAMPLE + timedelta(seconds=order.index(instant))
        fraction = "." + "250000"[: len(match[4]) - 1] if match[4] else ""
        return f"{shown:%Y-%m-%d}{match[2]}{shown:%H:%M:%S}{fraction}"

    today = {f"{started:%Y-%m-%d}", f"{ended:%Y-%m-%d}"}

    def day(text: str) -> str:
        for shown in today:
            text = re.sub(rf"\b{shown}\b(?![T ]\d)", f"{SAMPLE:%Y-%m-%d}", text)
        return text

    return [day(INSTANT.sub(sample, line.text)) if line.printed else line.text for line in lines]


def environment(tools: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {
        "COLUMNS": "80",
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "TERM": "dumb",
        # Answers must not depend on where they are asked.
        "TZ": "Asia/Tokyo",
    }


@contextlib.contextmanager
def reader(name: str) -> Iterator[Reader]:
    with tempfile.TemporaryDirectory() as folder:
        project, tools = Path(folder) / "project", Path(folder) / "bin"
        project.mkdir()
        tools.mkdir()
        shutil.copy(ROOT / "timeline.toml", project)
        shutil.copytree(ROOT / "events", project / "events")
        shutil.copytree(ROOT / "queries", project / "queries")
        command = tools / "timeline"
        command.write_text(f'#!/bin/sh\nexec {shell_quoted(sys.executable)} -m timeline "$@"\n')
        command.chmod(0o755)
        yield Reader(name, project, tools)


def rewritten(document: Path) -> str:
    with reader(str(document.relative_to(ROOT))) as it:
        return it.read(document.read_text(encoding="utf-8"))


def name_of(document: Path) -> str:
    return document.name


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_examples_do_what_they_show(document: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLARS_TABLE_WIDTH", "80")
    monkeypatch.setenv("COLUMNS", "80")
    assert rewritten(document).splitlines() == document.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:)([^)#]*)(#[^)]*)?\)", text)
    missing = [path for path, _ in targets if path and not (document.parent / path).exists()]
    assert not missing


def test_those_who_contribute_are_sent_to_files_that_there_are() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?<![\w/])(?:timeline|tests|docs|queries|\.ci)/[\w/.]*[\w/]", text))
    assert len(named) >= 25
    made = {"queries/NAME.sql", "tests/promises/golden/queries/NAME.txt"}
    assert not [path for path in named - made if not (ROOT / path).exists()]


def test_the_readme_needs_two_commands() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line.startswith("python3 -m venv")]) == 2


def test_every_command_is_documented() -> None:
    from typer.main import get_command

    from timeline.cli.app import app

    commands = set(getattr(get_command(app), "commands"))  # noqa: B009 (typer vendors its click, untyped here)
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\$ timeline ([\w-]+) --help$", text, re.MULTILINE)
    assert sorted(shown) == sorted(commands)


def documented_objects() -> dict[str, tuple[str, dict[str, str]]]:
    """Return the objects of docs/sql.md: the parameters of each as written, its columns with their types."""
    text = (ROOT / "docs" / "sql.md").read_text(encoding="utf-8")
    objects: dict[str, tuple[str, dict[str, str]]] = {}
    for section in re.split(r"^#{2,3} ", text, flags=re.MULTILINE)[1:]:
        name = re.match(r"`(\w+)`", section)
        if not name:
            continue
        signature = re.search(rf"^`{name[1]}\(([^`]*)\)`", section, re.MULTILINE | re.DOTALL)
        like = re.search(r"Columns: those of `(\w+)`", section)
        columns = dict(objects[like[1]][1]) if like else {}
        columns |= dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", section, re.MULTILINE))
        objects[name[1]] = (" ".join(signature[1].split()) if signature else "", columns)
    return objects


def defined_parameters(name: str) -> str:
    """Return the parameters of a macro with their defaults, as its SQL file has them; empty for a view."""
    text = (ROOT / "timeline" / "sql" / "surface" / f"{name}.sql").read_text(encoding="utf-8")
    found = re.search(rf"MACRO {name}\(([^)]*)\) AS", text)
    return " ".join(found[1].split()) if found else ""


def test_the_sql_reference_is_the_catalog(tmp_path: Path) -> None:
    from timeline import Timeline

    documented = documented_objects()
    given = {"as_of": "'2026-01-01'", "from_date": "'2025-01-01'", "to_date": "'2026-01-01'"}
    given |= {"recorded_as_of": "NULL", "fact_glob": "'*'"}
    with Timeline.create(tmp_path / "store") as store:
        catalog = store.connect()
        offered = catalog.execute(
            "select view_name from duckdb_views() where not internal and schema_name = 'main' union "
            "select function_name from duckdb_functions() "
            "where function_type = 'table_macro' and not internal and schema_name = 'main'"
        ).fetchall()
        assert sorted(documented) == sorted(name for (name,) in offered)
        for name, (parameters, columns) in documented.items():
            assert parameters == defined_parameters(name), name
            needed = [each for each in re.split(", ", parameters) if each and ":=" not in each]
            call = f"{name}({', '.join(given[each] for each in needed)})" if parameters else name
            described = catalog.execute(f"describe select * from {call}").fetchall()
            assert columns == {column: kind for column, kind, *_ in described}, name
        helpers = catalog.execute(
            "select function_name from duckdb_functions() "
            "where function_type = 'macro' and not internal and schema_name = 'main'"
        ).fetchall()
    assert set(rows_of("sql.md", "Helper functions")) == {name for (name,) in helpers}


def plain_signature(member: Callable[..., object]) -> str:
    """Return the parameters of a method as a caller gives them: with defaults, without types and `self`."""
    signature = inspect.signature(member)
    parameters = [
        each.replace(annotation=inspect.Parameter.empty)
        for each in signature.parameters.values()
        if each.name not in ("self", "cls")
    ]
    shown = signature.replace(parameters=parameters, return_annotation=inspect.Signature.empty)
    return str(shown).removeprefix("(").removesuffix(")")


def test_every_method_is_documented() -> None:
    from timeline import Timeline
    from timeline.ask.snapshot import Snapshot

    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    of_timeline, _, of_snapshot = text.partition("\n## Snapshots\n")
    assert documented_in(of_timeline) == methods_of(Timeline)
    # Functions of the same name have the same arguments.
    methods = {name: takes for name, takes in methods_of(Snapshot).items() if not hasattr(Timeline, name)}
    assert documented_in(of_snapshot) == methods
    for name, takes in methods_of(Snapshot).items():
        if name not in ("sql", *methods):
            assert takes == methods_of(Timeline)[name], name


def documented_in(text: str) -> dict[str, str]:
    return dict(re.findall(r"^### `(\w+)\((.*)\)`$", text, re.MULTILINE))


def methods_of(kind: type) -> dict[str, str]:
    return {
        name: plain_signature(member)
        for name, member in inspect.getmembers(kind, callable)
        if not name.startswith("_")
    }


def test_every_answer_of_python_is_explained() -> None:
    from timeline.ask.answers import Answer, Why
    from timeline.ask.explain import Explained, Scan
    from timeline.citations import CheckedCitation, Citation
    from timeline.index.erasing import Erasure
    from timeline.intake.outcome import Ingested
    from timeline.log.backup import Copied
    from timeline.log.log import Commit, Verified
    from timeline.log.witness import Stamped
    from timeline.meaning.proofs import Proved
    from timeline.plot.files import Picture

    assert {name.removesuffix("()") for name in rows_of("python.md", "Picture")} == {
        name for name in dir(Picture) if not name.startswith("_")
    }
    for kind in (
        *(
            CheckedCitation,
            Citation,
            Commit,
            Copied,
            Erasure,
            Explained,
            Ingested,
            Proved,
            Scan,
            Stamped,
            Verified,
        ),
        Why,
    ):
        assert set(rows_of("python.md", kind.__name__)) == {
            each.name for each in fields(kind) if not each.name.startswith("_")
        }
    of_answer = {name for name in [*vars(Answer.of([], [], [])), *vars(Answer)] if not name.startswith("_")}
    assert {name.removesuffix("()") for name in rows_of("python.md", "Answer")} == of_answer - {"of"}


def rows_of(document: str, heading: str) -> dict[str, str]:
    """Return the first two columns of the table under a heading."""
    text = (ROOT / "docs" / document).read_text(encoding="utf-8")
    section = re.split(r"^#+ ", text.split(f"# {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    return dict(re.findall(r"^\| `([\w()-]+)` \| ([^|]+?) \|", section, re.MULTILINE))


def test_every_line_of_stats_is_explained(tmp_path: Path) -> None:
    from timeline import Timeline

    with Timeline.create(tmp_path / "store") as store:
        assert list(rows_of("formats.md", "Stats")) == list(store.stats())


def test_every_status_is_explained() -> None:
    from timeline.meaning.columns import STATUSES

    assert rows_of("formats.md", "Statuses") == STATUSES


def test_every_event_type_is_explained() -> None:
    from timeline.meaning.columns import EVENT_TYPES

    assert list(rows_of("formats.md", "Types of event")) == list(EVENT_TYPES)


def test_every_key_is_explained() -> None:
    from timeline.meaning.described import DESCRIPTIONS
    from timeline.meaning.event import Event

    text = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    table = text.split("\n## An event in YAML\n", 1)[1].split("\n## ", 1)[0]
    first_cells = re.findall(r"^\| (`[^|]+`) \|", table, re.MULTILINE)
    explained = {name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)}
    assert explained == set(Event.model_fields)
    for section, kind in (("sources", "source"), ("entities", "entity"), ("attributes", "attribute")):
        row = re.search(rf"^\| `{section}` \| (.*) \|$", text, re.MULTILINE)
        assert row is not None, section
        keys = set(re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", row[1])))
        assert keys == set(DESCRIPTIONS[f"{kind}-described"].model_fields), section


def rows_under(heading: str) -> list[list[str]]:
    """Return the cells of the table under a heading of docs/formats.md, without its header."""
    text = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    lines = re.split(r"^## ", text.split(f"\n## {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    rows = [line.strip("|").split("|") for line in lines.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_amounts_are_read_as_documented() -> None:
    from timeline.meaning.amounts import parse_amount

    # A second table has what can be read in two ways.
    read = [row for row in rows_under("Amounts") if len(row) == 5]
    assert len(read) > 15
    for written, low, high, unit, approximate in read:
        amount = parse_amount(written.strip("`"))
        documented = [Decimal(bound) if bound else None for bound in (low, high)]
        assert [amount.low, amount.high] == documented, written
        assert (amount.unit, amount.approximate) == (unit, approximate == "yes"), written


def test_dates_are_read_as_documented() -> None:
    from timeline.meaning.times import format_instant, parse_edtf, show_instant_end

    def shown(micros: int | None) -> str:
        return "" if micros is None else format_instant(micros).removesuffix("T00:00:00Z")

    for written, start, end, counts in rows_under("Dates"):
        edtf = parse_edtf(written.split("`")[1])
        assert [shown(edtf.lower), shown(edtf.upper)] == [start, end], written
        if edtf.reported_at is None:
            assert counts.startswith("refused")
        elif not edtf.is_instant:
            assert counts == f"the end of {show_instant_end(edtf.reported_at)}", written


def test_every_suffix_is_named() -> None:
    from timeline.intake.batch import FORMATS

    text = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    assert not [suffix for suffix in FORMATS if f"`{suffix}`" not in text]


def test_every_exit_code_is_explained() -> None:
    tree = ast.parse((ROOT / "timeline" / "errors.py").read_text(encoding="utf-8"))
    codes = {
        str(node.value.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) == "exit_code"
        and isinstance(node.value, ast.Constant)
    }
    assert set(rows_of("cli.md", "Exit codes")) == codes | {"0"}


def main(arguments: list[str]) -> int:
    os.environ |= {"COLUMNS": "80", "POLARS_TABLE_WIDTH": "80"}
    update = "--update" in arguments
    chosen = [Path(name).resolve() for name in arguments if name != "--update"] or DOCUMENTS
    stale = 0
    for document in chosen:
        new = rewritten(document)
        if new != document.read_text(encoding="utf-8"):
            stale += 1
            print(f"{document.relative_to(ROOT)}: {'updated' if update else 'differs'}")
            if update:
                document.write_text(new, encoding="utf-8")
    return 1 if stale and not update else 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main(sys.argv[1:]))
