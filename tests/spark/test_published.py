"""Published beliefs: asked of on a cluster, and worked out by one."""

from __future__ import annotations

import json
import re
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.spark.compared import ask, expected, same
from tests.spark.stores import terms_of_office
from timeline import BadInput, Conflict, Timeline
from timeline.publish.beliefs import publish_beliefs

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture(scope="module")
def parliament(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return terms_of_office(tmp_path_factory.mktemp("parliament"), 5_000)


@pytest.fixture(scope="module")
def published(parliament: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return beliefs that were published in several segments."""
    target = tmp_path_factory.mktemp("published") / "beliefs"
    with Timeline.open(parliament) as tl:
        done = publish_beliefs(tl._log, tl.snapshot().reader(), target, least=500, ratio=1)
    assert done.segments > 2
    return target


def test_published_beliefs_are_asked_of_on_a_cluster(
    spark: SparkSession, parliament: Path, published: Path
) -> None:
    segments = json.loads((published / "beliefs.json").read_text())["segments"]
    begins = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=segments[1]["from"])
    with Timeline.open(parliament) as tl:
        for arguments in (
            {},
            {"as_of": begins},
            {"as_of": begins - timedelta(microseconds=1)},
            {"as_of": "2016-03-01", "valid_at": "2024-06-01", "fact": "subject-000001*"},
        ):
            found = ask(spark, "beliefs_as_of", published, **arguments)
            assert same(found, expected(tl, "beliefs_as_of", arguments), arguments) > 0
        early = {"as_of": "2001-01-01"}
        assert ask(spark, "beliefs_as_of", published, **early).num_rows == 0
        assert same(ask(spark, "belief_spans", published), expected(tl, "belief_spans", {}), "spans") > 1_000
    for other in ({"policy": "by-origin"}, {"basis": "possible"}, {"recorded_as_of": "#1"}):
        with pytest.raises(BadInput, match="were published under policy latest and basis certain"):
            ask(spark, "beliefs_as_of", published, **other)


def test_a_manifest_of_another_layout_is_refused(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "beliefs.json").write_text('{"timeline_beliefs": 2}')
    with pytest.raises(BadInput, match="has version 2 of the layout of published beliefs, expected 1"):
        ask(spark, "belief_spans", tmp_path)
    (tmp_path / "beliefs.json").write_text("{")
    with pytest.raises(BadInput, match=re.escape(f"{tmp_path}/beliefs.json: cannot be read")):
        ask(spark, "belief_spans", tmp_path)


def test_a_cluster_publishes_what_one_machine_does(
    spark: SparkSession, parliament: Path, tmp_path: Path
) -> None:
    with Timeline.open(parliament) as tl, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        here = tl.publish_beliefs(tmp_path / "here")
        there = tl.publish_beliefs(tmp_path / "there", engine=spark)
        assert (there.segments, there.files, there.rows) == (here.segments, here.files, here.rows)
        names = [
            sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("segment=*/*"))
            for folder in (here.path, there.path)
        ]
        # A file is named by what is in it.
        assert names[0] == names[1]
        assert tl.publish_beliefs(tmp_path / "here", engine=spark).written == 0
        assert not list(tmp_path.glob(".timeline*"))
        answers = [ask(spark, "belief_spans", folder) for folder in (here.path, there.path)]
        assert same(answers[1], answers[0], "published") > 1_000
        with pytest.raises(Conflict, match="has something in it"):
            tl.publish_beliefs(parliament.parent, engine=spark)


def test_no_engine_is_refused(bundled: Timeline, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"'yarn' is no engine; expected spark://HOST:PORT, or sc://HOST:PORT"):
        bundled.publish_beliefs(tmp_path / "beliefs", engine="yarn")
