"""The log in a bucket as a Delta table: read where it lies, after merging and after an erasure too."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from tests.buckets import SERVERS, Server, server, use
from tests.engines import DUCKDB, SAIL, run_in
from tests.examples import some
from tests.logs import events_of
from tests.publish.test_log_table import READERS, SECRET, plain, record
from timeline import Timeline
from timeline.errors import BadInput


def with_polars(server: Server, url: str, file: Path) -> None:
    # object_store has another name for the endpoint.
    options = {name.lower(): value for name, value in server.environment.items()}
    pq.write_table(pl.scan_delta(url, storage_options=options).collect().to_arrow(), file)


def with_duckdb(server: Server, url: str, file: Path) -> None:
    run_in(DUCKDB, READERS / "duckdb_delta.py", url, file, **server.environment)


def with_sail(server: Server, url: str, file: Path) -> None:
    run_in(SAIL, READERS / "sail_delta.py", url, file, **server.environment)


#: Every reader of each server takes seconds: a run has one of them.
@pytest.mark.parametrize("name", some(SERVERS, 3))
def test_every_reader_has_the_log_in_a_bucket(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = server(name)
    use(reached, monkeypatch, tmp_path / "caches")
    url = reached.url(f"published-{tmp_path.name}".lower().replace("_", "-"))
    with Timeline.create(url) as tl:
        record(tl, 20)
        tl.append(
            [{"key": "it", "fact": "acme/ceo", "text": SECRET, "source": "s1", "reported": "2025-02-01"}],
            register_unknown=True,
        )
        first = tl.publish_delta()
        assert (first.path, first.version, first.commit) == (f"{url}/log", 0, 21)
        # The block is full: its merged file is registered before the small ones go.
        record(tl, 14, 20)
        check(tl, reached, url, tmp_path, readers=[with_polars])
        tl.erase("it", reason="asked for")
        check(tl, reached, url, tmp_path, readers=[with_polars])
        # Which published everything up to its tombstone.
        last = tl.publish_delta()
        assert (last.commit, last.added, last.files) == (36, 0, 5)
        check(tl, reached, url, tmp_path, readers=[with_polars, with_duckdb, with_sail])
        assert tl.verify().commits == 36
        with pytest.raises(BadInput, match="cannot be linked"):
            tl.publish_delta(tmp_path / "linked")
        with pytest.raises(BadInput, match="cannot be linked to a bucket"):
            tl.publish_delta(f"{url}-linked")


def check(tl: Timeline, server: Server, url: str, folder: Path, readers: list[object]) -> None:
    """Compare the table that each reader finds with the log up to the commit that it was published to."""
    everything = plain(events_of(tl._log))
    for read in readers:
        file = folder / "read.parquet"
        read(server, f"{url}/log", file)  # type: ignore[operator]
        found = plain(pq.read_table(file))
        assert found.num_rows > 20
        assert found.schema == everything.schema
        assert found.equals(everything.slice(0, found.num_rows))
        if read is not with_polars:
            assert found.num_rows == everything.num_rows
