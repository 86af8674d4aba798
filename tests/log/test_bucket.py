"""What a bucket is asked for, and what is kept of it here: with obstore's own store in memory.

That it keeps what a place for the log has to keep is in test_objects.py, against real servers.
"""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path
from typing import Any, Final

import pytest
from obstore.exceptions import GenericError

from tests.services import InMemory, in_memory
from timeline.errors import BadInput, NotFound
from timeline.log.bucket import BucketObjects
from timeline.log.service import Unanswered

URL: Final = "memory://desk"
MIB: Final = 2**20


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> InMemory:
    return in_memory(monkeypatch)[0]


@pytest.fixture
def bucket(memory: InMemory, tmp_path: Path) -> BucketObjects:
    """A bucket that was seen to refuse names that are taken."""
    found = BucketObjects(URL, tmp_path / "one")
    found.check_writable()
    memory.asked.clear()
    return found


def machine(folder: Path) -> BucketObjects:
    """Another machine, which has copies of its own."""
    folder.mkdir()
    (folder / ".conditions").write_bytes(b"seen")
    return BucketObjects(URL, folder)


def put(objects: BucketObjects, name: str, content: bytes = b"content") -> bool:
    return objects.put_if_absent(name, memoryview(content))


def copies(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


# Whether it can be used


def test_a_bucket_is_asked_once_whether_it_refuses_a_name_that_is_taken(
    memory: InMemory, tmp_path: Path
) -> None:
    folder = tmp_path / "one"
    bucket = BucketObjects(URL, folder)
    assert (bucket.place, bucket.is_shared) == (f"{URL}/log", True)
    # For its owner alone: copies may hold what others are not to read.
    assert folder.stat().st_mode & 0o777 == 0o700
    assert memory.asked == []
    bucket.check_writable()
    probed = {request.split(" ")[1] for request in memory.requests()}
    assert len(probed) == 2
    assert all(key.startswith("log/.probe-") and len(key) == len("log/.probe-") + 24 for key in probed)
    assert memory.names() == []
    assert (folder / ".conditions").read_bytes() == b"The bucket refuses to put a name that is taken.\n"
    other = BucketObjects(URL, folder)
    other.check_writable()
    (folder / ".conditions").unlink()
    for seen in (bucket, other):
        seen.check_writable()
        assert put(seen, f"a-{seen is bucket}")
    assert not any(".probe-" in request for request in memory.requests())


def test_a_bucket_that_puts_a_name_twice_is_refused(
    memory: InMemory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = memory.store
    monkeypatch.setattr(memory, "put", lambda key, content, **options: store.put(key, content), raising=False)
    bucket = BucketObjects(URL, tmp_path / "one", within="tables")
    expected = (
        f"{URL}/tables: the bucket put an object in the place of another, though asked to put it only if "
        "absent; a log there would lose what several record at once"
    )
    store.put("tables/a", b"there")
    for use in (bucket.check_writable, bucket.make, lambda: put(bucket, "b")):
        with pytest.raises(BadInput, match=expected):
            use()
    with pytest.raises(BadInput, match=expected):
        bucket.replace("a", memoryview(b"new"))
    assert memory.names() == ["tables/a"]
    assert memory.store.get("tables/a").bytes() == b"there"
    assert not (tmp_path / "one" / ".conditions").exists()


def test_a_bucket_that_says_no_and_puts_it_all_the_same_is_refused(memory: InMemory, tmp_path: Path) -> None:
    puts: list[str] = []

    def overwrite(name: str, key: str) -> None:
        if name == "put":
            puts.append(key)
            if puts.count(key) == 2:
                memory.store.put(key, b"another")

    memory.before = overwrite
    with pytest.raises(BadInput, match="put an object in the place of another"):
        BucketObjects(URL, tmp_path / "one").check_writable()
    assert memory.names() == []


def test_a_bucket_that_knows_no_conditions_is_refused(memory: InMemory, tmp_path: Path) -> None:
    memory.next = [None, GenericError("status code: 501")]
    with pytest.raises(BadInput, match=r"the bucket does not put objects on a condition \(.*501\); a log"):
        BucketObjects(URL, tmp_path / "one").check_writable()
    assert memory.names() == []


def test_a_bucket_that_does_not_answer_is_not_refused(memory: InMemory, tmp_path: Path) -> None:
    bucket = BucketObjects(URL, tmp_path / "one")
    memory.next = [None, *[GenericError("no answer")] * 9]
    with pytest.raises(Unanswered):
        bucket.check_writable()
    assert memory.names() == []
    bucket.check_writable()


def test_a_bucket_that_acknowledges_a_name_to_several_at_once_is_refused(
    memory: InMemory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looks whether the name is free, and puts it later: of many at once several find it free."""
    store, free = memory.store, threading.Barrier(4)
    seen: list[str] = []

    def racing(key: str, content: Any, **options: Any) -> Any:
        seen.append(key)
        if key == seen[0]:
            return store.put(key, content, **options)
        free.wait(timeout=60)
        return store.put(key, content)

    monkeypatch.setattr(memory, "put", racing, raising=False)
    with pytest.raises(BadInput, match="the bucket acknowledged one name to 4 who put it at the same time"):
        BucketObjects(URL, tmp_path / "one").check_writable()
    assert memory.names() == []


def test_what_was_probed_and_cannot_be_removed_is_no_hindrance(
    memory: InMemory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(key: str) -> None:
        raise GenericError("status code: 405")

    monkeypatch.setattr(memory, "delete", denied, raising=False)
    BucketObjects(URL, tmp_path / "one").check_writable()
    assert len(memory.names()) == 2


@pytest.mark.parametrize(
    "failure",
    [
        FileNotFoundError(),
        GenericError("status code: 404 <Code>NoSuchBucket</Code>"),
        GenericError("status code: 404 <Code>ContainerNotFound</Code>"),
    ],
    ids=["not found", "no such bucket", "no container"],
)
def test_a_bucket_that_is_not_there_is_not_found(
    memory: InMemory, bucket: BucketObjects, failure: Exception
) -> None:
    memory.next = [failure]
    with pytest.raises(NotFound, match=f"{URL}/log: there is no such bucket; make it first"):
        bucket.list()


def test_a_bucket_that_lists_nothing_for_another_reason_is_an_error(
    memory: InMemory, bucket: BucketObjects
) -> None:
    memory.next = [GenericError("status code: 400")]
    with pytest.raises(Unanswered, match="could not list log/: status code: 400"):
        bucket.list()


# Making a place


def test_a_place_is_made_by_an_object_of_its_own(
    memory: InMemory, bucket: BucketObjects, tmp_path: Path
) -> None:
    assert not bucket.exists()
    assert bucket.make() is True
    assert memory.names() == ["log/.store"]
    content = bytes(memory.store.get("log/.store").bytes())
    assert content.startswith(b"A store of Timeline, made once: ")
    assert bucket.make() is False
    other = machine(tmp_path / "other")
    assert other.exists()
    assert other.make() is False
    assert bytes(memory.store.get("log/.store").bytes()) == content
    assert other.list() == []
    bucket.remove([".store"])
    assert not bucket.exists()


def test_what_holds_objects_is_a_place(bucket: BucketObjects) -> None:
    put(bucket, "a")
    assert bucket.exists()
    assert bucket.make() is False


# Copies


def test_what_was_put_or_read_is_not_read_again(
    memory: InMemory, bucket: BucketObjects, tmp_path: Path
) -> None:
    assert put(bucket, "a") is True
    assert put(bucket, "a", b"another") is False
    memory.asked.clear()
    assert bucket.get("a") == tmp_path / "one" / "a"
    assert bucket.get("a").read_bytes() == b"content"
    assert memory.requests() == []
    other = machine(tmp_path / "other")
    assert other.get("a").read_bytes() == b"content"
    assert memory.requests() == ["head log/a", "get log/a"]
    assert other.get("a").read_bytes() == b"content"
    assert memory.requests() == []


def test_a_later_process_reads_the_copies_that_the_listing_confirms(
    memory: InMemory, bucket: BucketObjects, tmp_path: Path
) -> None:
    put(bucket, "a")
    later = BucketObjects(URL, tmp_path / "one")
    later.list()
    memory.asked.clear()
    assert later.get("a").read_bytes() == b"content"
    assert memory.requests() == []


def test_what_was_replaced_is_read_again_once_it_was_listed(
    memory: InMemory, bucket: BucketObjects, tmp_path: Path
) -> None:
    put(bucket, "a")
    other = machine(tmp_path / "other")
    other.get("a")
    bucket.replace("a", memoryview(b"newer"))
    memory.asked.clear()
    assert bucket.get("a").read_bytes() == b"newer"
    assert other.get("a").read_bytes() == b"content"
    assert memory.requests() == []
    assert other.list() == ["a"]
    # The old copy is gone at once, not when it is asked for.
    assert copies(tmp_path / "other") == []
    assert other.get("a").read_bytes() == b"newer"
    assert memory.requests() == ["list_with_delimiter log/", "head log/a", "get log/a"]


@pytest.mark.parametrize("gone", ["copy", "folder"])
def test_that_no_copy_can_be_kept_hides_no_put(bucket: BucketObjects, tmp_path: Path, gone: str) -> None:
    """Something else lies where the copy belongs, or in the place of the folder of copies."""
    if gone == "copy":
        (tmp_path / "one" / "a").mkdir()
    else:
        shutil.rmtree(tmp_path / "one")
        (tmp_path / "one").write_text("a file in the place of the folder")
    assert put(bucket, "a") is True
    assert bucket.has("a")


def test_an_object_that_changes_while_it_is_read_is_read_again(
    memory: InMemory, bucket: BucketObjects, tmp_path: Path
) -> None:
    put(bucket, "a")
    other = machine(tmp_path / "other")

    def change(name: str, key: str) -> None:
        if name == "get":
            memory.before = lambda name, key: None
            memory.store.put(key, b"newer")

    memory.before = change
    assert other.get("a").read_bytes() == b"newer"


@pytest.mark.parametrize(
    ("size", "ranges"),
    [(8 * MIB, [None]), (8 * MIB + 1, [(0, 8 * MIB), (8 * MIB, 8 * MIB + 1)])],
)
def test_a_large_object_is_read_by_eight_mebibytes(
    memory: InMemory, bucket: BucketObjects, size: int, ranges: list[tuple[int, int] | None]
) -> None:
    memory.store.put("log/a", bytes(size))
    assert bucket.get("a").stat().st_size == size
    asked = [options["options"] for name, _, options in memory.asked if name == "get"]
    assert [options and options["range"] for options in asked] == ranges


def test_several_are_fetched_together_and_one_when_it_is_needed(
    memory: InMemory, bucket: BucketObjects, tmp_path: Path
) -> None:
    for name in "abc":
        put(bucket, name, name.encode())
    other = machine(tmp_path / "other")
    memory.asked.clear()
    other.fetch(["a"])
    other.fetch([])
    assert memory.requests() == []
    other.fetch(["a", "b"])
    assert sorted(memory.requests()) == ["get log/a", "get log/b", "head log/a", "head log/b"]
    other.fetch(["a", "b", "c"])
    assert memory.requests() == []
    other.fetch(["gone", "c"])
    assert copies(tmp_path / "other") == ["a", "b", "c"]
    assert [other.get(name).read_bytes() for name in "abc"] == [b"a", b"b", b"c"]


def test_names_are_listed_without_marks(memory: InMemory, bucket: BucketObjects) -> None:
    for name in ("a", "b", ".mark"):
        put(bucket, name)
    memory.store.put("log/below/d", b"deeper")
    memory.store.put("elsewhere", b"other")
    assert sorted(bucket.list()) == ["a", "b"]
    memory.asked.clear()
    assert bucket.present(["a", ".mark", "c"]) == {"a", ".mark"}
    assert memory.requests() == ["list_with_delimiter log/"]
    assert bucket.has("a") is True
    assert bucket.has("c") is False


def test_what_is_removed_is_gone_with_its_copy(
    memory: InMemory, bucket: BucketObjects, tmp_path: Path
) -> None:
    put(bucket, "a")
    put(bucket, "b")
    bucket.remove(["a", "never there"])
    assert memory.names() == ["log/b"]
    assert copies(tmp_path / "one") == ["b"]
    bucket.remove(["b"])
    # Nothing that was listed before counts.
    assert not bucket.exists()


def test_copies_can_be_forgotten(memory: InMemory, bucket: BucketObjects, tmp_path: Path) -> None:
    put(bucket, "a")
    assert bucket.forget(["a"]) is True
    assert bucket.forget(["a"]) is False
    assert copies(tmp_path / "one") == []
    memory.asked.clear()
    assert bucket.get("a").read_bytes() == b"content"
    assert memory.requests() == ["head log/a", "get log/a"]


def test_a_mark_of_an_erasure_is_kept_here_once_it_is_listed(
    memory: InMemory, bucket: BucketObjects, tmp_path: Path
) -> None:
    put(bucket, ".erased", b"first")
    put(bucket, ".other", b"other")
    other = machine(tmp_path / "other")
    other.list()
    mark = tmp_path / "other" / ".erased"
    assert mark.read_bytes() == b"first"
    assert not (tmp_path / "other" / ".other").exists()
    memory.asked.clear()
    other.list()
    assert memory.requests() == ["list_with_delimiter log/"]
    bucket.replace(".erased", memoryview(b"second"))
    other.list()
    assert mark.read_bytes() == b"second"
    # One that is gone by the time it is read.
    bucket.replace(".erased", memoryview(b"third"))
    memory.next = [None, FileNotFoundError()]
    assert other.list() == []
    assert not mark.exists()


# Sweeping


def test_probes_that_a_dead_machine_left_are_swept_once_something_newer_was_put(
    memory: InMemory, bucket: BucketObjects, tmp_path: Path
) -> None:
    memory.store.put("log/.probe-old", b"1")
    memory.store.put("log/.other", b"1")
    put(bucket, "a")
    memory.store.put("log/.probe-new", b"1")
    assert bucket.sweep("missing") == 0
    assert bucket.sweep(".probe-old") == 0
    assert bucket.sweep("a") == 1
    assert memory.names() == ["log/.other", "log/.probe-new", "log/a"]
    assert bucket.sweep("a") == 0


def test_copies_that_were_not_finished_are_swept_besides(
    memory: InMemory, bucket: BucketObjects, tmp_path: Path
) -> None:
    left = tmp_path / "one" / ".copy-1-left"
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    memory.store.put("log/.probe-old", b"1")
    put(bucket, "a")
    assert bucket.sweep("a") == 2
    assert not left.exists()
