"""A log and published beliefs in a bucket, asked of on Sail, which reaches it by its environment."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from tests.buckets import SECRET, Server, server, use
from tests.examples import some
from tests.logs import append, events_of
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
    from timeline.spark.files import as_engines_name_it

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


@pytest.mark.parametrize(
    ("url", "account", "named"),
    [
        ("s3://desk/a/log", "", "s3a://desk/a/log"),
        ("s3a://desk/a", "", "s3a://desk/a"),
        ("gs://desk/a", "news", "gs://desk/a"),
        ("az://desk/a/log", "news", "abfss://desk@news.dfs.core.windows.net/a/log"),
        ("az://desk", "news", "abfss://desk@news.dfs.core.windows.net"),
        ("az://desk/a", "", "az://desk/a"),
        ("/desk/az://a", "news", "/desk/az://a"),
    ],
)
def test_a_url_is_named_as_hadoop_does(
    monkeypatch: pytest.MonkeyPatch, url: str, account: str, named: str
) -> None:
    from timeline.spark.files import _as_timeline_names_it, as_engines_name_it

    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", account)
    monkeypatch.delenv("AZURE_STORAGE_USE_EMULATOR", raising=False)
    assert as_engines_name_it(url) == named
    assert _as_timeline_names_it(named) == (None if url.startswith("/") else url.replace("s3a:", "s3:"))


#: What a worker is: a process with pyarrow and obstore, without Timeline.
_WORKER = """
import pickle, sys
sys.modules["timeline"] = None
import pyarrow as pa
read = pickle.loads(open(sys.argv[1], "rb").read())
paths = pa.RecordBatch.from_pydict({"path": sys.argv[3:]})
batches = list(read(iter([paths])))
with pa.OSFile(sys.argv[2], "wb") as sink, pa.ipc.new_file(sink, batches[0].schema) as file:
    for batch in batches:
        file.write_batch(batch)
"""


def test_a_worker_without_timeline_reads_files_of_a_bucket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a Spark without `hadoop-aws` has it do, which `test_pyspark.py` asks from end to end."""
    cloudpickle: Any = pytest.importorskip("pyspark.cloudpickle")
    from timeline.spark.files import _Reading, carried
    from timeline.spark.source import _NEEDED

    found = server("localbucket")
    use(found, monkeypatch, tmp_path / "caches")
    url = found.url(tmp_path.name.lower().replace("_", "-"))
    with Timeline.create(url) as tl:
        for number in range(3):
            append(tl._log, number, number + 10)
        files = [file.name for file in tl._log.files()]
        wanted = events_of(tl._log).select(_NEEDED)
    code = cloudpickle.dumps(carried(_Reading(f"{url}/log", tuple(_NEEDED))))
    assert SECRET.encode() not in code
    (tmp_path / "code").write_bytes(code)
    command = [sys.executable, "-c", _WORKER, str(tmp_path / "code"), str(tmp_path / "rows"), *files]
    subprocess.run(command, check=True, cwd="/")
    rows = pa.ipc.open_file(str(tmp_path / "rows")).read_all()
    assert rows.column_names == _NEEDED
    assert rows.to_pylist() == wanted.to_pylist()
    assert rows.num_rows == 6
