"""Published beliefs in a bucket, of stores in folders and buckets; and several who publish at once.

One publisher is stopped before each of its steps: there another one publishes from begin to end, or the first
one dies. Whatever the order, table and manifest are whole, and of the later commit.
"""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.buckets import SERVERS, Server, server, use
from tests.examples import LONG, some
from tests.publish.test_beliefs import check_whole, fact, manifest_of, published, spans
from tests.publish.test_table_in_bucket import with_duckdb, with_polars, with_sail
from tests.services import CHANGES, before_request
from timeline import BadInput, Conflict, NotFound, Timeline
from timeline.log.service import Service
from timeline.publish.beliefs import Overtaken, publish_beliefs
from timeline.publish.places import place_at

SECRET = "Jane Q. Doe of 14 Elm Street"


@pytest.fixture(params=["localbucket"])
def here(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    found = server(request.param)
    use(found, monkeypatch, tmp_path / "caches")
    return found


@pytest.fixture
def url(here: Server, tmp_path: Path) -> str:
    return here.url(f"{tmp_path.parent.name}-{tmp_path.name}".lower().replace("_", "-"))


def fetched(url: str, folder: Path) -> Path:
    """Copy everything below a URL to a folder."""
    service = Service(url)

    def copy(prefix: str) -> None:
        objects, folders = service.below(prefix)
        for name in objects:
            path = folder / prefix / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(service.read(f"{prefix}{name}"))
        for name in folders:
            copy(f"{prefix}{name}/")

    copy("")
    return folder


def sorted_rows(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sort("segment", "event_id", "valid_from", "believed_from")


@pytest.mark.parametrize("here", some(SERVERS, 3), indirect=True)
def test_every_reader_has_the_beliefs_in_a_bucket(
    here: Server, url: str, copy: Timeline, tmp_path: Path
) -> None:
    publish_beliefs(copy._log, copy.snapshot().reader(), tmp_path / "folder", least=5, ratio=0)
    copy.backup(tmp_path / "copy")
    Timeline.restore(tmp_path / "copy", f"{url}/desk")
    wanted = sorted_rows(pl.scan_delta(str(tmp_path / "folder")).collect())
    with Timeline.open(f"{url}/desk") as tl:
        for nth, store in enumerate((copy, tl)):
            target = f"{url}/beliefs-{nth}"
            first = publish_beliefs(store._log, store.snapshot().reader(), target, least=5, ratio=0)
            assert (first.path, first.version, first.removed) == (target, 0, 0)
            assert first.segments > 3
            again = publish_beliefs(store._log, store.snapshot().reader(), target)
            assert (again.version, again.written, again.files) == (0, 0, first.files)
            check_whole(fetched(target, tmp_path / f"fetched-{nth}"))
            for read in [with_polars, with_duckdb, with_sail] if nth else [with_polars]:
                read(here, target, tmp_path / "read.parquet")
                found = sorted_rows(pl.read_parquet(tmp_path / "read.parquet"))
                assert found.schema == wanted.schema
                assert found.equals(wanted), read
        with pytest.raises(BadInput, match="within the store"):
            tl.publish_beliefs(f"{url}/desk/beliefs")


def test_what_does_not_fit_is_refused_and_nothing_is_written(
    here: Server, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        with Timeline.create(tmp_path / name) as tl:
            tl.append(
                [{"fact": "a/b", "text": name, "source": "s", "reported": "2025"}], register_unknown=True
            )
    with Timeline.open(tmp_path / "one") as tl:
        tl.publish_beliefs(f"{url}/out")
        with pytest.raises(Conflict, match="has something in it"):
            tl.publish_beliefs(url)
        with pytest.raises(NotFound, match="there is no such bucket"):
            tl.publish_beliefs("s3://none-of-that-name/out")
        assert (tmp_path / "one" / "published.json").read_text().count("target") == 1
    with Timeline.open(tmp_path / "two") as tl, pytest.raises(Conflict, match="published by another store"):
        tl.publish_beliefs(f"{url}/out")
    assert not (tmp_path / "two" / "published.json").exists()
    ignoring = server("nanio")
    use(ignoring, monkeypatch, tmp_path / "others")
    with Timeline.open(tmp_path / "two") as tl, pytest.raises(BadInput, match="would lose"):
        tl.publish_beliefs(ignoring.url("out"))
    assert place_at(ignoring.url("out")).files() == []


def test_an_erasure_by_one_machine_reaches_what_another_published(
    here: Server, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = {"fact": "acme/ceo", "source": "s", "reported": "2025-01", "text": SECRET, "key": "it"}
    with Timeline.create(f"{url}/desk") as tl:
        tl.append([event], register_unknown=True)
        tl.publish_beliefs(f"{url}/out")
    assert _holds(fetched(f"{url}/out", tmp_path / "before"), SECRET)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another"))
    with Timeline.open(f"{url}/desk") as tl:
        tl.erase("it", reason="asked for")
    after = fetched(f"{url}/out", tmp_path / "after")
    check_whole(after)
    assert manifest_of(after).commit == 2
    assert not _holds(after, SECRET)
    # Which files are the same on every machine, so that publishing again changes nothing.
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    with Timeline.open(f"{url}/desk") as tl:
        assert (tl.publish_beliefs(f"{url}/out").version, manifest_of(after).delta_version) == (1, 1)


def _holds(folder: Path, text: str) -> bool:
    return any(
        text in pl.read_parquet(path).to_dicts().__repr__() for path in folder.glob("segment=*/*.parquet")
    )


# Steps


def grown(desk: Timeline, number: int) -> None:
    """Append what changes some segments."""
    day = f"20{number % 10:02}-0{number % 9 + 1}-15"
    desk.append([fact(n) | {"amount": str(number), "reported": day} for n in range(3)])


@pytest.fixture
def ready(desk: Timeline) -> Timeline:
    """Return a store whose beliefs are in some segments."""
    days = [f"20{year:02}-{month:02}-01" for year in range(10) for month in range(1, 13)]
    desk.append(
        [fact(n) | {"amount": "1", "reported": day} for n in range(10) for day in days[n::10]],
        register_unknown=True,
    )
    return desk


def drawn(steps: int) -> list[int]:
    """Return the steps to stop at: all of them in a long run, else one, another each time."""
    every = list(range(1, steps + 1))
    return every if LONG else [random.choice(every)]


def set_up(desk: Timeline, target: str, number: int) -> None:
    """Publish twice, and append once more, so that the next one writes files and removes some."""
    for nth in range(2):
        grown(desk, 10 * number + nth)
        published(desk, target, least=20)
    grown(desk, 10 * number + 2)


def steps_of(desk: Timeline, target: str) -> int:
    """Return how many changes publishing once more asks for, some of which remove files."""
    set_up(desk, target, 0)
    with before_request(0, lambda: None, CHANGES) as seen:
        published(desk, target, least=20)
    assert {step.split()[0] for step in seen} == {"put_new", "put_over", "delete"}
    return len(seen)


def paths_in(folder: Path) -> set[str]:
    return {file.path for segment in manifest_of(folder).segments for file in segment.files}


def dies_and_leaves_it_as_before_or_after(ready: Timeline, url: str, tmp_path: Path) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    def state(folder: Path) -> tuple[pl.DataFrame, list[Any]]:
        return sorted_rows(pl.scan_delta(str(folder)).collect()), sorted(spans(folder))

    for at in drawn(steps_of(ready, f"{url}/whole")):
        print(f"died before step {at}")
        target = f"{url}/{at}"
        set_up(ready, target, at)
        before, stopped, whole = (tmp_path / f"{at}-{moment}" for moment in ("before", "stopped", "whole"))
        states = [state(fetched(target, before))]
        with before_request(at, die, CHANGES), pytest.raises(KeyboardInterrupt):
            published(ready, target, least=20)
        now = state(fetched(target, stopped))
        published(ready, target, least=20)
        check_whole(fetched(target, whole))
        states.append(state(whole))
        assert any(now[0].equals(each) for each, _ in states)
        assert now[1] in [each for _, each in states]
        # Nothing is left that neither this version nor the one before has.
        assert set(place_at(target).files()) <= paths_in(before) | paths_in(whole)


def another_publishes_and_takes_nothing_away(
    ready: Timeline, url: str, tmp_path: Path, *, appends: bool
) -> None:
    """The first one had its reader before; it does its work again, or is overtaken by the later commit."""
    steps = steps_of(ready, f"{url}/whole")
    for at in drawn(steps):
        print(f"another one before step {at}")
        target = f"{url}/{at}"
        set_up(ready, target, at)
        reader = ready.snapshot().reader()

        def another(at: int = at, target: str = target) -> None:
            if appends:
                grown(ready, 10 * at + 3)
            published(ready, target, least=20)

        with before_request(at, another, CHANGES):
            try:
                publish_beliefs(ready._log, reader, target, least=20, ratio=0)
            except Overtaken:
                assert appends
                # As `Timeline.publish_beliefs` does.
                published(ready, target, least=20)
        whole = fetched(target, tmp_path / f"after-{at}")
        check_whole(whole)
        assert manifest_of(whole).commit == ready.snapshot().commit
        with ready.connect() as con:
            assert con.execute("SELECT count(*) FROM belief_spans").fetchall() == [(len(spans(whole)),)]


#: Each takes seconds to set up: a run has one of them.
@pytest.mark.parametrize("meanwhile", some(["dies", "another-same-commit", "another-later-commit"], 3))
def test_who_is_stopped_at_any_step_leaves_it_whole(
    ready: Timeline, url: str, tmp_path: Path, meanwhile: str
) -> None:
    if meanwhile == "dies":
        dies_and_leaves_it_as_before_or_after(ready, url, tmp_path)
    else:
        another_publishes_and_takes_nothing_away(
            ready, url, tmp_path, appends=meanwhile == "another-later-commit"
        )


def test_who_publishes_an_earlier_commit_is_overtaken(ready: Timeline, url: str) -> None:
    reader = ready.snapshot().reader()
    grown(ready, 1)
    ready.publish_beliefs(f"{url}/out")
    with pytest.raises(
        Overtaken, match=r"up to commit 2 meanwhile, which is later than commit 1; publish again"
    ):
        publish_beliefs(ready._log, reader, f"{url}/out")


@pytest.mark.parametrize("where", some(["folder", "bucket"], 2))
def test_many_publish_to_one_target_at_once(ready: Timeline, url: str, tmp_path: Path, where: str) -> None:
    """Three machines append and publish, beliefs and the log, in an order of their own."""
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    target = f"{url}/out" if where == "bucket" else str(tmp_path / "out")
    linked = str(tmp_path / "linked")
    together = threading.Barrier(3)
    rounds = 20 if LONG else 1

    def work(nth: int) -> None:
        draw = random.Random(seed + nth)
        with Timeline.open(ready.path) as tl:
            together.wait(timeout=60)
            for number in range(rounds):
                grown(tl, 100 * nth + number)
                for target_of in draw.sample(("beliefs", "links", "log"), 3):
                    if target_of == "beliefs":
                        tl.publish_beliefs(target)
                    else:
                        tl.publish_delta(linked if target_of == "links" else None)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))
    with Timeline.open(ready.path) as tl:
        last = tl.publish_beliefs(target)
        table = tl.publish_delta(linked)
        assert last.commit == table.commit == 1 + 3 * rounds
        whole = fetched(target, tmp_path / "whole") if where == "bucket" else Path(target)
        check_whole(whole)
        believed = tl.sql("SELECT count(*) AS n FROM belief_spans")["n"].item()
        assert len(spans(whole)) == believed
        events = tl.sql("SELECT count(*) AS n FROM events")["n"].item()
        for folder in (linked, tl.path / "log"):
            assert pl.scan_delta(str(folder)).collect().height == events
