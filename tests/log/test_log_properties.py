"""The event log against a plain list, over random histories."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import costly
from tests.logs import Volatile, always, append, events_of, row, tree_hash
from timeline.errors import Corruption, TimelineError
from timeline.log.log import Commit, Log, Rows, merkle_root, rows_to_table

#: How many commits of how many events each, turn by turn, and how to go on from there.
histories = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.lists(st.integers(1, 3), min_size=1, max_size=3),
        st.sampled_from(["go on", "compact", "open again"]),
    ),
    max_size=3,
)


@contextmanager
def a_log() -> Iterator[Log]:
    with tempfile.TemporaryDirectory() as folder:
        yield Log(folder, objects=Volatile(folder), clock=lambda: 1_000)


@given(histories, st.data())
@costly(120)
def test_a_log_is_a_list_of_commits(history: list[tuple[int, list[int], str]], data: st.DataObject) -> None:
    with a_log() as log, a_log() as unmerged:
        commits: list[Commit] = []
        claims: list[str] = []
        for count, sizes, then in history:
            for size in islice(cycle(sizes), count):
                numbers = range(len(claims), len(claims) + size)
                commit = append(log, *numbers)
                with unmerged.maintenance():
                    assert append(unmerged, *numbers) == commit
                assert (commit.number, commit.first_position) == (len(commits) + 1, len(claims) + 1)
                commits.append(commit)
                claims += [f"{number} USD" for number in numbers]
            if then == "compact":
                log.compact()
            elif then == "open again":
                log = Log(log.folder, objects=Volatile(log.folder), clock=lambda: 1_000)
            assert log.head() == (commits[-1] if commits else None)
        after = data.draw(st.integers(0, len(commits) + 1))
        later = commits[after:]
        assert log.commits(after) == later
        first = later[0].first_position if later else len(claims) + 1
        rows = events_of(log, after)
        assert rows["position"].to_pylist() == list(range(first, len(claims) + 1))
        assert rows["claim"].to_pylist() == claims[first - 1 :]
        assert rows.equals(events_of(unmerged, after))
        files = log.files(after)
        assert sum(file.last - file.first + 1 for file in files) >= len(later)
        assert len(log.files()) <= len(commits) // 32 + 31
        verified = log.verify()
        assert (verified.commits, verified.events) == (len(commits), len(claims))
        assert verified.digest == unmerged.verify().digest


@given(st.lists(st.binary(max_size=40), max_size=150))
def test_pairing_neighbours_makes_the_tree_of_the_rfc(leaves: list[bytes]) -> None:
    assert merkle_root(leaves) == tree_hash(leaves)


@pytest.fixture(scope="module")
def whole() -> Iterator[Log]:
    with a_log() as log:
        for number in range(32):
            append(log, number)
        append(log, *range(32, 282))
        append(log, 282)
        yield log


@given(st.data())
@settings(max_examples=200)
def test_whatever_byte_is_changed_is_found(whole: Log, data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(whole.files()))
    path = Path(file.path)
    content = path.read_bytes()
    at = data.draw(st.integers(0, len(content) - 1))
    damaged = bytearray(content)
    damaged[at] ^= data.draw(st.integers(1, 255))
    try:
        path.write_bytes(damaged)
        with pytest.raises(Corruption, match=file.name):
            whole.verify()
    finally:
        path.write_bytes(content)


@given(st.lists(st.lists(st.none() | st.integers(-3, 3), min_size=1, max_size=4), max_size=4))
def test_a_few_rows_are_recorded_as_their_table_would_be(commits: list[list[int | None]]) -> None:
    with a_log() as one, a_log() as other:
        for nth, places in enumerate(commits):
            rows = Rows(row(10 * nth + at, place=place) for at, place in enumerate(places))
            try:
                expected = one.append(always(rows_to_table(rows)))
            except TimelineError as error:
                with pytest.raises(TimelineError, match=re.escape(str(error))):
                    other.append(always(rows))
            else:
                assert other.append(always(rows)) == expected
        assert events_of(other).equals(events_of(one))
        assert other.verify().digest == one.verify().digest
