"""Make the pictures of the docs from the bundled reports: `python docs/pictures/make.py`. Needs Chromium."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import sync_playwright

from timeline import Timeline

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

QUESTION = """SELECT fact, claim, status
FROM beliefs FOR REPORTED_TIME AS OF DATE '2025-02-22'
WHERE subject = 'softbank' AND value_type = 'amount'
ORDER BY fact"""

#: Name, address, width and height of the window, and whether dark.
PICTURES = (
    ("believed", "/?as_of=2025-02-22", 1280, 760, False),
    ("changed", "/?as_of=2026-02-28&compare=2025-10-15", 1280, 760, True),
    ("fact", "/fact/nvidia/investment/openai?as_of=2026-01-15", 1280, 1000, False),
    ("promises", "/promises?as_of=2026-02-28&compare=2025-10-15", 1280, 1100, False),
    ("ask", f"/ask?as_of=2026-02-28&sql={quote(QUESTION)}", 1280, 820, False),
    ("phone", "/?as_of=2025-02-22", 360, 780, False),
)


def main() -> None:
    """Write every picture beside this file."""
    command = [sys.executable, "-m", "timeline"]
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "desk"
        subprocess.run([*command, "init", str(project)], check=True)
        store = ["--store", str(project)]
        fact = ["nvidia/investment/openai", "--as-of", "2026-01-15"]
        written = str(HERE / "nvidia-openai.svg")
        subprocess.run([*command, "plot", *fact, "--output", written, *store], check=True)
        server = subprocess.Popen(
            [*command, "serve", "--port", "0", "--no-browser", *store], stdout=subprocess.PIPE, text=True
        )
        assert server.stdout is not None
        address = server.stdout.readline().strip().rstrip("/")
        try:
            photograph(address)
        finally:
            server.terminate()
            server.wait()
        written = str(Path(folder) / "sent.html")
        subprocess.run([*command, "page", *fact, "--output", written, *store], check=True)
        photograph_files({"sent": (written, 760), "notebook": (str(notebook(project)), 540)})


def notebook(project: Path) -> Path:
    """Write a page that holds what a notebook shows of three values."""
    with Timeline.open(project) as tl:
        snapshot = tl.snapshot()
        shown = {
            'tl.belief("nvidia/investment/openai", as_of="2026-01-15")': tl.belief(
                "nvidia/investment/openai", as_of="2026-01-15"
            ),
            "snapshot.sql(query)": snapshot.sql(QUESTION),
        }
    cells = [f"<pre>&gt;&gt;&gt; {escape(code)}</pre>{value._repr_html_()}" for code, value in shown.items()]
    page = project / "notebook.html"
    style = "body{margin:24px 32px;background:#fff;color:#15171c}pre{margin:20px 0 8px;color:#4b515c}"
    page.write_text(f"<!doctype html><meta charset=utf-8><style>{style}</style>{''.join(cells)}")
    return page


def photograph_files(pages: dict[str, tuple[str, int]]) -> None:
    """Write a picture of each of some files, by name: its path, and the height of the window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=["--no-sandbox"])
        for name, (path, height) in pages.items():
            page = browser.new_page(viewport={"width": 900, "height": height}, locale="en-GB")
            page.goto(Path(path).as_uri())
            page.screenshot(path=HERE / f"{name}.png")
        browser.close()


def _chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("google-chrome")


def photograph(address: str) -> None:
    """Write pictures of the page at an address."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=["--no-sandbox"])
        for name, path, width, height, dark in PICTURES:
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark" if dark else "light",
                locale="en-GB",
            )
            page = context.new_page()
            page.goto(address + path)
            page.wait_for_selector("html.scripted")
            page.screenshot(path=HERE / f"{name}.png")
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
