"""Copies of a bucket's objects: which of them are good to read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from timeline.errors import TimelineError
from timeline.log.copies import Copies
from timeline.log.service import Tagged


def test_a_copy_is_good_for_the_object_that_has_its_tag_and_size(tmp_path: Path) -> None:
    copies = Copies(tmp_path / "copies")
    first = Tagged("one", 3)
    assert copies.path("a", first) is None
    copies.install("a", memoryview(b"old"), first)
    path = copies.path("a", first)
    assert path is not None
    assert path.read_bytes() == b"old"
    assert copies.names() == ["a"]
    for other in (None, Tagged("two", 3), Tagged("one", 4)):
        assert copies.path("a", other) is None
    assert copies.path("b", first) is None


def test_a_copy_that_was_not_finished_is_none(tmp_path: Path) -> None:
    """Not even of the object that it was a copy of before."""
    copies = Copies(tmp_path / "copies")
    first = Tagged("one", 3)
    copies.install("a", memoryview(b"old"), first)
    # No file holds half of a surrogate pair, so that the tag is not written.
    with pytest.raises(UnicodeEncodeError):
        copies.install("a", memoryview(b"new"), Tagged("\ud800", 3))
    assert copies.path("a", first) is None
    copies.install("a", memoryview(b"new"), first)
    assert copies.path("a", first) == tmp_path / "copies" / "a"


def test_what_is_removed_is_no_copy_any_more(tmp_path: Path) -> None:
    copies = Copies(tmp_path / "copies")
    assert copies.remove(["a"]) is False
    copies.install("a", memoryview(b"old"), Tagged("one", 3))
    copies.install("b", memoryview(b"old"), Tagged("one", 3))
    assert copies.remove([]) is False
    assert copies.remove(["a", "never there"])
    assert not copies.remove(["a"])
    assert copies.names() == ["b"]
    assert not (tmp_path / "copies" / "a").exists()


def test_what_a_dead_process_left_unfinished_is_swept_after_a_day(tmp_path: Path) -> None:
    copies = Copies(tmp_path / "copies")
    assert copies.sweep() == 0
    copies.install("a", memoryview(b"old"), Tagged("one", 3))
    folder = tmp_path / "copies"
    for name, hours in {".copy-1-old": 25, ".copy-2-new": 23}.items():
        (folder / name).write_bytes(b"half")
        before = (folder / name).stat().st_mtime - hours * 3600
        os.utime(folder / name, (before, before))
    os.utime(folder / "a", (0, 0))
    assert copies.sweep() == 1
    assert sorted(path.name for path in folder.glob(".copy-*")) == [".copy-2-new"]
    assert copies.path("a", Tagged("one", 3)) is not None


def test_a_note_is_there_once_it_is_written(tmp_path: Path) -> None:
    copies = Copies(tmp_path / "copies")
    assert not copies.has_note(".conditions")
    copies.note(".conditions", b"seen")
    assert copies.has_note(".conditions")
    assert (tmp_path / "copies" / ".conditions").read_bytes() == b"seen"
    # For its owner alone.
    assert (tmp_path / "copies").stat().st_mode & 0o077 == 0


def test_the_folder_and_the_one_around_it_are_their_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "some" / "where" / "copies"
    copies = Copies(folder)
    assert copies.names() == []
    before = os.umask(0)
    try:
        for _ in range(2):
            copies.make_folder()
    finally:
        os.umask(before)
    for made in (folder, folder.parent):
        assert made.stat().st_mode & 0o777 == 0o700
    (tmp_path / "file").touch()
    with pytest.raises(TimelineError, match=r"file/copies: cannot be made, for copies .*XDG_CACHE_HOME"):
        Copies(tmp_path / "file" / "copies").make_folder()


def test_what_fails_while_it_is_written_leaves_nothing(tmp_path: Path) -> None:
    copies = Copies(tmp_path / "copies")

    def write() -> None:
        with copies.writing() as written:
            written.write_bytes(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write()
    assert list((tmp_path / "copies").iterdir()) == []


def test_a_process_that_dies_before_it_notes_the_tag_leaves_no_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = Copies(tmp_path / "copies")
    first = Tagged("one", 3)
    copies.install("a", memoryview(b"old"), first)

    def dies(path: Path, text: str, encoding: str) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", dies)
        with pytest.raises(RuntimeError):
            copies.install("a", memoryview(b"new"), Tagged("two", 3))
    assert (tmp_path / "copies" / "a").read_bytes() == b"new"
    assert copies.path("a", first) is None
    assert copies.names() == []


@pytest.mark.parametrize(("microseconds", "swept"), [(86_400_000_000, 0), (86_400_000_001, 1)])
def test_what_is_unfinished_for_a_day_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, microseconds: int, swept: int
) -> None:
    copies = Copies(tmp_path / "copies")
    copies.make_folder()
    left = tmp_path / "copies" / ".copy-1-left"
    left.write_bytes(b"half")
    os.utime(left, ns=(5_000, 5_000))
    monkeypatch.setattr("timeline.log.copies.now", lambda: 5 + microseconds)
    assert copies.sweep() == swept
