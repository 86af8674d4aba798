"""Hypothesis profiles, and a project to work in."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

# A loaded machine must not turn a slow example into a failure: there is no deadline.
_ALWAYS = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("dev", max_examples=50, **_ALWAYS)  # type: ignore[arg-type]
settings.register_profile(
    "ci",
    max_examples=100,
    derandomize=False,
    print_blob=True,
    **_ALWAYS,  # type: ignore[arg-type]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long tests first, so that no worker is left alone with one at the end."""
    items.sort(key=lambda item: item.path.parent.name != "property")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A fresh copy of the bundled project, with nothing recorded yet."""
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy(ROOT / "timeline.toml", folder)
    shutil.copytree(ROOT / "events", folder / "events")
    shutil.copytree(ROOT / "queries", folder / "queries")
    return folder
