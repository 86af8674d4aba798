"""Whatever is handed to a method or a command, what comes back is an answer or an error of Timeline's own."""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, chdir
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pytest

from timeline import Timeline, TimelineError
from timeline.ask.answers import Answer
from timeline.ask.snapshot import Snapshot
from timeline.errors import brief

FRAME: Final = pl.DataFrame({"fact": ["acme/plan"], "as_of": ["2025-01-01"]})


class Nameless:
    """A value that cannot even be printed."""

    def __repr__(self) -> str:
        raise RuntimeError("no name")


TEXTS: Final = (
    *("", " ", "x", "acme/plan", "*", "[", "\x00", "a\x00b", "\ud800", "\udcff", "\n", "'", '"', "\u202e", "é"),
    *("2025-01-01", "9999-12-31", "2025-13-45", "2025-01-01T00:00", "#4", "#-1", "#" + "9" * 400, "-", "--", "."),
    *("latest", "confirmed:2", "confirmed:" + "9" * 50, "/", "/dev/null", "/nonexistent/x", "a" * 10_000),
    *("SELECT 1", "SELECT $x", "SELECT '", "\\", "%", "{}", "NaN", "-1", "1e400"),
)
ODD: Final[tuple[Any, ...]] = (
    *(None, *TEXTS, b"a", b"\xff", 0, 1, -1, 2**63, 10**5000, True, False, 1.5, float("nan"), float("inf"), 1j),
    *(Decimal("NaN"), Decimal(1), [], [None], [1], ["x"], [[]], (), {}, {"a": 1}, {1: 2}, {"fact": "acme/plan"}),
    *(set(), frozenset({1}), range(3), object(), Nameless(), [Nameless()], int, len, lambda *_: None, iter([1])),
    *(date(2025, 1, 1), date.max, datetime(2025, 1, 1), datetime.max.replace(tzinfo=UTC), timedelta(1)),  # noqa: DTZ001
    *(Path("/"), Path("/nonexistent/x"), Path("."), Path("a\x00b"), Path("a" * 300), ValueError("x")),
    *(pl.DataFrame(), FRAME, FRAME.lazy(), FRAME["fact"], pl.DataFrame({"fact": [1], "as_of": [None]})),
    *(pa.table({"a": [1]}), pa.table({"fact": ["acme/plan"]}), pa.array([1])),
)

#: What a method needs besides the argument that is odd.
NEEDED: Final[dict[str, Any]] = {
    **{"fact": "acme/plan", "frame": FRAME, "query": "SELECT 1 AS a", "sql": "SELECT 1 AS a", "kind": "beliefs"},
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
def desk(template: Path, tmp_path: Path) -> Iterator[Timeline]:
    shutil.copytree(template, tmp_path / "desk")
    # Some of what is handed over is a file to write.
    (tmp_path / "here").mkdir()
    with chdir(tmp_path / "here"), Timeline.open(tmp_path / "desk") as tl:
        yield tl


def everything_of(found: object) -> None:
    """Go through all of what a method returned, which may be worked out only then."""
    if isinstance(found, Answer):
        assert len(found.rows) == len(found.dicts()) == found.frame().height == found.arrow().num_rows
    elif isinstance(found, AbstractContextManager) and not isinstance(found, Timeline):
        with found as entered:
            if isinstance(entered, tuple):
                list(entered[1])
    elif isinstance(found, Timeline):
        found.close()


def check(call: Any, given: Mapping[str, Any], odd: str) -> None:
    """Call a method; what it raises is Timeline's own, and names what was wrong rather than a fault of ours."""
    try:
        everything_of(call(**given))
    except TimelineError as error:
        told = f"{odd} = {brief(given.get(odd))}: {str(error)[:200]}"
        assert type(error) is not TimelineError, told
        assert str(error).strip(), told
    except BaseException as error:
        error.add_note(f"with {odd} = {brief(given.get(odd))}")
        raise


class TestMethods:
    @pytest.mark.parametrize(
        ("made", "name"), [(made, name) for made in (Timeline, Snapshot) for name in methods(made)]
    )
    def test_each_argument_of_each_method(
        self, made: type[Timeline] | type[Snapshot], name: str, desk: Timeline, tmp_path: Path
    ) -> None:
        asked: Any = desk if made is Timeline else desk.snapshot()
        parameters = inspect.signature(getattr(asked, name)).parameters.values()
        named = [p for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
        for odd in named:
            for nth, value in enumerate(ODD):
                given = {p.name: NEEDED.get(p.name) for p in named if p.default is p.empty}
                given |= {"path": tmp_path / f"new-{nth}"} if "path" in given else {}
                given |= {"file": tmp_path / f"new-{nth}.parquet"} if "file" in given else {}
                given |= {"dates": desk.snapshot().dates()} if "dates" in given else {}
                check(getattr(asked, name), given | {odd.name: value}, odd.name)
        if any(p.kind is p.VAR_KEYWORD for p in parameters):
            needed = {p.name: NEEDED.get(p.name) for p in named if p.default is p.empty}
            check(getattr(asked, name), needed | {"unheard_of": 1}, "unheard_of")

    @pytest.mark.parametrize("name", ["append", "record"])
    def test_each_key_of_an_event(self, desk: Timeline, name: str) -> None:
        from timeline.meaning.event import DESCRIPTIONS, Event

        record = getattr(desk, name)
        usual = {"fact": "acme/plan", "text": "x", "source": "s", "reported": "2025"}
        events = [(key, usual) for key in (*Event.model_fields, "unheard_of")]
        for kind, model in DESCRIPTIONS.items():
            events += [(key, {"type": kind, "id": "x"}) for key in (*model.model_fields, "unheard_of")]
        for key, event in events:
            for value in ODD:
                check(record, {"events": [event | {key: value}], "register_unknown": True}, "events")
        for value in ODD:
            check(record, {"events": [value]}, "events")
        assert desk.verify().events == desk.stats()["events"]

    def test_each_column_of_a_join(self, desk: Timeline) -> None:
        columns = [pl.Series([value], strict=False) for value in ODD if not isinstance(value, pl.DataFrame | set)]
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
            for call in (reading.append, reading.record):
                check(call, {"events": NEEDED["events"]}, "events")
            for call in (reading.refresh, reading.rebuild, reading.compact):
                check(call, {}, "")
