"""Make the pictures of the docs from the bundled reports: `python docs/pictures/make.py`. Needs Chromium."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

#: Name, address, width and height of the window, and whether dark.
PICTURES = (
    ("believed", "/?as_of=2025-02-22", 1280, 760, False),
    ("changed", "/?as_of=2026-02-28&compare=2025-10-15", 1280, 760, True),
    ("fact", "/fact/nvidia/investment/openai?as_of=2026-01-15", 1280, 1000, False),
    ("promises", "/promises?as_of=2026-02-28&compare=2025-10-15", 1280, 1100, False),
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


def photograph(address: str) -> None:
    """Write pictures of the page at an address."""
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
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
