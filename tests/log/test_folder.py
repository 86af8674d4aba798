"""A folder as a place for objects: what is synced when, what is left behind, and who waits for whom."""

from __future__ import annotations

import fcntl
import os
import struct
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.log.test_lock import asked, reach, waits
from timeline.errors import Corruption, NotFound, TimelineError
from timeline.log.folder import FileLock, FolderObjects


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjects:
    return FolderObjects.create(tmp_path / "log")


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What is synced: the kind of file, and its size if it is none of folders."""
    found: list[tuple[str, int]] = []

    def fsync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}")
        found.append(("folder", 0) if path.is_dir() else ("file", path.stat().st_size))

    monkeypatch.setattr("os.fsync", fsync)
    return found


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def left(objects: FolderObjects) -> list[str]:
    return sorted(path.name for path in objects.folder.iterdir() if path.name != ".begun.lock")


def test_what_is_put_is_on_the_disk_before_its_name_is(
    objects: FolderObjects, synced: list[tuple[str, int]]
) -> None:
    before = descriptors()
    assert objects.put_if_absent("a", memoryview(b"content")) is True
    assert synced == [("file", 7), ("folder", 0)]
    assert objects.put_if_absent("a", memoryview(b"other")) is False
    synced.clear()
    objects.replace("a", memoryview(b"newer content"))
    assert synced == [("file", 13), ("folder", 0)]
    synced.clear()
    objects.remove(["a", "never there"])
    # What was put is durable before anything is removed.
    assert synced == [("folder", 0)]
    assert left(objects) == []
    assert descriptors() == before


def test_what_is_written_in_part_is_written_on(
    objects: FolderObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    import builtins

    whole = builtins.open

    def slow(path: object, *arguments: object, **options: object) -> object:
        file = whole(path, *arguments, **options)  # type: ignore[call-overload]

        class Slow:
            def __enter__(self) -> Slow:
                return self

            def __exit__(self, *_: object) -> None:
                file.close()

            def write(self, content: memoryview) -> int:
                return int(file.write(content[:3]))

            def fileno(self) -> int:
                return int(file.fileno())

        return Slow()

    with monkeypatch.context() as patch:
        patch.setattr("timeline.log.folder.open", slow, raising=False)
        objects.put_if_absent("a", memoryview(b"0123456789"))
    assert objects.get("a").read_bytes() == b"0123456789"


def test_what_cannot_be_replaced_leaves_nothing_behind(objects: FolderObjects) -> None:
    (objects.folder / "a").mkdir()
    before = descriptors()
    with pytest.raises(IsADirectoryError):
        objects.replace("a", memoryview(b"content"))
    assert left(objects) == ["a"]
    assert descriptors() == before


def test_a_file_system_without_hard_links_is_named(
    objects: FolderObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(source: object, target: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    with monkeypatch.context() as patch:
        patch.setattr("timeline.log.folder.os.link", link)
        with pytest.raises(
            TimelineError,
            match=r"log: cannot link a file to its name \(Operation not permitted\); the log needs",
        ):
            objects.put_if_absent("a", memoryview(b"content"))
    assert left(objects) == []


def test_a_folder_that_is_gone_takes_nothing(objects: FolderObjects) -> None:
    (objects.folder / ".begun.lock").unlink(missing_ok=True)
    objects.folder.rmdir()
    with pytest.raises(FileNotFoundError):
        objects.put_if_absent("a", memoryview(b"content"))
    with pytest.raises(NotFound, match=r"there is no log at .*; `timeline init` makes one"):
        objects.list()
    assert objects.exists() is False
    assert objects.make() is True
    assert objects.make() is False
    assert objects.exists() is True
    assert (objects.place, objects.is_shared) == (str(objects.folder), False)
    assert objects.forget(["a"]) is False


def test_a_name_is_there_whatever_it_names(objects: FolderObjects) -> None:
    (objects.folder / "dangling").symlink_to("nowhere")
    objects.put_if_absent("a", memoryview(b"content"))
    objects.put_if_absent(".mark", memoryview(b"content"))
    assert objects.has("dangling") is True
    assert objects.has("b") is False
    assert objects.present(["a", "b", ".mark"]) == {"a", ".mark"}
    assert sorted(objects.list()) == ["a", "dangling"]
    (objects.folder / "folder").mkdir()
    with pytest.raises(Corruption, match="folder: is a folder, expected a file; bring it back"):
        objects.get("folder")
    assert objects.get("a") == objects.folder / "a"


# Sweeping


def begun(objects: FolderObjects, names: Iterable[str]) -> None:
    (objects.folder / ".begun.lock").write_bytes(b"".join(f"{name}\n".encode() for name in names))


def test_what_is_older_than_the_newest_object_is_swept_and_the_rest_stays_listed(
    objects: FolderObjects,
) -> None:
    objects.put_if_absent("a", memoryview(b"content"))
    names = {kind: f".tmp-{at}-0123456789ab" for at, kind in enumerate(["old", "older", "same", "new", "no"])}
    for kind, ns in {"old": 999, "older": 1, "same": 1_000, "new": 1_001}.items():
        (objects.folder / names[kind]).write_bytes(b"half")
        os.utime(objects.folder / names[kind], ns=(ns, ns))
    folder = ".tmp-9-0123456789ab"
    (objects.folder / folder).mkdir()
    os.utime(objects.folder / folder, ns=(1, 1))
    os.utime(objects.folder / "a", ns=(1_000, 1_000))
    begun(objects, ["a", *names.values(), names["new"], folder, "\udcff".encode(errors="replace").decode()])
    before = descriptors()
    assert objects.sweep("a") == 2
    assert descriptors() == before
    assert left(objects) == sorted([names["same"], names["new"], folder, "a"])
    kept = [names["same"], names["new"], folder]
    assert (objects.folder / ".begun.lock").read_text() == "".join(f"{name}\n" for name in kept)
    assert objects.sweep("a") == 0


def test_a_long_list_is_read_whole_and_what_is_no_text_in_it_passed_over(objects: FolderObjects) -> None:
    objects.put_if_absent("a", memoryview(b"content"))
    names = [f".tmp-{at}-0123456789ab" for at in range(5_000)]
    begun(objects, names)
    with (objects.folder / ".begun.lock").open("ab") as listed:
        listed.write(b"\xff\n.tmp-7-short\n.tmp-77777-ffffffffffff\n")
    for name in (names[-1], ".tmp-77777-ffffffffffff"):
        (objects.folder / name).write_bytes(b"half")
        os.utime(objects.folder / name, ns=(1, 1))
    assert objects.sweep("a") == 2
    assert left(objects) == ["a"]
    assert (objects.folder / ".begun.lock").read_bytes() == b""


def test_the_list_of_what_was_begun_is_one_process_s_at_a_time(objects: FolderObjects) -> None:
    objects.put_if_absent("a", memoryview(b"content"))
    path = objects.folder / ".begun.lock"
    done = threading.Event()

    def put() -> None:
        objects.put_if_absent("b", memoryview(b"content"))
        done.set()

    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        thread = threading.Thread(target=put)
        thread.start()
        reach(lambda: waits(path) or done.is_set())
        assert not done.is_set()
        assert left(objects) == ["a"]
    thread.join(60)
    assert left(objects) == ["a", "b"]


def test_what_others_of_a_group_share_they_may_write(objects: FolderObjects, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        objects.put_if_absent("a", memoryview(b"content"))
        with FileLock(tmp_path / "lock").hold():
            pass
    finally:
        os.umask(before)
    for path in (objects.folder / ".begun.lock", objects.folder / "a", tmp_path / "lock"):
        assert path.stat().st_mode & 0o777 == 0o666


# The lock


def lock_byte(descriptor: int, at: int) -> None:
    """Lock one byte of an open file, or raise BlockingIOError."""
    packed = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, at, 1, 0)
    fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, packed)


TICKET = 300
TICKETS = 2**32


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A lock that 300 have asked for."""
    path = tmp_path / "lock"
    path.write_bytes(TICKET.to_bytes(5, "little"))
    return path


@pytest.mark.parametrize(("at", "is_waited_for"), [(0, True), (TICKETS + 299, True), (TICKETS + 300, False)])
def test_who_asks_waits_for_the_counter_and_the_ticket_before_its_own(
    path: Path, at: int, is_waited_for: bool
) -> None:
    """Versions of Timeline that work in one store at once have to agree on these bytes."""
    done = threading.Event()

    def hold() -> None:
        with FileLock(path).hold():
            done.set()

    with path.open("r+b") as other:
        lock_byte(other.fileno(), at)
        thread = threading.Thread(target=hold)
        thread.start()
        reach(lambda: waits(path) or done.is_set())
        assert done.is_set() is not is_waited_for
    thread.join(60)
    assert done.is_set()
    assert asked(path) == TICKET + 1


def test_who_has_it_keeps_the_byte_of_its_ticket_alone(path: Path) -> None:
    before = descriptors()
    lock = FileLock(path)
    assert lock.is_held() is False
    with lock.hold() as held, path.open("r+b") as other:
        assert (held, lock.is_held()) == (True, True)
        for at in (0, TICKETS + 301):
            lock_byte(other.fileno(), at)
        with pytest.raises(BlockingIOError):
            lock_byte(other.fileno(), TICKETS + 300)
    assert lock.is_held() is False
    assert descriptors() == before
    with path.open("r+b") as other:
        lock_byte(other.fileno(), TICKETS + 300)


def test_who_does_not_wait_asks_for_no_ticket(path: Path) -> None:
    with FileLock(path).hold(), FileLock(path).hold(wait=False) as held:
        assert held is False
    assert asked(path) == TICKET + 1
    lock = FileLock(path)
    with lock.hold(wait=False) as held:
        assert (held, lock.is_held()) == (True, True)
        with lock.hold(wait=False) as again:
            assert again is False
        with pytest.raises(TimelineError, match="lock: this thread holds that lock already"), lock.hold():
            pass
        assert lock.is_held()
    assert asked(path) == TICKET + 1


@pytest.mark.parametrize(
    ("ticket", "after"),
    [(0, 1), (2**32, 2**32 + 1), (2**39 - 1, 2**39), (2**40 - 2, 2**40 - 1), (2**40 - 1, 0)],
)
def test_tickets_are_counted_in_five_bytes(path: Path, ticket: int, after: int) -> None:
    path.write_bytes(ticket.to_bytes(5, "little"))
    with FileLock(path).hold():
        assert path.read_bytes() == after.to_bytes(5, "little")


def test_what_is_no_lock_file_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(Corruption, match="is a folder, expected a lock file; remove it"),
        FileLock(tmp_path).hold(),
    ):
        pass
    with pytest.raises(NotFound, match="there is no log at"), FileLock(tmp_path / "no" / "lock").hold():
        pass
