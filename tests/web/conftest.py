"""A real server over real stores, and a real browser."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from timeline import Timeline


@dataclass
class Served:
    """A server in a process of its own, and what it answers."""

    store: Path
    port: int
    process: subprocess.Popen[str]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers in lower case and body of an answer."""
        return self.send("GET", path, **headers)

    def send(self, method: str, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Return the same of a request of any method."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(
                method, path, headers={name.replace("_", "-"): value for name, value in headers.items()}
            )
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def json(self, path: str) -> Any:
        status, _, body = self.get(path)
        assert status == 200, body
        return json.loads(body)


def start(store: Path, *options: str) -> Served:
    """Start a server on a free port; its first line is its address."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "timeline",
            "serve",
            "--store",
            str(store),
            "--port",
            "0",
            "--no-browser",
            *options,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("http://"), (line, process.communicate(timeout=30))
    return Served(store, int(line.rstrip("/\n").rsplit(":", 1)[1]), process)


def stop(served: Served) -> None:
    served.process.send_signal(signal.SIGTERM)
    try:
        served.process.communicate(timeout=30)
    finally:
        served.process.kill()


@pytest.fixture(scope="session")
def served(recorded_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server over the bundled reports; tests only read them."""
    folder = tmp_path_factory.mktemp("served") / "project"
    shutil.copytree(recorded_project, folder)
    found = start(folder)
    yield found
    stop(found)


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Any]:
    """Start servers over stores of a test's own; they end with it."""
    started: list[Served] = []

    def serve(store: Path, *options: str) -> Served:
        started.append(start(store, *options))
        return started[-1]

    yield serve
    for each in started:
        stop(each)


@pytest.fixture
def desk(tmp_path: Path) -> Timeline:
    """An empty store to record in."""
    return Timeline.create(tmp_path / "desk")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium; without one the tests are left out, but for where TIMELINE_NEEDS_BROWSER is set."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        assert not os.environ.get("TIMELINE_NEEDS_BROWSER"), "Chromium is not installed"
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def opened(browser: Any, served: Served, serving: Any) -> Iterator[Callable[..., Any]]:
    """Open addresses of the server in a browser; whatever a page reports as an error fails the test.

    Pages are closed before the servers of the test end, which break off what they are still asked.
    """
    contexts: list[Any] = []
    errors: list[str] = []

    def open_(path: str, *, server: Served = served, width: int = 1280, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, locale="en-GB", **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto(server.address + path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not errors


def violations(page: Any) -> list[Any]:
    """Return what axe-core finds on a page that keeps people out."""
    # Evaluated, not loaded as a script, which the page's own policy would refuse.
    page.evaluate(Path(__file__).with_name("axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})"
    )
    return [
        (one["id"], [node["target"] for node in one["nodes"]][:3], one["nodes"][0]["failureSummary"][:300])
        for one in found["violations"]
    ]
