"""How long a step of the slider takes until its answer is painted, in a real browser.

    python -m benchmarks.frames [--data FOLDER] [STORE ...] [--view /] [--steps 120] [--rounds 3]

Measures the bundled reports, and with `--data` the congress record, in stores that it makes for that; or the
stores that are named. Each round starts `timeline serve` and Chromium, without a window, twice. The
handle is held for half a second, then moved over the span of the reports: to places side by side, as fast as
frames come, and to places far apart. `first` is while no day was seen before, `again` over the same places. A
step lasts from the movement of the mouse to the end of the frame that shows what was believed that day.

Printed is a table in Markdown: milliseconds of the best of the rounds, and of the steps of all of them. The
exit status is 1 where a bar is missed by the best round. Needs Playwright and Chromium, and a machine that
does nothing else: its load is printed.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

#: The 95th percentile that is asked for, in milliseconds, by the name of the store's folder.
BARS: Final = {"bundled": 35, "congress": 80}

#: Notes, for each movement of the mouse, when the frame with its answer was painted.
_WATCH: Final = """
(() => {
  let moved = null;
  window.painted = [];
  // The first event of a movement, which comes before its frame begins.
  addEventListener("pointerrawupdate", (event) => (moved = event.timeStamp), true);
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


def dragged(page: Any, places: Sequence[float]) -> list[float]:
    """Drag the handle to places, as shares of the slider; returns the milliseconds that each step took."""
    box = page.locator(".slider").bounding_box()
    handle = page.locator(".handle.as-of").bounding_box()
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + 20)
    page.mouse.down()
    page.wait_for_timeout(500)
    page.evaluate("window.painted = []")
    found: list[float] = []
    for place in places:
        page.mouse.move(box["x"] + box["width"] * place, box["y"] + 20)
        page.wait_for_function("n => window.painted.length > n", arg=len(found), timeout=30_000)
        found = page.evaluate("window.painted")
    page.mouse.up()
    page.wait_for_timeout(500)
    return found


def measured(store: str, steps: int, rounds: int, view: str = "/") -> dict[str, list[list[float]]]:
    """Return how long the steps of each round took, by how the handle was moved."""
    from playwright.sync_api import sync_playwright

    side_by_side = [step / (steps + 1) for step in range(1, steps + 1)]
    far_apart = random.Random(11).sample(side_by_side, steps)
    found: dict[str, list[list[float]]] = {}
    path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        for _ in range(rounds):
            for how, places in (("dragged", side_by_side), ("far apart", far_apart)):
                browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
                with served(store) as address:
                    page = browser.new_page(viewport={"width": 1280, "height": 900})
                    page.add_init_script(_WATCH)
                    page.goto(address + view)
                    page.wait_for_selector("html.scripted")
                    for when in ("first", "again"):
                        found.setdefault(f"{how}, {when}", []).append(dragged(page, places))
                browser.close()
    return found


def quantile(times: Sequence[float], share: float) -> float:
    """Return a quantile of some times.

    >>> quantile([3.0, 1.0, 2.0], 0.5)
    2.0
    """
    return sorted(times)[round(share * (len(times) - 1))]


def table(found: dict[str, dict[str, list[list[float]]]]) -> tuple[list[str], bool]:
    """Return the lines of the table over some stores, and whether every bar is met."""
    lines = [
        "| store | steps | p50 | p95 | most | p95 of all rounds | bar for p95 |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    met = True
    for store, ways in found.items():
        bar = BARS.get(store)
        for how, rounds in ways.items():
            best = min(rounds, key=lambda times: quantile(times, 0.95))
            p95 = quantile(best, 0.95)
            is_met = bar is None or p95 <= bar
            met = met and is_met
            asked = "" if bar is None else f"≤ {bar} ms: {'met' if is_met else 'missed'}"
            of_all = quantile([time for times in rounds for time in times], 0.95)
            lines.append(
                f"| {store} | {how} | {quantile(best, 0.5):.0f} ms | {p95:.0f} ms | {max(best):.0f} ms "
                f"| {of_all:.0f} ms | {asked} |"
            )
    return lines, met


def made(folder: Path, data: Path | None) -> list[Path]:
    """Make the stores that are measured where none is named: of the bundled reports, and of the record."""
    from benchmarks.workloads.congress import ingest
    from timeline import Timeline

    stores = [folder / "bundled"]
    with Timeline.create(stores[0]) as tl:
        tl.ingest(Path(__file__).parents[1] / "events")
    if data is not None:
        stores.append(ingest(data / "reports.parquet", folder, {}).rename(folder / "congress"))
    return stores


def main() -> int:
    """Measure, and print what was found; returns 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("stores", nargs="*", type=Path)
    parser.add_argument("--data", type=Path, help="the folder of the congress record")
    parser.add_argument("--view", default="/", help="the address of the view that has the slider")
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        stores = asked.stores or made(Path(folder), asked.data)
        before = os.getloadavg()[0]
        found = {store.name: measured(str(store), asked.steps, asked.rounds, asked.view) for store in stores}
    lines, met = table(found)
    print(
        *lines,
        "",
        f"Load of the machine: {before:.1f} before, {os.getloadavg()[0]:.1f} at the end.",
        sep="\n",
    )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
