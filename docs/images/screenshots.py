"""Take the pictures of a report in this folder anew: `make screenshots`, with Chromium installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

HERE = Path(__file__).resolve().parent
DATA = HERE.parent.parent / "data.csv"
SIZE = {"width": 900, "height": 1090}


def main() -> None:
    """Write a report of data.csv, and take it in light and in dark."""
    command = Path(sys.executable).parent / "stream-signal"
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        shutil.copy(DATA, folder)
        arguments = [
            command,
            "data.csv",
            "--no-config",
            "--window",
            "20",
            "--report",
            "report.html",
            "--output",
            "m.json",
        ]
        subprocess.run(arguments, cwd=folder, check=True)
        started = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            page = started.new_page(viewport=SIZE, color_scheme=scheme)
            page.goto((Path(folder) / "report.html").as_uri())
            page.wait_for_selector("body[data-drawn=yes]")
            page.wait_for_timeout(500)  # the last frame
            page.screenshot(path=HERE / f"report-{scheme}.png")
        started.close()


main()
