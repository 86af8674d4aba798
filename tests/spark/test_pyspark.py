"""`timeline.spark` on Spark itself: a master with two workers on loopback, asked from a classic session."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.buckets import SECRET, server, use
from tests.examples import some
from tests.index.test_fold_sql import STORIES
from tests.spark.compared import expected, same
from tests.spark.engines import Question, answered, session_environment, standalone
from tests.spark.stores import recorded, terms_of_office
from timeline import Timeline
from timeline.publish.beliefs import publish_beliefs


@pytest.fixture(scope="module")
def parliament(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return terms_of_office(tmp_path_factory.mktemp("parliament"))


def ask_questions(
    bundled: Timeline, parliament: Path, master: str, folder: Path, bucket: str, way: dict[str, str]
) -> None:
    """Ask for beliefs and for spans in one session: the rows of `Timeline`, of two workers.

    This Spark has no file system for buckets, so that its workers read what is in one by `obstore`.
    """
    with recorded(STORIES) as (small, _), Timeline.open(parliament) as large:
        asked: list[tuple[Timeline, str, dict[str, str], int]] = [
            (bundled, "belief_spans", {}, 90),
            (bundled, "beliefs_as_of", {"as_of": "2025-10-15", "policy": "by-origin"}, 60),
            (bundled, "beliefs_as_of", {"recorded_as_of": "#4", "fact": "nvidia/*"}, 1),
            (large, "beliefs_as_of", {"as_of": "2022-06-01"}, 500),
            (large, "belief_spans", {"policy": "by-origin", "basis": "possible"}, 4_000),
            (small, "belief_spans", {"policy": "by-origin", "basis": "evidence"}, 5),
        ]
        asked = list(some(asked, 2))
        questions: list[Question] = [
            (name, {"source": str(tl.path / "log"), **arguments}) for tl, name, arguments, _ in asked
        ]
        asked += [(large, "belief_spans", {}, 4_000), (large, "beliefs_as_of", {"as_of": "2022-06-01"}, 500)]
        questions += [("belief_spans", {"source": f"{bucket}/desk"})]
        questions += [("beliefs_as_of", {"source": f"{bucket}/beliefs", "as_of": "2022-06-01"})]
        found, workers = answered(master, questions, folder, **way)
        assert workers == 2
        for (tl, name, arguments, rows), table in zip(asked, found, strict=True):
            assert same(table, expected(tl, name, arguments), (name, arguments)) >= rows


#: An application on a cluster takes a minute of CPU to start: a run has one of the two.
@pytest.mark.parametrize("session", some(["asked", "published"], 2))
def test_two_workers_answer_as_timeline_does(
    bundled: Timeline,
    copy: Timeline,
    parliament: Path,
    tmp_path: Path,
    session: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reached = server("localbucket")
    use(reached, monkeypatch, tmp_path / "caches")
    bucket = reached.url(f"spark-{tmp_path.parent.name}-{tmp_path.name}".lower().replace("_", "-"))
    cluster = tmp_path / "cluster"
    cluster.mkdir()
    with standalone(cluster, more=reached.environment) as master:
        if session == "asked":
            with Timeline.open(parliament) as tl:
                tl.backup(tmp_path / "copy")
                publish_beliefs(tl._log, tl.snapshot().reader(), f"{bucket}/beliefs", least=1_000)
            Timeline.restore(tmp_path / "copy", f"{bucket}/desk")
            ask_questions(bundled, parliament, master, tmp_path, bucket, reached.environment)
        else:
            publish_by_command(copy, master, tmp_path)
    # Both workers did something: each keeps what its executors printed.
    printed = list(cluster.glob("work*/app-*/*/stderr"))
    assert len(printed) == 2
    assert not any(SECRET in path.read_text() for path in [*printed, *cluster.glob("*.log")])
    shutil.rmtree(cluster)


def publish_by_command(tl: Timeline, master: str, folder: Path) -> None:
    """Publish by the command, on a cluster and without one: the same files, and the index stays as it is."""
    index = {path.name: path.stat().st_mtime_ns for path in (tl.path / "index").iterdir()}
    command = [
        sys.executable,
        "-m",
        "timeline",
        "publish",
        "beliefs",
        str(folder / "there"),
        "--engine",
        master,
    ]
    finished = subprocess.run(
        [*command, "--store", str(tl.path)],
        cwd=folder,
        env=session_environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-10_000:]
    assert "Published 99 rows of beliefs; 1 new file." in finished.stderr
    assert {path.name: path.stat().st_mtime_ns for path in (tl.path / "index").iterdir()} == index
    tl.publish_beliefs(folder / "here")
    files = [sorted(path.name for path in (folder / name).glob("segment=*/*")) for name in ("there", "here")]
    assert files[0] == files[1]
