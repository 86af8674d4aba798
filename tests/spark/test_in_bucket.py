"""A log and published beliefs in a bucket, asked of on Sail, which reaches it by its environment."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.buckets import Server, server, use
from tests.examples import some
from tests.spark.compared import ask, expected, same
from tests.spark.engines import sail
from tests.spark.stores import terms_of_office
from timeline import BadInput, Timeline

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture(scope="module", params=some(["localbucket", "azurite"], 2))
def reached(request: pytest.FixtureRequest) -> Server:
    return server(request.param)


@pytest.fixture(scope="module")
def session(reached: Server) -> Iterator[SparkSession]:
    with sail(**reached.environment) as address, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyspark.sql import SparkSession

        found = SparkSession.builder.remote(address).create()
        yield found
        found.stop()


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("segment=*/*.parquet"))


def test_a_bucket_is_asked_of_and_published_to_by_a_cluster(
    session: SparkSession, reached: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from timeline.publish.places import place_at
    from timeline.spark.source import as_engines_name_it

    use(reached, monkeypatch, tmp_path / "caches")
    url = reached.url(tmp_path.name.lower().replace("_", "-"))
    with Timeline.open(terms_of_office(tmp_path, 2_000)) as tl:
        tl.backup(tmp_path / "copy")
        here = tl.publish_beliefs(tmp_path / "here")
    Timeline.restore(tmp_path / "copy", f"{url}/desk")
    with Timeline.open(f"{url}/desk") as tl, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        question = {"as_of": "2016-03-01"}
        log = as_engines_name_it(f"{url}/desk/log")
        assert same(
            ask(session, "beliefs_as_of", log, **question), expected(tl, "beliefs_as_of", question), log
        )
        # To a bucket, and to a folder that the cluster sees.
        for target in (f"{url}/beliefs", str(tmp_path / "there")):
            there = tl.publish_beliefs(target, engine=session)
            assert (there.rows, there.files, there.path) == (here.rows, here.files, target)
            assert tl.publish_beliefs(target).written == 0
        assert names(tmp_path / "there") == names(tmp_path / "here")
        assert sorted(place_at(f"{url}/beliefs").files()) == names(tmp_path / "here")
        published = as_engines_name_it(f"{url}/beliefs")
        found = ask(session, "beliefs_as_of", published, **question)
        assert same(found, expected(tl, "beliefs_as_of", question), published) > 100
        assert same(ask(session, "belief_spans", published), expected(tl, "belief_spans", {}), "spans") > 500
        # Nothing of what the cluster wrote is left beside it.
        beside = place_at(url).strangers()
        assert [name for name in beside if "spans" in name] == []
        with pytest.raises(BadInput, match="names a whole bucket"):
            tl.publish_beliefs(url.rpartition("/")[0], engine=session)
