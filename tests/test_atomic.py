"""Files written beside their target: what is kept of it, what is refused, and what goes of a dead writer."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from timeline.atomic import check_target, temporary_folder, write_path, writing
from timeline.errors import BadInput, Conflict

ROOT = Path(__file__).resolve().parents[1]

#: Dies while it writes beside a target.
DYING = """
import os, signal, sys
from timeline.atomic import writing
with writing(sys.argv[1]) as out:
    out.write("half")
    out.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def write(target: Path, text: str, *, replace: bool = True) -> None:
    with writing(target, replace=replace) as out:
        out.write(text)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_follows_the_umask(tmp_path: Path) -> None:
    for umask in (0o022, 0o027, 0o077):
        before = os.umask(umask)
        try:
            write(tmp_path / str(umask), "new")
        finally:
            os.umask(before)
        assert mode(tmp_path / str(umask)) == 0o666 & ~umask


@pytest.mark.parametrize("kept", [0o600, 0o640, 0o664, 0o755])
def test_a_file_keeps_its_permissions(tmp_path: Path, kept: int) -> None:
    target = tmp_path / "answer.csv"
    target.write_text("old")
    target.chmod(kept)
    write(target, "new")
    with write_path(target) as path:
        path.write_text("newer")
        path.chmod(0o777)
    assert (target.read_text(), mode(target)) == ("newer", kept)
    assert names(tmp_path) == ["answer.csv"]


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "real.csv").write_text("old")
    link = tmp_path / "latest.csv"
    link.symlink_to("data/real.csv")
    write(link, "new")
    assert link.is_symlink()
    assert (tmp_path / "data" / "real.csv").read_text() == "new"
    (tmp_path / "lost.csv").symlink_to("nowhere.csv")
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    for name in ("lost.csv", "loop.csv"):
        with pytest.raises(BadInput, match="symbolic link"):
            write(tmp_path / name, "new")
    assert names(tmp_path) == ["data", "latest.csv", "loop.csv", "lost.csv"]


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for target, kind in ((tmp_path / "folder", "folder"), (tmp_path / "pipe", "named pipe")):
        with pytest.raises(BadInput, match=f"it is a {kind}, expected a file"):
            write(target, "new")
    with pytest.raises(BadInput, match="it is a device"):
        write(Path("/dev/null"), "new")
    with pytest.raises(BadInput, match="there is no folder"):
        write(tmp_path / "nowhere" / "x", "new")
    with pytest.raises(BadInput, match="File name too long"):
        write(tmp_path / ("x" * 300), "new")
    write(tmp_path / ("x" * 255), "as long as a name may be")


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "answer.csv"
    target.write_text("old")

    def fail() -> None:
        with writing(target) as out:
            out.write("half")
            out.write(str(1 // 0))

    with pytest.raises(ZeroDivisionError):
        fail()
    with pytest.raises(Conflict, match=r"answer\.csv exists"):
        write(target, "new", replace=False)
    assert target.read_text() == "old"
    assert names(tmp_path) == ["answer.csv"]


def test_one_that_appears_meanwhile_is_not_replaced_unasked(tmp_path: Path) -> None:
    target = tmp_path / "answer.csv"

    def write_slowly() -> None:
        with writing(target, replace=False) as out:
            out.write("mine")
            target.write_text("theirs")

    with pytest.raises(Conflict):
        write_slowly()
    assert target.read_text() == "theirs"


def test_what_a_killed_writer_left_goes_at_the_next_write(tmp_path: Path) -> None:
    target = tmp_path / "answer.csv"
    died = subprocess.run(
        [sys.executable, "-c", DYING, target], env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False
    )
    assert died.returncode == -signal.SIGKILL
    [left] = names(tmp_path)
    # A copy has the mark of another folder, and so it belongs to the user.
    copy = tmp_path / ".timeline-tmp-copy"
    copy.mkdir()
    for path in (tmp_path / left).iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    write(tmp_path / "other.csv", "new")
    assert names(tmp_path) == [".timeline-tmp-copy", "other.csv"]
    assert names(copy) == ["content", "owner"]


def test_what_a_living_writer_has_under_way_stays(tmp_path: Path) -> None:
    with writing(tmp_path / "one.csv") as one:
        one.write("1")
        write(tmp_path / "two.csv", "2")
        with temporary_folder(tmp_path):
            pass
    assert [(path.name, path.read_text()) for path in sorted(tmp_path.iterdir())] == [
        ("one.csv", "1"),
        ("two.csv", "2"),
    ]


def test_a_name_alone_makes_nothing_a_leftover(tmp_path: Path) -> None:
    bare = tmp_path / ".timeline-tmp-0123456789abcdef"
    bare.mkdir()
    (bare / "notes.txt").write_text("mine")
    marked = tmp_path / ".timeline-tmp-1"
    marked.mkdir()
    (marked / "owner").write_text("ann")
    (tmp_path / ".timeline-tmp-2").write_text("a file")
    (tmp_path / ".timeline-tmp-3").symlink_to(bare)
    piped = tmp_path / ".timeline-tmp-4"
    piped.mkdir()
    os.mkfifo(piped / "owner")
    before = names(tmp_path)
    write(tmp_path / "answer.csv", "new")
    assert names(tmp_path) == sorted([*before, "answer.csv"])
    assert (bare / "notes.txt").read_text() == "mine"


def test_inputs_and_stores_are_no_targets(tmp_path: Path) -> None:
    events, store = tmp_path / "events", tmp_path / "store"
    (events / "old").mkdir(parents=True)
    (store / "log").mkdir(parents=True)
    given = events / "a.yaml"
    given.write_text("[]")
    (tmp_path / "soft").symlink_to(given)
    os.link(given, tmp_path / "hard")
    (tmp_path / "into").symlink_to(events)
    for target in (given, tmp_path / "soft", tmp_path / "hard", tmp_path / "into" / "a.yaml"):
        for source in (given, events, tmp_path / "into"):
            with pytest.raises(BadInput, match="which is read"):
                check_target(target, inputs=[source])
    with pytest.raises(BadInput, match="which is read"):
        check_target(events / "new.jsonl", inputs=[events])
    for target in (store / "x.csv", store / "log" / "000000000001.parquet"):
        with pytest.raises(BadInput, match="lies within the store"):
            check_target(target, within=[store])
    with pytest.raises(BadInput, match="which is read"):
        check_target(events / "old" / "x", inputs=[events], within=[store])
    assert check_target(tmp_path / "store2", within=[store]) == tmp_path / "store2"
