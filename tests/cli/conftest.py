"""The bundled project with its reports recorded."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def desk(recorded_project: Path) -> Path:
    """Return a project whose events are recorded, for tests that only read."""
    return recorded_project
