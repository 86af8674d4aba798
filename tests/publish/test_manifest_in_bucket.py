"""The manifest and the checkpoints of beliefs in a bucket: an older manifest never replaces a newer one.

Nearly everything is asked of obstore's own store in memory; one server in each run keeps the condition, too.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from obstore.exceptions import GenericError

from tests.buckets import GOOGLE, server, use
from tests.examples import some
from tests.publish.test_beliefs import check_whole, fact, manifest_of, spans
from tests.publish.test_beliefs_in_bucket import fetched
from tests.services import InMemory, in_memory
from timeline import Timeline
from timeline.log.service import Service
from timeline.publish.beliefs import publish_beliefs
from timeline.publish.checkpoint import LAST_CHECKPOINT
from timeline.publish.delta import DELTA_LOG
from timeline.publish.manifest import MANIFEST
from timeline.publish.places import BucketPlace, place_at

#: In memory there is one place alone.
URL = "s3://memory/out"


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> InMemory:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    return in_memory(monkeypatch)[0]


#: Of the servers `localbucket` ignores If-Match: the manifest is replaced there without a condition.
@pytest.fixture
def url(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    if request.param == "memory":
        request.getfixturevalue("memory")
        return URL
    found = server(request.param)
    use(found, monkeypatch, tmp_path / "caches")
    return found.url(f"manifest-{tmp_path.parent.name}-{tmp_path.name}".lower().replace("_", "-"))


def grown(desk: Timeline, number: int) -> None:
    desk.append(
        [fact(n) | {"amount": str(number), "reported": f"20{number:02}-01-15"} for n in range(3)],
        register_unknown=True,
    )


def instead_of_the_manifest(
    monkeypatch: pytest.MonkeyPatch, act: Callable[[BucketPlace, str], bool]
) -> Callable[[BucketPlace, str], bool]:
    """Have something be done where the next manifest is replaced; returns what replaces one."""
    replace = BucketPlace.replace_manifest

    def once(place: BucketPlace, text: str) -> bool:
        monkeypatch.setattr(BucketPlace, "replace_manifest", replace)
        return act(place, text)

    monkeypatch.setattr(BucketPlace, "replace_manifest", once)
    return replace


@pytest.mark.parametrize(
    ("url", "begins"),
    [("memory", True), ("memory", False), *((name, False) for name in some(("moto", "azurite", GOOGLE), 3))],
    indirect=["url"],
)
def test_who_sleeps_through_another_publication_leaves_its_manifest(
    desk: Timeline, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begins: bool
) -> None:
    """The one that was asleep dies right after it asked to put its own, so that nobody mends it."""
    grown(desk, 1)
    if not begins:
        desk.publish_beliefs(url)
        grown(desk, 2)
    reader = desk.snapshot().reader()

    def sleep(place: BucketPlace, text: str) -> bool:
        grown(desk, 3)
        desk.publish_beliefs(url)
        assert not replace(place, text)
        raise KeyboardInterrupt

    replace = instead_of_the_manifest(monkeypatch, sleep)
    with pytest.raises(KeyboardInterrupt):
        publish_beliefs(desk._log, reader, url)
    after = fetched(url, tmp_path / "after")
    check_whole(after)
    assert manifest_of(after).commit == desk.snapshot().commit
    with desk.connect() as con:
        assert con.execute("SELECT count(*) FROM belief_spans").fetchall() == [(len(spans(after)),)]


def test_who_dies_between_version_and_manifest_leaves_one_whose_files_are_there(
    desk: Timeline, memory: InMemory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        grown(desk, number)
        desk.publish_beliefs(URL)
    grown(desk, 3)

    def die(place: BucketPlace, text: str) -> bool:
        raise KeyboardInterrupt

    instead_of_the_manifest(monkeypatch, die)
    with pytest.raises(KeyboardInterrupt):
        desk.publish_beliefs(URL)
    stopped = fetched(URL, tmp_path / "stopped")
    assert (manifest_of(stopped).delta_version, manifest_of(stopped).commit) == (1, 2)
    assert len(pl.read_delta(str(stopped), version=2)) > len(pl.read_delta(str(stopped), version=1))
    assert spans(stopped)
    # The next one needs no new commit to mend it.
    assert (desk.publish_beliefs(URL).version, desk.publish_beliefs(URL).written) == (2, 0)
    after = fetched(URL, tmp_path / "after")
    check_whole(after)
    assert manifest_of(after).commit == 3


def test_an_acknowledgement_of_the_manifest_that_was_lost_is_found(desk: Timeline, memory: InMemory) -> None:
    grown(desk, 1)
    desk.publish_beliefs(URL)
    grown(desk, 2)
    lost: list[str] = []

    def lose(name: str, key: str) -> None:
        if (name, key) == ("put", MANIFEST) and not lost:
            lost.append(key)
            asked = memory.asked[-1][2]
            memory.store.put(key, content[0], mode=asked["mode"])
            memory.next = [GenericError("no answer")]

    content: list[bytes] = []
    put_over = Service.put_over

    def noting(self: Service, key: str, text: bytes, seen: object) -> bool:
        content.append(text)
        return put_over(self, key, text, seen)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Service, "put_over", noting)
        memory.before = lose
        assert desk.publish_beliefs(URL).version == 1
    assert lost == [MANIFEST]
    # It was put once, and the work not done again.
    assert len(content) == 1
    found = place_at(URL).manifest()
    assert found is not None
    assert found.commit == 2


def test_a_manifest_that_is_gone_by_then_is_made_again(
    desk: Timeline, memory: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown(desk, 1)
    desk.publish_beliefs(URL)
    grown(desk, 2)

    def lose(place: BucketPlace, text: str) -> bool:
        memory.store.delete(MANIFEST)
        return replace(place, text)

    replace = instead_of_the_manifest(monkeypatch, lose)
    assert desk.publish_beliefs(URL).commit == 2
    found = place_at(URL).manifest()
    assert found is not None
    assert (found.commit, found.delta_version) == (2, 1)


def test_beliefs_in_a_bucket_have_checkpoints_that_readers_begin_with(
    desk: Timeline, memory: InMemory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three versions each, so that few have to be published."""
    monkeypatch.setattr("timeline.publish.delta._EVERY", 3)
    for number in range(1, 5):
        grown(desk, number)
        desk.publish_beliefs(URL)
    assert [name for name in memory.names() if "checkpoint" in name] == [
        f"{DELTA_LOG}/{2:020}.checkpoint.parquet",
        f"{DELTA_LOG}/{LAST_CHECKPOINT}",
    ]
    for number in range(2):
        memory.store.delete(f"{DELTA_LOG}/{number:020}.json")
    assert desk.publish_beliefs(URL).version == 3
    grown(desk, 5)
    assert desk.publish_beliefs(URL).version == 4
    after = fetched(URL, tmp_path / "after")
    check_whole(after)
    assert pl.scan_delta(str(after)).collect().height == sum(
        each.rows for each in manifest_of(after).segments
    )
