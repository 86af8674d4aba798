"""The bundled project with its reports recorded."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose events are recorded, for all who only read."""
    folder = tmp_path_factory.mktemp("desk")
    shutil.copy(ROOT / "timeline.toml", folder)
    shutil.copytree(ROOT / "events", folder / "events")
    shutil.copytree(ROOT / "queries", folder / "queries")
    subprocess.run(
        [sys.executable, "-m", "timeline", "ingest"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
    )
    return folder
