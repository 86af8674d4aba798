"""Stores to ask and to record in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from timeline import Timeline

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Timeline]:
    """A store of the bundled reports; tests only read it."""
    with Timeline.create(tmp_path_factory.mktemp("bundled") / "store") as tl:
        tl.ingest(ROOT / "events")
        yield tl


@pytest.fixture
def copy(bundled: Timeline, tmp_path: Path) -> Iterator[Timeline]:
    """A copy of that store, to record in."""
    shutil.copytree(bundled.path, tmp_path / "store")
    with Timeline.open(tmp_path / "store") as tl:
        yield tl


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Timeline]:
    """A store with nothing in it."""
    with Timeline.create(tmp_path / "desk") as tl:
        yield tl
