"""Whatever is handed to a method or a command, what comes back is an answer or an error of Timeline's own."""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Iterator, Mapping
from contextlib import chdir, suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pytest
import typer

from tests.commands import OPENAI, run
from tests.examples import some
from timeline import BadInput, Timeline, TimelineError
from timeline.ask.answers import Answer
from timeline.ask.snapshot import Snapshot
from timeline.cli.app import COMMANDS, app
from timeline.errors import brief
from timeline.meaning.described import DESCRIPTIONS
from timeline.meaning.event import Event, event_from

FRAME: Final = pl.DataFrame({"fact": ["acme/plan"], "as_of": ["2025-01-01"]})


class Nameless:
    """A value that cannot even be printed."""

    def __repr__(self) -> str:
        raise RuntimeError("no name")


TEXTS: Final = (
    *(
        "",
        " ",
        "x",
        "acme/plan",
        "*",
        "[",
        "\x00",
        "a\x00b",
        "\ud800",
        "\udcff",
        "\n",
        "'",
        '"',
        "\u202e",
        "é",
    ),
    *(
        "2025-01-01",
        "9999-12-31",
        "2025-13-45",
        "2025-01-01T00:00",
        "#4",
        "#-1",
        "#" + "9" * 400,
        "-",
        "--",
        ".",
    ),
    *("latest", "confirmed:2", "confirmed:" + "9" * 50, "/dev/null", "/proc/x/y", "a/b/c", "a" * 10_000),
    *("SELECT 1", "SELECT $x", "SELECT '", "\\", "%", "{}", "NaN", "-1", "1e400"),
)
ODD: Final[tuple[Any, ...]] = (
    *(
        None,
        *TEXTS,
        b"a",
        b"\xff",
        0,
        1,
        -1,
        2**63,
        10**5000,
        True,
        False,
        1.5,
        float("nan"),
        float("inf"),
        1j,
    ),
    *(
        Decimal("NaN"),
        Decimal(1),
        [],
        [None],
        [1],
        ["x"],
        [[]],
        (),
        {},
        {"a": 1},
        {1: 2},
        {"fact": "acme/plan"},
    ),
    *(
        set(),
        frozenset({1}),
        range(3),
        object(),
        Nameless(),
        [Nameless()],
        int,
        len,
        lambda *_: None,
        iter([1]),
    ),
    *(date(2025, 1, 1), date.max, datetime(2025, 1, 1), datetime.max.replace(tzinfo=UTC), timedelta(1)),  # noqa: DTZ001
    *(Path("/dev/null"), Path("/proc/x/y"), Path("."), Path("a\x00b"), Path("a" * 300), ValueError("x")),
    *(pl.DataFrame(), FRAME, FRAME.lazy(), FRAME["fact"], pl.DataFrame({"fact": [1], "as_of": [None]})),
    *(pa.table({"a": [1]}), pa.table({"fact": ["acme/plan"]}), pa.array([1])),
)

#: What a method needs besides the argument that is odd.
NEEDED: Final[dict[str, Any]] = {
    **{
        "fact": "acme/plan",
        "frame": FRAME,
        "query": "SELECT 1 AS a",
        "sql": "SELECT 1 AS a",
        "kind": "beliefs",
    },
    **{"events": [{"fact": "acme/plan", "text": "z", "source": "s", "reported": "2025"}], "position": 1},
    **{"from_date": "2025-01-01", "to_date": "2025-03-01", "name": "k", "rows": [], "error": ValueError("x")},
}


def methods(made: type) -> list[str]:
    return [name for name, found in inspect.getmembers(made) if not name.startswith("_") and callable(found)]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("odd") / "desk"
    with Timeline.create(folder) as tl:
        reports = [
            {"fact": "acme/plan", "text": "x", "source": "s", "reported": "2025-01-01"},
            {"fact": "acme/plan", "text": "y", "source": "t", "reported": "2025-02-01", "key": "k"},
        ]
        tl.append(reports, register_unknown=True)
    return folder


@pytest.fixture
def desk(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Timeline]:
    shutil.copytree(template, tmp_path / "desk")
    # Some of what is handed over is a file to write.
    (tmp_path / "here").mkdir()
    monkeypatch.setattr("sys.stdin", None)
    with chdir(tmp_path / "here"), Timeline.open(tmp_path / "desk") as tl:
        yield tl


def everything_of(found: Any) -> None:
    """Go through all of what a method returned, which may be worked out only then."""
    if isinstance(found, Answer):
        assert len(found.rows) == len(found.dicts()) == found.frame().height == found.arrow().num_rows
    elif type(found).__name__ == "_GeneratorContextManager":
        with found as (_, rows):
            list(rows)
    elif isinstance(found, Timeline):
        found.close()


def check(call: Any, given: Mapping[str, Any], odd: str) -> None:
    """Call a method; what it raises is Timeline's own, and no fault of ours."""
    raised: BaseException | None = None
    try:
        everything_of(call(**given))
    except TimelineError as error:
        raised = error
    except BaseException as error:
        error.add_note(f"with {odd} = {brief(given.get(odd))}")
        raise
    if raised is not None:
        told = f"{odd} = {brief(given.get(odd))}: {str(raised)[:200]}"
        assert type(raised) is not TimelineError, told
        assert str(raised).strip(), told


class TestMethods:
    @pytest.mark.parametrize(
        ("made", "name"), some([(made, name) for made in (Timeline, Snapshot) for name in methods(made)], 2)
    )
    def test_each_argument_of_each_method(
        self, made: type[Timeline] | type[Snapshot], name: str, desk: Timeline, tmp_path: Path
    ) -> None:
        asked: Any = desk if made is Timeline else desk.snapshot()
        parameters = inspect.signature(getattr(asked, name)).parameters.values()
        named = [p for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
        for place, odd in enumerate(named):
            # Each value comes to a third of all arguments.
            for nth, value in enumerate(ODD[(place + len(name)) % 3 :: 3]):
                if odd.name == "progress" and callable(value):
                    # What it raises is its own.
                    continue
                given = {p.name: NEEDED.get(p.name) for p in named if p.default is p.empty}
                given |= {"path": tmp_path / f"new-{nth}"} if "path" in given else {}
                given |= {"file": tmp_path / f"new-{nth}.parquet"} if "file" in given else {}
                given |= {"dates": desk.snapshot().dates()} if "dates" in given else {}
                check(getattr(asked, name), given | {odd.name: value}, odd.name)
        if any(p.kind is p.VAR_KEYWORD for p in parameters):
            needed = {p.name: NEEDED.get(p.name) for p in named if p.default is p.empty}
            check(getattr(asked, name), needed | {"unheard_of": 1}, "unheard_of")

    def test_each_key_of_an_event(self, desk: Timeline) -> None:
        usual = {"fact": "acme/plan", "text": "x", "source": "s", "reported": "2025"}
        events = [(key, usual) for key in (*Event.model_fields, "unheard_of")]
        for kind, model in DESCRIPTIONS.items():
            events += [(key, {"type": kind, "id": "x"}) for key in (*model.model_fields, "unheard_of")]
        right = []
        for key, event in events:
            given = [event | {key: value} for value in ODD]
            check(desk.record, {"events": given, "register_unknown": True}, "events")
            for each in given:
                with suppress(BadInput):
                    event_from(each).columns()
                    right.append(each)
        assert len(right) > len(events)
        for each in right[::7]:
            check(desk.record, {"events": [each], "register_unknown": True}, "events")
        for value in ODD:
            check(desk.record, {"events": [value]}, "events")
        assert desk.verify().events == desk.stats()["events"]

    def test_each_column_of_a_join(self, desk: Timeline) -> None:
        columns = [pl.Series([value], dtype=pl.Object) for value in (object(), int, b"a", {1: 2})]
        columns += [pl.Series([value]) for value in (None, 1, True, 1.5, b"a", [1], {"a": 1}, Decimal(1))]
        columns += [pl.Series([value]) for value in (timedelta(1), date.max, datetime(9999, 12, 31))]  # noqa: DTZ001
        columns += [
            pl.Series(["acme/plan"], dtype=pl.Categorical),
            pl.Series([10**9], dtype=pl.Date),
            pl.Series([-(10**9)], dtype=pl.Date),
            *(pl.Series([2**62], dtype=pl.Datetime(unit, "UTC")) for unit in ("ms", "us", "ns")),
            *(pl.Series([-(2**62)], dtype=pl.Datetime(unit, "UTC")) for unit in ("ms", "us", "ns")),
            *(pl.Series([text]) for text in TEXTS if text.isascii()),
        ]
        for column in columns:
            for name in ("fact", "as_of"):
                frame = FRAME.with_columns(column.alias(name))
                check(desk.at, {"frame": frame}, "frame")
                check(desk.at, {"frame": frame.clear()}, "frame")

    def test_parameters_of_a_query(self, desk: Timeline) -> None:
        for value in ODD:
            for params in ([value], {"x": value}, {"y": value}, (value, value)):
                for query in ("SELECT $x AS x", "SELECT ? AS x", "SELECT 1"):
                    check(desk.sql, {"query": query, "params": params}, "params")

    def test_a_store_that_is_closed_or_gone(self, desk: Timeline) -> None:
        held = desk.snapshot()
        desk.close()
        for name in methods(Timeline):
            if name not in ("create", "open", "close", "ingest", "export_duckdb"):
                parameters = inspect.signature(getattr(desk, name)).parameters.values()
                given = {p.name: NEEDED.get(p.name) for p in parameters if p.default is p.empty}
                given.pop("defaults", None)
                check(getattr(desk, name), given, "")
        assert held.beliefs().rows
        with Timeline.open(desk.path, read_only=True) as reading:
            for name in ("append", "record"):
                check(getattr(reading, name), {"events": NEEDED["events"]}, "events")
            for name in ("refresh", "rebuild", "compact"):
                check(getattr(reading, name), {}, "")


#: What each argument of a command needs to be right, where it has to be there.
RIGHT: Final = {
    **{"fact": OPENAI, "from_date": "2025-01-01", "to_date": "2026-03-01", "query": "SELECT 1 AS a"},
    **{
        "name": "said-first",
        "what": "events",
        "file": "out.csv",
        "folder": "new",
        "target": "nvidia-30-billion",
    },
    **{"claim": "1 USD", "facts": OPENAI, "paths": "events"},
}
#: Codes of errors that are not ours.
GOOD: Final = {0, 2, 3, 4, 5}


def parameters_of(name: str) -> list[Any]:
    command: Any = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    return [parameter for parameter in command.params if parameter.name != "help"]


class TestCommands:
    @pytest.fixture
    def project(self, recorded_project: Path, tmp_path: Path) -> Path:
        folder = tmp_path / "project"
        shutil.copytree(recorded_project, folder)
        return folder

    # What `serve` is asked for right it does until it is stopped.
    @pytest.mark.parametrize("name", some([name for name in COMMANDS if name != "serve"], 2))
    def test_each_option_of_each_command(
        self, name: str, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sys.stdin", None)
        monkeypatch.delenv("TIMELINE_STORE", raising=False)
        parameters = parameters_of(name)
        right = [RIGHT.get(p.name, "x") for p in parameters if p.param_type_name == "argument" and p.required]
        calls: list[list[str]] = [[], ["x"] * 9, ["--unheard-of"], [*right, ""], ["--", "--", "--"]]
        for nth, parameter in enumerate(parameters):
            if parameter.param_type_name == "argument":
                place = [p.name for p in parameters if p.param_type_name == "argument"].index(parameter.name)
                calls += [[*right[:place], text, *right[place + 1 :]] for text in TEXTS]
            elif not parameter.is_flag:
                # Each text comes to many commands, few to each of them.
                calls += [[*right, f"{parameter.opts[0]}={text}"] for text in TEXTS[nth % 7 :: 7]]
                calls += [[*right, parameter.opts[0]]]
            else:
                calls += [[*right, parameter.opts[0]], [*right, f"{parameter.opts[0]}=x"]]
        for call in some(calls, 3):
            done = run(project, [name, *call])
            told = f"timeline {name} {ascii(call)[:200]}: {done.code}: {done.err[:500]}"
            assert done.code in GOOD, told
            assert "Traceback" not in done.out + done.err, told
            assert done.code == 0 or done.err.strip(), told
