"""How long a step of the slider takes until its answer is painted, in a real browser.

    python -m benchmarks.frames STORE [--steps 120] [--rounds 3]

Starts `timeline serve` on the store and Chromium without a window, drags the handle over the span of the
reports a few pixels at a time, and waits at each for the frame that shows the answer. Printed is one JSON
object: in milliseconds the median, the 95th percentile and the most of each round, first while the server has
answered nothing yet (`first`), then again over the same places (`again`), and the load of the machine. Needs
Playwright and Chromium.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

#: Notes, for each movement of the mouse, when the frame with its answer was painted.
_WATCH = """
(() => {
  let moved = null;
  window.painted = [];
  addEventListener("pointermove", (event) => (moved = event.timeStamp), true);
  const watch = () => new MutationObserver(() => {
    if (moved === null) return;
    const since = moved;
    moved = null;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => window.painted.push(performance.now() - since);
      channel.port2.postMessage(null);
    });
  }).observe(document.getElementById("page"), { subtree: true, attributeFilter: ["aria-valuenow"] });
  addEventListener("load", watch);
})();
"""


@contextmanager
def served(store: str) -> Iterator[str]:
    """Serve a store on a free port; yields its address."""
    command = [sys.executable, "-m", "timeline", "serve", "--port", "0", "--no-browser", "--store", store]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield server.stdout.readline().strip().rstrip("/")
    finally:
        server.terminate()
        server.wait()


def dragged(page: Any, steps: int) -> list[float]:
    """Drag the handle over the whole slider in so many steps; returns the milliseconds that each took."""
    box = page.locator(".slider").bounding_box()
    handle = page.locator(".handle.as-of").bounding_box()
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + 20)
    page.mouse.down()
    page.wait_for_timeout(500)
    page.evaluate("window.painted = []")
    found: list[float] = []
    for step in range(1, steps + 1):
        page.mouse.move(box["x"] + box["width"] * step / (steps + 1), box["y"] + 20)
        page.wait_for_function("n => window.painted.length > n", arg=len(found), timeout=30_000)
        found = page.evaluate("window.painted")
    page.mouse.up()
    page.wait_for_timeout(500)
    return found


def summary(times: Sequence[float]) -> dict[str, float]:
    """Return the median, the 95th percentile and the most of some times."""
    ordered = sorted(times)
    at = {"p50": 0.5, "p95": 0.95, "most": 1.0}
    last = len(ordered) - 1
    return {name: round(ordered[round(share * last)], 1) for name, share in at.items()} | {
        "steps": len(ordered)
    }


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("store")
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args()
    from playwright.sync_api import sync_playwright

    found: dict[str, list[dict[str, float]]] = {"first": [], "again": []}
    path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for _ in range(asked.rounds):
            with served(asked.store) as address:
                page = browser.new_page(viewport={"width": 1280, "height": 900})
                page.add_init_script(_WATCH)
                page.goto(address)
                page.wait_for_selector("html.scripted")
                for name in ("first", "again"):
                    found[name].append(summary(dragged(page, asked.steps)))
                page.close()
        browser.close()
    print(json.dumps({"store": asked.store, **found, "load": [round(one, 1) for one in os.getloadavg()]}))


if __name__ == "__main__":
    main()
