"""What does not fit into memory goes into the store, and goes from there whatever becomes of the process."""

from __future__ import annotations

import ast
import gc
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import timeline
from tests.workers import Workers
from timeline import Timeline
from timeline.log.spill import NOWHERE, Spill, connect, connected

#: Makes a connection as the package does, has it put something on the disk, and waits to be killed.
SCRIPT = """
import sys, time
from pathlib import Path
from contextlib import ExitStack
from tests.workers import say, serve
from timeline import Timeline
from timeline.log.spill import connected

def work(line):
    store, kind = line.rsplit(" ", 1)
    with ExitStack() as stack:
        if kind == "log":
            con = stack.enter_context(connected(Path(store) / "log"))
        else:
            tl = stack.enter_context(Timeline.open(store))
            con = tl.connect() if kind == "owner" else tl.snapshot().reader().quick()
        con.execute("SET memory_limit = '60MB'")
        con.execute("CREATE TEMP TABLE many AS SELECT md5(range::VARCHAR) AS one FROM range(3_000_000)")
        say("spilled")
        sys.stdin.close()
        time.sleep(600)

serve(work)
"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    with Timeline.create(tmp_path / "store") as tl:
        event = {"fact": "acme/plan", "text": "to grow", "source": "wire", "reported": "2025"}
        tl.append([event], register_unknown=True)
        tl.rebuild()
    return tmp_path / "store"


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(SCRIPT) as found:
        yield found


def spilled(folder: Path) -> list[Path]:
    """Return the files of DuckDB's for what does not fit into memory, below a folder."""
    return [path for path in folder.rglob("duckdb_temp*") if path.is_file()]


def kept(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_no_connection_writes_progress_among_the_answers(store: Path) -> None:
    """DuckDB does where Python runs no file, as in a notebook, once a statement takes two seconds."""
    script = """if True:
        import sys, duckdb
        from timeline.log.spill import NOWHERE, connect
        opened = {
            "by itself": duckdb.connect(),
            "in memory": connect(spill=NOWHERE),
            "of a file": connect(sys.argv[1], spill=NOWHERE, read_only=True),
        }
        opened |= {f"cursor {name}": con.cursor() for name, con in opened.items()}
        for name, con in opened.items():
            [(shown,)] = con.execute(
                "SELECT value FROM duckdb_settings() WHERE name = 'enable_progress_bar'"
            ).fetchall()
            print(name, shown)
    """
    [generation] = (store / "index").glob("*.duckdb")
    finished = subprocess.run(
        [sys.executable, "-c", script, generation], capture_output=True, encoding="utf-8", check=True
    )
    shown = dict(line.rsplit(" ", 1) for line in finished.stdout.splitlines())
    assert shown.pop("by itself") == "true", "DuckDB no longer does: the setting is not needed"
    assert len(shown) == 5
    assert set(shown.values()) == {"false"}


@pytest.mark.parametrize("kind", ["log", "reader", "owner"])
def test_a_process_that_is_killed_leaves_nothing_behind_the_next_opening(
    workers: Workers, store: Path, kind: str
) -> None:
    before = kept(store)
    pid = workers.start(f"{store} {kind}")
    assert workers.next()[0] == "spilled"
    found = spilled(store)
    assert found, "it was to be put on the disk"
    # As long as the process lives it is its own.
    Timeline.open(store).close()
    assert spilled(store) == found
    os.kill(pid, signal.SIGKILL)
    assert workers.next() == ("over", "-9")
    assert spilled(store) == found
    Timeline.open(store).close()
    assert kept(store) == before


def test_a_process_that_ends_leaves_nothing(store: Path) -> None:
    before = kept(store)
    with Timeline.open(store) as tl:
        assert tl.belief("acme/plan") is not None
        con = tl.connect()
        con.execute("SET memory_limit = '60MB'")
        con.execute("CREATE TEMP TABLE many AS SELECT md5(range::VARCHAR) AS one FROM range(3_000_000)")
        assert spilled(store)
        con.close()
    del con
    assert not spilled(store)
    left = kept(store) - before
    # The folder of what was handed out is there until the process ends.
    assert {name.rpartition("/")[0] for name in left} <= {"index", *left}


def test_two_databases_share_no_folder(tmp_path: Path) -> None:
    one, other = Spill(tmp_path), Spill(tmp_path)
    assert one.path != other.path
    assert Path(one.path).parent == Path(other.path).parent
    within = Path(one.path).parent
    assert within.is_dir()
    del one
    assert within.is_dir()
    del other
    assert not within.exists()


def test_a_store_that_is_deleted_while_it_is_open_is_closed_without_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    folder.mkdir()
    spill = Spill(folder)
    assert Path(spill.path).parent.is_dir()
    shutil.rmtree(folder)
    # pytest makes an error of whatever a finalizer raises.
    del spill
    gc.collect()
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_is_no_hindrance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    assert Spill(tmp_path / "missing").path == NOWHERE
    with connected(tmp_path / "missing") as con:
        con.execute("SET memory_limit = '20MB'")
        with pytest.raises(duckdb.OutOfMemoryException):
            con.execute("CREATE TEMP TABLE many AS SELECT md5(range::VARCHAR) FROM range(3_000_000)")
    (tmp_path / "temporary").mkdir()
    assert Path(Spill(tmp_path / "missing").path).is_relative_to(tmp_path / "temporary")


def test_every_connection_of_the_package_is_made_in_one_place() -> None:
    package = Path(timeline.__file__).parent
    made = []
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Attribute)
                and node.attr == "connect"
                and isinstance(node.value, ast.Name)
                and node.value.id == "duckdb"
            ):
                made.append(path.relative_to(package).as_posix())
    assert made == ["log/spill.py"]
    with connect(spill=NOWHERE) as con:
        assert con.execute("SELECT current_setting('temp_directory')").fetchall() == [("",)]


def test_readers_of_one_generation_in_one_process_find_it_whole(
    store: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Timeline.open(store) as one, Timeline.open(store) as other:
        rows = one.sql("FROM beliefs").rows()
        assert other.sql("FROM beliefs").rows() == rows
    # Somebody still holds what the first one opened, though its folder is gone.
    lingering = Timeline.open(store)
    held = lingering.snapshot().reader().quick()
    lingering.close()
    with Timeline.open(store) as again:
        assert again.sql("FROM beliefs").rows() == rows
        with again.connect() as con:
            assert con.sql("SELECT count(*) FROM beliefs").fetchall() == [(len(rows),)]
    held.close()
    assert caplog.text == ""
