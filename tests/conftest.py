"""Hypothesis profiles, and projects and stores to work in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.stores import record_files
from timeline import Timeline

ROOT = Path(__file__).resolve().parent.parent

# A loaded machine must not turn a slow example into a failure: there is no deadline.
_ALWAYS = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
for _profile, _examples in {"dev": 50, "ci": 30, "long": 200}.items():
    settings.register_profile(
        _profile,
        max_examples=_examples,
        derandomize=False,
        print_blob=_profile != "dev",
        **_ALWAYS,  # type: ignore[arg-type]
    )
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the long tests first, so that no worker is left alone with one at the end."""

    def turn(item: pytest.Item) -> int:
        if item.path.name == "test_pyspark.py":
            return 0
        return 1 if hasattr(getattr(item, "obj", None), "is_hypothesis_test") else 2

    items.sort(key=turn)


def _copy_project(folder: Path) -> Path:
    folder.mkdir()
    shutil.copy(ROOT / "timeline.toml", folder)
    shutil.copytree(ROOT / "events", folder / "events")
    shutil.copytree(ROOT / "queries", folder / "queries")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a fresh copy of the bundled project, with nothing recorded yet."""
    return _copy_project(tmp_path / "project")


@pytest.fixture(scope="session")
def recorded_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the bundled project with its reports recorded; tests only read it."""
    folder = _copy_project(tmp_path_factory.mktemp("recorded") / "project")
    record_files(folder / ".timeline", folder / "events")
    return folder


@pytest.fixture(scope="session")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Timeline]:
    """Yield a store of the bundled reports; tests only read it."""
    with Timeline.create(tmp_path_factory.mktemp("bundled") / "store") as tl:
        tl.ingest(ROOT / "events")
        yield tl


@pytest.fixture
def copy(bundled: Timeline, tmp_path: Path) -> Iterator[Timeline]:
    """Yield a copy of the bundled store, to record in."""
    shutil.copytree(bundled.path, tmp_path / "store")
    with Timeline.open(tmp_path / "store") as tl:
        yield tl


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Timeline]:
    """Yield an empty store."""
    with Timeline.create(tmp_path / "desk") as tl:
        yield tl
