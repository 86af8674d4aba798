"""Where a database of DuckDB may put what does not fit into memory."""

from __future__ import annotations

import gc
import hashlib
import os
from pathlib import Path

import duckdb
import pytest

from timeline.log import spill
from timeline.log.spill import NOWHERE, Spill, connect, connected, spilling


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def folders(within: Path) -> list[Path]:
    return sorted(within.glob(".timeline-tmp-*"))


def setting(con: duckdb.DuckDBPyConnection, name: str) -> object:
    [(found,)] = con.execute(f"SELECT current_setting('{name}')").fetchall()
    return found


def test_a_connection_is_as_it_was_asked_for(tmp_path: Path) -> None:
    with connect(spill=NOWHERE) as con:
        assert (setting(con, "temp_directory"), setting(con, "enable_progress_bar")) == ("", False)
        con.execute("CREATE TABLE one AS SELECT 1")
    with connect(spill=tmp_path / "spill", config={"threads": 1}) as con:
        assert (setting(con, "temp_directory"), setting(con, "threads")) == (str(tmp_path / "spill"), 1)


def test_a_database_in_a_file_has_to_be_there(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    with pytest.raises(FileNotFoundError):
        connect(path, spill=NOWHERE)
    duckdb.connect(str(path)).close()
    with connect(path, spill=NOWHERE) as con:
        con.execute("CREATE TABLE one AS SELECT 1")
    with connect(path, spill=NOWHERE, read_only=True) as con:
        assert con.execute("FROM one").fetchall() == [(1,)]
        with pytest.raises(duckdb.InvalidInputException):
            con.execute("CREATE TABLE two AS SELECT 2")
    del con
    gc.collect()
    # Other tests of this process may have files of their own.
    held = [Path(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")]
    assert not any(os.readlink(link) == str(path) for link in held if link.is_symlink())
    path.chmod(0)
    if os.geteuid():
        with pytest.raises(PermissionError):
            connect(path, spill=NOWHERE)


def test_it_spills_within_the_folder_and_leaves_nothing(tmp_path: Path, temporary: Path) -> None:
    with spilling(tmp_path) as path:
        [folder] = folders(tmp_path)
        assert path == str(folder / "spill")
        assert folders(temporary) == []
    assert folders(tmp_path) == []
    with connected(tmp_path, {"threads": 1}) as con:
        [folder] = folders(tmp_path)
        assert setting(con, "temp_directory") == str(folder / "spill")
        assert setting(con, "threads") == 1
    assert folders(tmp_path) == []


def test_it_spills_elsewhere_where_the_folder_cannot_be_written(tmp_path: Path, temporary: Path) -> None:
    with spilling(tmp_path / "missing") as path:
        [folder] = folders(temporary)
        assert path == str(folder / "spill")
    temporary.rmdir()
    with spilling(tmp_path / "missing") as path:
        assert path == NOWHERE


def test_what_is_opened_within_a_folder_shares_one_and_has_a_place_in_it(
    tmp_path: Path, temporary: Path
) -> None:
    one, other = Spill(tmp_path), Spill(tmp_path)
    [folder] = folders(tmp_path)
    assert (one.within, one.path, other.path) == (tmp_path, str(folder / "1"), str(folder / "2"))
    assert folders(temporary) == []
    # DuckDB opens a file once in a process, and not with another place.
    file = tmp_path / "a.duckdb"
    first, again = Spill(tmp_path, file), Spill(tmp_path, file)
    name = hashlib.sha256(bytes(file)).hexdigest()[:16]
    assert first.path == again.path == str(folder / name)
    assert Spill(tmp_path, tmp_path / "b.duckdb").path != first.path
    assert Spill(tmp_path).path == str(folder / "6")
    del one, first
    gc.collect()
    assert folder.is_dir()
    del other
    gc.collect()
    assert folder.is_dir()
    del again
    gc.collect()
    assert folders(tmp_path) == []
    assert not [key for key in spill._shared if key[1] == tmp_path]
    later = Spill(tmp_path)
    [folder] = folders(tmp_path)
    assert later.path == str(folder / "1")


def test_without_any_folder_it_spills_nowhere(tmp_path: Path, temporary: Path) -> None:
    found = Spill(tmp_path / "missing")
    [folder] = folders(temporary)
    assert found.path == str(folder / "1")
    del found
    gc.collect()
    temporary.rmdir()
    assert Spill(tmp_path / "missing").path == NOWHERE


def test_what_is_kept_lives_as_long_as_the_process(tmp_path: Path) -> None:
    found = Spill(tmp_path)
    found.keep()
    try:
        del found
        gc.collect()
        [folder] = folders(tmp_path)
        assert folder.is_dir()
    finally:
        spill._kept.pop()
    gc.collect()
    assert folders(tmp_path) == []


def test_a_fork_removes_nothing_of_its_parent(tmp_path: Path) -> None:
    found = Spill(tmp_path)
    [folder] = folders(tmp_path)
    process = os.fork()
    if not process:
        try:
            del found
            gc.collect()
            own = Spill(tmp_path)
            os._exit(0 if folder.is_dir() and not own.path.startswith(str(folder)) else 1)
        finally:
            os._exit(2)
    _, status = os.waitpid(process, 0)
    assert status == 0
    assert folder.is_dir()
