"""What every place for the log's files keeps: the specification of `timeline.log.objects.Objects`.

A folder, memory, and buckets of several servers pass the same suite. `Place.open` is another machine each
time, as far as the place allows for several.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.buckets import GOOGLE, SERVERS, Faults, Server, disturbed, server, use
from tests.logs import append, events_of
from tests.memory import Memory, MemoryObjects
from timeline.errors import BadInput, TimelineError
from timeline.log import service
from timeline.log.bucket import BucketObjects
from timeline.log.folder import FolderObjects
from timeline.log.log import Log
from timeline.log.objects import Objects

PLACES = ("folder", "memory", *SERVERS, GOOGLE)
BUCKETS = (*SERVERS, GOOGLE)


class Place:
    """A place for objects, and machines that use it."""

    def __init__(self, folder: Path, make: Callable[[Path], Objects]) -> None:
        self.folder = folder
        self._make = make
        self._machines = 0

    def open(self) -> Objects:
        self._machines += 1
        return self._make(self.folder / f"machine-{self._machines}")

    def log(self) -> Log:
        objects = self.open()
        folder = getattr(objects, "folder", self.folder / f"machine-{self._machines}")
        folder.mkdir(parents=True, exist_ok=True)
        return Log(folder, objects=objects)


def bucket_place(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    use(server, monkeypatch, tmp_path / "caches")
    url = server.url(f"{tmp_path.parent.name}-{tmp_path.name}".lower())
    return Place(tmp_path, lambda folder: BucketObjects(url, folder))


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    if request.param == "folder":
        return Place(tmp_path, lambda folder: FolderObjects.create(tmp_path / "log"))
    if request.param == "memory":
        memory = Memory()
        return Place(tmp_path, lambda folder: MemoryObjects(memory, folder))
    return bucket_place(server(request.param), tmp_path, monkeypatch)


def put(objects: Objects, name: str, content: bytes) -> bool:
    return objects.put_if_absent(name, memoryview(content))


def test_an_object_is_put_once_and_every_machine_reads_it(place: Place) -> None:
    one, other = place.open(), place.open()
    assert put(one, "a", b"first")
    assert not put(one, "a", b"second")
    assert not put(other, "a", b"third")
    assert one.get("a").read_bytes() == other.get("a").read_bytes() == b"first"
    assert one.has("a")
    assert other.has("a")


def test_what_is_not_there_is_not_found(place: Place) -> None:
    objects = place.open()
    assert not objects.has("a")
    with pytest.raises(FileNotFoundError):
        objects.get("a")
    objects.fetch(["a", "b"])
    assert objects.present(["a", "b"]) == set()
    assert objects.list() == []


def test_a_listing_has_the_names_of_all_and_no_marks(place: Place) -> None:
    one, other = place.open(), place.open()
    for name in ("a", "b", ".mark"):
        assert put(one, name, name.encode())
    assert sorted(one.list()) == sorted(other.list()) == ["a", "b"]
    assert other.has(".mark")
    assert other.get(".mark").read_bytes() == b".mark"
    assert other.present(["b", ".mark", "c"]) == {"b", ".mark"}


def test_what_is_removed_is_gone_for_every_machine_that_looks(place: Place) -> None:
    one, other = place.open(), place.open()
    for name in ("a", "b", "c"):
        put(one, name, name.encode())
    other.list()
    assert other.get("a").read_bytes() == b"a"
    one.remove(["a", "never there", "c"])
    assert one.list() == other.list() == ["b"]
    for objects in (one, other):
        with pytest.raises(FileNotFoundError):
            objects.get("a")
    assert put(other, "a", b"again")
    assert one.present(["a"]) == {"a"}
    assert one.get("a").read_bytes() == b"again"


@pytest.mark.parametrize("place", ["localbucket"], indirect=True)
def test_of_what_a_machine_removes_it_keeps_no_copy(place: Place) -> None:
    objects = place.open()
    put(objects, "a", b"content")
    path = objects.get("a")
    assert path.exists()
    objects.remove(["a"])
    assert not path.exists()


def test_what_is_replaced_is_new_for_every_machine_that_looks(place: Place) -> None:
    one, other = place.open(), place.open()
    put(one, "a", b"before")
    other.list()
    assert other.get("a").read_bytes() == b"before"
    one.replace("a", memoryview(b"after!"))
    assert one.get("a").read_bytes() == b"after!"
    other.list()
    assert other.get("a").read_bytes() == b"after!"


def test_an_object_of_many_parts_is_whole(place: Place) -> None:
    content = b"".join(number.to_bytes(4) for number in range(5 * 2**19 + 1))
    assert put(place.open(), "large", content)
    assert place.open().get("large").read_bytes() == content


def test_several_are_fetched_at_once(place: Place) -> None:
    one, other = place.open(), place.open()
    names = [f"{number:03}" for number in range(12)]
    for name in names:
        put(one, name, name.encode())
    other.list()
    other.fetch([*names, "missing"])
    assert [other.get(name).read_bytes() for name in names] == [name.encode() for name in names]


def test_of_many_who_put_a_name_at_once_one_does(place: Place) -> None:
    writers = [place.open() for _ in range(4)]
    for writer in writers:
        writer.check_writable()
    for name in ("a", "b", "c", "d", "e"):
        together = threading.Barrier(len(writers))

        def race(nth: int, name: str = name, together: threading.Barrier = together) -> bool:
            together.wait(timeout=60)
            return put(writers[nth], name, b"%d" % nth)

        with ThreadPoolExecutor(len(writers)) as pool:
            won = list(pool.map(race, range(len(writers))))
        assert sum(won) == 1
        assert place.open().get(name).read_bytes() == b"%d" % won.index(True)


def test_a_place_is_made_once(place: Place) -> None:
    objects = place.open()
    if isinstance(objects, FolderObjects):
        objects.folder.rmdir()
    assert not objects.exists()
    assert objects.make()
    assert objects.exists()
    assert not place.open().make()
    assert place.open().exists()
    assert place.open().list() == []


def test_what_is_kept_to_be_read_can_be_forgotten(place: Place) -> None:
    objects = place.open()
    put(objects, "a", b"content")
    objects.list()
    path = objects.get("a")
    if objects.forget(["a"]):
        assert not path.exists()
    assert objects.get("a").read_bytes() == b"content"


def test_a_log_is_the_same_for_every_machine(place: Place) -> None:
    one, other = place.log(), place.log()
    assert one.head() is None
    first, second, third = append(one, 1), append(other, 2, 3), append(one, 4)
    assert [commit.number for commit in (first, second, third)] == [1, 2, 3]
    assert one.head() == other.head() == third
    assert events_of(one).equals(events_of(other))
    assert other.verify().digest == third.digest


class Slow:
    """Objects of a machine that sleeps before it puts its first commit."""

    def __init__(self, objects: Objects, meanwhile: Callable[[], None]) -> None:
        self._objects = objects
        self._meanwhile: Callable[[], None] | None = meanwhile

    def __getattr__(self, name: str) -> object:
        return getattr(self._objects, name)

    def put_if_absent(self, name: str, content: memoryview) -> bool:
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return self._objects.put_if_absent(name, content)


@pytest.mark.parametrize("place", ["folder", "memory", "localbucket"], indirect=True)
def test_a_writer_that_slept_while_its_number_was_merged_away_takes_the_next(place: Place) -> None:
    fast, slow = place.log(), place.log()
    append(fast, 1)

    def meanwhile() -> None:
        for number in range(2, 33):
            append(fast, number)

    # With locks of its own.
    (place.folder / "elsewhere").mkdir()
    sleeper = Log(place.folder / "elsewhere", objects=Slow(slow.objects, meanwhile))  # type: ignore[arg-type]
    sleeper.folder = slow.folder
    commit = append(sleeper, 1_000)
    assert commit.number == 33
    assert sorted(fast.objects.list()) == ["000000000001-000000000032.parquet", "000000000033.parquet"]
    assert fast.verify().events == 33


# Faults between a machine and its bucket


@pytest.fixture
def faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Place, Faults]]:
    monkeypatch.setattr(service, "_FIRST_DELAY", 0.001)
    with ExitStack() as stack:
        through, faults = stack.enter_context(disturbed(server("localbucket")))
        place = bucket_place(through, tmp_path, monkeypatch)
        place.open().check_writable()
        yield place, faults


def is_put(method: str, path: str) -> bool:
    return method == "PUT" and ".probe" not in path


@pytest.mark.parametrize("fault", ["lose", "late500", "late503", "drop", "500", "503", "429"])
def test_a_put_is_done_once_whatever_happened_to_its_answer(faulty: tuple[Place, Faults], fault: str) -> None:
    place, faults = faulty
    faults.concern = is_put
    objects = place.open()
    objects.check_writable()
    for times in (1, 3):
        faults.next = [fault] * times
        assert put(objects, f"after {times}", b"mine")
        assert faults.next == []
        assert place.open().get(f"after {times}").read_bytes() == b"mine"
    # What somebody else put is not taken for one's own.
    other = place.open()
    other.check_writable()
    put(other, "theirs", b"them")
    faults.next = [fault]
    assert not put(objects, "theirs", b"mine")
    assert place.open().get("theirs").read_bytes() == b"them"


@pytest.mark.parametrize("fault", ["lose", "late500", "drop", "500", "503"])
def test_an_append_whose_acknowledgement_was_lost_is_found_and_not_doubled(
    faulty: tuple[Place, Faults], fault: str
) -> None:
    place, faults = faulty
    faults.concern = is_put
    log = place.log()
    for number in range(1, 4):
        faults.next = [fault, fault]
        assert append(log, number).number == number
    assert place.log().verify().events == 3


@pytest.mark.parametrize("fault", ["drop", "lose", "500", "503", "429", "cut"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_every_other_request_is_asked_again(faulty: tuple[Place, Faults], fault: str, method: str) -> None:
    place, faults = faulty
    objects = place.open()
    put(objects, "a", b"content")
    put(objects, "b", b"content")
    faults.concern = lambda asked, path: asked == method
    faults.next = [fault, fault]
    reader = place.open()
    assert sorted(reader.list()) == ["a", "b"]
    faults.next += [fault]
    assert reader.get("a").read_bytes() == b"content"
    reader.remove(["a"])
    faults.next.clear()
    assert place.open().list() == ["b"]


def test_a_request_that_is_never_answered_ends(
    faulty: tuple[Place, Faults], monkeypatch: pytest.MonkeyPatch
) -> None:
    place, faults = faulty
    monkeypatch.setattr(service, "_REQUEST", 1)
    objects = place.open()
    faults.concern = is_put
    faults.next = ["hang"]
    assert put(objects, "a", b"content")
    assert place.open().get("a").read_bytes() == b"content"


@pytest.mark.parametrize("fault", ["drop", "500", "503"])
def test_the_retries_are_bounded_and_the_error_says_what_is_not_known(
    faulty: tuple[Place, Faults], fault: str
) -> None:
    place, faults = faulty
    log = place.log()
    append(log, 1)
    faults.concern = is_put
    faults.next = [fault] * 1_000
    with pytest.raises(TimelineError, match=r"9 attempts.*whether it was recorded is not known") as raised:
        append(log, 2)
    assert not isinstance(raised.value, BadInput)
    assert len(faults.next) == 1_000 - service.TRIES
    faults.next.clear()
    assert append(log, 2).number == 2
    assert place.log().verify().events == 2


def test_a_put_that_fails_for_good_may_have_been_done_and_is_found_by_the_next(
    faulty: tuple[Place, Faults],
) -> None:
    place, faults = faulty
    log = place.log()
    log.check_writable()
    faults.concern = is_put
    faults.next = ["lose", *["drop"] * 1_000]
    with pytest.raises(TimelineError, match="not known"):
        append(log, 1)
    faults.next.clear()
    head = log.head()
    assert head is not None
    assert (head.number, head.count) == (1, 1)
    assert place.log().verify().events == 1
